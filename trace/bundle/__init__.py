"""Bundles: a copy of a log, or of one battery's part of it, as files that are verified elsewhere."""
