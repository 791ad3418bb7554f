"""The command line is tested as people use it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import forked

Done = subprocess.CompletedProcess[str]

_ON_A_FULL_DISK = """
import resource, runpy, signal, sys
sys.dont_write_bytecode = True  # Python would leave half a file of it
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
runpy.run_module("byhand", run_name="__main__", alter_sys=True)
"""


def run_byhand(*arguments: str, largest_file: int | None = None, **options: Any) -> Done:
    """Runs byhand in a process without a terminal; it can write no file of more bytes than
    `largest_file`.
    """
    extra: dict[str, str] = options.pop("env", {})
    timeout = options.pop("timeout", 60)
    if largest_file is None and not extra and not options:
        return forked.run(*arguments, timeout=timeout)
    clean = {name: value for name, value in os.environ.items() if name != "BYHAND_TRACEBACK"}
    how = (
        ["-m", "byhand"]
        if largest_file is None
        else ["-c", _ON_A_FULL_DISK.format(size=largest_file)]
    )
    return subprocess.run(
        [sys.executable, *how, *arguments],
        capture_output=options.pop("capture_output", True),
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=timeout,
        check=False,
        env=clean | extra,
        **options,
    )
