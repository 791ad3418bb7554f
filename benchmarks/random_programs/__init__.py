"""Random programs: what is derived for them must be right, whatever ops they are made of.

`draw` makes the programs, `judge` derives one and compares it with the engine and with PyTorch, and
`python -m benchmarks.random_programs --help` says how to run many.
"""
