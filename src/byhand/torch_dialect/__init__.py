"""PyTorch's names on the engine's tensor: each function and method answered by ops."""
