"""Training: byhand's steps next to PyTorch's and JAX's. `__main__.py` says how to run it.

task.py             what is trained: a model at a size, its batches, its optimiser
contenders.py       the ways to train it, by name
in_byhand.py        those of byhand; `products.py` has nothing but their matrix products
in_torch.py         those of PyTorch; models and backwards are in the files `torch_...`
in_jax.py           that of JAX; the models are in `jax_models.py`
worker.py           one contender in a process of its own
turns.py            the contenders of a model, in turns
shown.py            what came of it, as a table and as a chart
agreement.py        whether all contenders compute the same
growth.py           how the time grows with the batch and the width
"""
