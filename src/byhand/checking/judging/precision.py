"""How exactly the answers of a run can be judged: no better than a constant of few digits that goes
into them, or float32 on the way, allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from byhand.checking.running.answers import Answer
from byhand.checking.running.backward_run import BackwardRun
from byhand.checking.running.constants import DecimalConstant, coarsest, constants_in
from byhand.program.problem import Problem
from byhand.referees.referee import Key
from byhand.values.precision import SINGLE, float_type


@dataclass(frozen=True, eq=False)
class Precision:
    """That of the answers of one run, each after those it reads; `least` is the rounding of all."""

    problem: Problem
    run: BackwardRun
    answers: Sequence[Answer]
    least: float

    def eps(self, key: Key) -> float:
        """The rounding that an answer is judged with in the end."""
        return self._eps(self.constants.get(key), key in self.narrow)

    def eps_alone(self, answer: Answer) -> float:
        """The rounding that a definition which is tried alone is judged with."""
        read = (each.value for each in self.answers if each.key in answer.reads)
        narrow = self._computes_in_float32(answer) or any(float_type(g) == "float32" for g in read)
        return self._eps(coarsest(self._own_constants(answer)), narrow)

    def _eps(self, constant: DecimalConstant | None, narrow: bool) -> float:
        return max(self.least, 0.0 if constant is None else constant.eps, SINGLE if narrow else 0.0)

    @cached_property
    def narrow(self) -> frozenset[Key]:
        """The answers that went through float32 in backward, on whatever way."""
        found: set[Key] = set()
        for answer in self.answers if self.run.narrow else ():
            if self._computes_in_float32(answer) or answer.reads & found:
                found.add(answer.key)
        return frozenset(found)

    @cached_property
    def constants(self) -> Mapping[Key, DecimalConstant]:
        """The constant with the fewest digits that went into each answer, on whatever way."""
        found: dict[Key, DecimalConstant] = {}
        for answer in self.answers:
            read = (found[key] for key in answer.reads if key in found)
            constant = coarsest([*self._own_constants(answer), *read])
            if constant is not None:
                found[answer.key] = constant
        return found

    def inherits_a_constant(self, answer: Answer) -> bool:
        """Whether an answer is less exact than its own statements are, for a constant in others."""
        own = coarsest(self._own_constants(answer))
        return answer.key in self.constants and self.constants[answer.key] != own

    def _own_constants(self, answer: Answer) -> list[DecimalConstant]:
        """Those in the statements of an answer, and in those that made the locals it needs."""
        numbers = {n for write in answer.writes for n in (write.number, *write.through)}
        nodes = dict.fromkeys(self.run.entered[number] for number in numbers)
        return constants_in(nodes, self.problem.forward)

    def _computes_in_float32(self, answer: Answer) -> bool:
        through = (number for write in answer.writes for number in (write.number, *write.through))
        return not self.run.narrow.keys().isdisjoint(through)
