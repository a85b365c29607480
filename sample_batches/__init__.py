"""Sample batches: logs of invented organisations to load and verify, and the script that writes them."""
