"""Frameworks: how the arrays of NumPy and of PyTorch are handled, one file each."""
