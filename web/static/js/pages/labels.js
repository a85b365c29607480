// Labels.
