// Scan.
