"""Who may read what of the log, and what is looked up for them."""
