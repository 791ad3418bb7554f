"""Closed forms: the gradients that are asked for, as short as they get."""
