"""A small instance of a problem, worked in numbers: forward and backward by statements."""
