"""What an organisation is told without asking event by event: a feed to poll, and webhooks."""
