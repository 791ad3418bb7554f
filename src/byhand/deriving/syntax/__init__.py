"""Syntax trees of the backward, with leaves for what gets its words at the end."""
