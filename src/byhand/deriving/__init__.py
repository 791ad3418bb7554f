"""Deriving: from a forward to the backward that a person would write. README.md has the way."""
