"""https on a yard's own network: its authority, a certificate for this machine, and the way there."""
