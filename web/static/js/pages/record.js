// Record.
