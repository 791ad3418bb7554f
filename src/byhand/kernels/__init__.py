"""Kernels: gradients that are judged by what comes out, whatever library and language made them."""
