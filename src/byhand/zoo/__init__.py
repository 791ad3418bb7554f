"""The zoo: models with their backward written by hand, each a problem file to read and to run.

`byhand check mlp` checks one, `byhand train mlp` trains it. They import NumPy and `layers` alone.
"""
