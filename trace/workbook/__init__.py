"""Workbooks (ECMA-376): read as data that nobody trusts, and written so that no cell begins to act."""
