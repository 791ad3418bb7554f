"""Deriving: from a forward to the backward that a person would write for it.

A forward is recorded together with its own words for what isn't an array (`recording`), swept from
the end to the start with symbols in the place of arrays (`sweep`), and written down (`writing`).
"""
