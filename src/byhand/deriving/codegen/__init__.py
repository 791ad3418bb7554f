"""Expressions of the backward and the words for them, in NumPy or in PyTorch."""
