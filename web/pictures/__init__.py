"""Frames and photos of labels, read by the node for a phone that can't read them itself."""
