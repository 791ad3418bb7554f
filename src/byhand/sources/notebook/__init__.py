"""Notebooks and scripts of statements at the top, as problems. `reading.py` finds what is where."""
