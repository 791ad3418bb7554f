"""The most memory that this process ever held: its resident set, by the operating system."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def peak_kilobytes() -> float:
    if sys.platform == "linux":  # there getrusage also counts the process this one was started from
        status = Path("/proc/self/status").read_text()
        return float(status.partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
