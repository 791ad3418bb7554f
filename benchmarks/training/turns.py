"""The contenders of a model, each in a process of its own, which take steps in turns."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks import ROOT

ROUNDS = 5


@dataclass(frozen=True)
class Figures:
    """Seconds a step, by the clock and of the processor: medians of the turns. Seconds to the end
    of the first step, and the most memory, in MB."""

    wall: float
    cpu: float
    first: float
    megabytes: float


class Worker:
    """A process that waits, between its turns, for the others to have theirs."""

    def __init__(self, contender: str, model: str, threads: int) -> None:
        command = [sys.executable, "-m", "benchmarks.training.worker", contender, model]
        self.process = subprocess.Popen(
            [*command, str(threads)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.name = f"{contender}, {model}"
        (self.first,) = self._read()

    def turn(self) -> tuple[float, float]:
        """Seconds a step, by the clock and of the processor."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        count, wall, cpu = self._read()
        return wall / count, cpu / count

    def end(self) -> float:
        """The most memory it held, in MB."""
        out, _ = self.process.communicate()
        return float(out)

    def _read(self) -> list[float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: failed")
        return [float(each) for each in line.split()]


def measure(model: str, threads: int, contenders: Iterable[str]) -> dict[str, Figures]:
    """They start one after the other, so that none disturbs the first step of another; a turn
    before those that count is for getting warm."""
    workers = {contender: Worker(contender, model, threads) for contender in contenders}
    rounds = [{name: worker.turn() for name, worker in workers.items()} for _ in range(ROUNDS + 1)]
    found: dict[str, Figures] = {}
    for name, worker in workers.items():
        wall, cpu = (median(times) for times in zip(*(r[name] for r in rounds[1:]), strict=True))
        found[name] = Figures(wall, cpu, worker.first, worker.end())
    return found
