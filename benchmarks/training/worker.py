"""One contender at one task, in a process of its own; `turns.py` asks it for steps.

    python -m benchmarks.training.worker CONTENDER MODEL THREADS

It prints the seconds from the start of its work to the end of the first step. For every line that
it then reads, it takes steps for SECONDS, and prints how many it took, and the seconds by the clock
and of the processor. At the end of its input it prints the most memory that it held, in MB.
"""

from __future__ import annotations

import os
import sys
import time

SECONDS = 0.3


def limit_threads(count: int) -> None:
    """For the libraries that are imported from now on. XLA has threads for the cores it may use."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(count)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def main() -> None:
    contender, model, threads = sys.argv[1:]
    limit_threads(int(threads))
    began = time.perf_counter()

    from benchmarks.peak import peak_kilobytes

    from .contenders import begin
    from .task import task_called

    task = task_called(model)
    trainer = begin(contender, task)
    trainer.take(1)
    print(time.perf_counter() - began, flush=True)
    for _ in sys.stdin:
        count, wall, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - wall < SECONDS:
            trainer.take(len(task.X))
            count += len(task.X)
        print(count, time.perf_counter() - wall, time.process_time() - cpu, flush=True)
    print(peak_kilobytes() / 1024)


if __name__ == "__main__":
    main()
