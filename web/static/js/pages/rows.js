// Rows from a table.
