"""`torch.autograd.Function`s and custom ops, as problems. `problem.py` is where to begin."""
