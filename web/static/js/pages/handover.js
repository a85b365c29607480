// Hand over.
