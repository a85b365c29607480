"""What the API costs, beside what it stands on."""
