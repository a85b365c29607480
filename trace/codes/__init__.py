"""Names of things as text: battery codes, organisations, subjects and regions, each with one normal form."""
