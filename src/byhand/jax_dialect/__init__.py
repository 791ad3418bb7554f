"""JAX's primitives in the engine's words: how a forward that is written in JAX is followed.

JAX itself records what a function does, as a list of primitives (a jaxpr). That list is run again
on the engine's tensors, so whatever JAX functions a forward calls, it is JAX that says what they
do.
"""
