// Outbox.
