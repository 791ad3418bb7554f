"""A forward as named steps: the problem file, the statement runner, the trace."""

from byhand.program.grad import grad
from byhand.program.problem import Problem, load
from byhand.program.program import Program, Step
from byhand.program.trace import trace

__all__ = ["Problem", "Program", "Step", "grad", "load", "trace"]
