"""How a device gets a key of its organisation: invited, asking, and added by an administrator's key."""
