"""A training step as machine code: traced from NumPy, fused, and run many times in one call."""

from byhand.compiling.compile import CompiledStep, StepPlan, compile_step, plan
from byhand.compiling.numpy_shim import relinked

__all__ = ["CompiledStep", "StepPlan", "compile_step", "plan", "relinked"]
