"""Code for the values of a forward, in NumPy or in PyTorch.

Forward is run once and recorded (`recording`) with notes of its own words (`notes`). From there on
a value is a `symbol`: an op applied to it makes a syntax tree (`nodes`), in the words that an
`emitter` finds. Lengths carry their words (`sizes`), and equal ones are one (`lengths`).
"""
