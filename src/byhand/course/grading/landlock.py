"""The files that are left to a submission to read, where no mount namespace hides the others.

Landlock (https://docs.kernel.org/userspace-api/landlock.html) lets a process give up its access to
all files but those below the paths that it names; nothing can be written any more.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _READ_FILE, _READ_DIR = 1, 4, 8
# How many kinds of access to files there are to give up, by version of the interface.
_KINDS = {1: 13, 2: 14, 3: 15, 4: 15}
_KINDS_SINCE = 16


def restrict(readable: Iterable[str]) -> bool:
    """From now on only what lies below `readable` can be read. False where it can't be done."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    handled = struct.pack("Q", (1 << _KINDS.get(version, _KINDS_SINCE)) - 1)
    rules = libc.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)
    if rules < 0:
        return False
    for path in readable:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # not there: nothing to read
        access = _READ_FILE | _EXECUTE | (_READ_DIR if Path(path).is_dir() else 0)
        libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", access, place), 0)
        os.close(place)
    done = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = done or libc.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)
    return done == 0
