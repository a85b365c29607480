// My yard.
