"""Which processes there are."""

from __future__ import annotations

import subprocess


def children(pid: int) -> list[int]:
    """The processes that one has started, and that run."""
    done = subprocess.run(
        ["ps", "-o", "pid=,stat=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    return [int(number) for number, state in lines if not state.startswith("Z")]


def running(pid: int) -> bool:
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")
