"""Labels as they are printed: the symbol, what stands beside it, and one writer for each format."""
