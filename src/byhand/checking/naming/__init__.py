"""Naming a mistake, and proving the name."""
