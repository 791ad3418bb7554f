"""A benchmark of mistakes: does the check name the right line and the right mistake?

Mistakes are planted by editing the syntax tree of backwards that are right, those of the zoo and of
tests/problems; `python -m benchmarks.mistakes --help` says how to run it. What a planted mistake
really does is found by running the edited code beside the right one (`truth`), never by asking
byhand.
"""
