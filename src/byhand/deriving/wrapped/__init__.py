"""A derived backward as an object of the library it is for, ready to be pasted.

`parts` takes forward and the derivation apart; `restated` writes a NumPy forward in the words of
PyTorch. One file writes one kind of object: `autograd_function`, `custom_vjp`, `triton_kernels` (in
the words of `rows`). `running` runs what was written, `prove` holds it against automatic
differentiation; `wrap` gives it out only then.
"""
