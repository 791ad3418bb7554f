"""NumPy's functions on traced arrays: which of them become statements, and which are views.

What has no entry here is computed by NumPy itself in every step (a `Call`), unless its result is
a view, which costs nothing.
"""
