"""The system calls that are left to a submission: to compute, to read open files, to end.

What isn't on the list fails with EPERM: new processes and threads, sockets, signals to others,
every way to change a file. The filter is one of seccomp(2), in the classic BPF of
/usr/include/linux/filter.h; it can't be taken off again.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Iterator

# The numbers on x86_64 and on aarch64 (which lacks some of the older calls).
_CALLS: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "close": (3, 57),
    "close_range": (436, 436),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "lseek": (8, 62),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "stat": (4, None),
    "lstat": (6, None),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "futex": (202, 98),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "times": (100, 153),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "getrandom": (318, 278),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "rseq": (334, 293),
    "set_robust_list": (273, 99),
    "restart_syscall": (219, 128),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "openat": (257, 56),
    "open": (2, None),
    "fcntl": (72, 25),
    "prlimit64": (302, 261),
}

# Of these calls one argument (its place, from 0) must have none of these bits, ...
_WRITING = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000  # O_ACCMODE, CREAT, TRUNC, APPEND, TMPFILE
_WITHOUT_BITS = {"openat": (2, _WRITING), "open": (1, _WRITING)}
# ... and of these one of these values: fcntl could have signals sent, prlimit64 change others.
_WITH_VALUE = {"fcntl": (1, (0, 1, 2, 3, 1030)), "prlimit64": (0, (0,))}

# The column above, the number of the architecture, and that of seccomp itself.
_MACHINES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # places in struct seccomp_data

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _ALL_THREADS = 1, 1


def restrict() -> bool:
    """From now on this process can do no more than the list says. False where it can't be done."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES or sys.maxsize < 2**32:
        return False
    column, arch, seccomp = _MACHINES[platform.machine()]
    code = b"".join(_program(column, arch))
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return done == 0 and libc.syscall(seccomp, _SET_MODE_FILTER, _ALL_THREADS, program) == 0


def calls() -> tuple[str, ...]:
    """The names of the calls that are left, on this machine or another."""
    return tuple(_CALLS)


def _program(column: int, arch: int) -> Iterator[bytes]:
    """One test for each call, in turn; what none of them allows is refused."""
    yield _instruction(_LOAD, _ARCH)
    yield _instruction(_EQUAL, arch, 1, 0)
    yield _instruction(_RETURN, _KILL)
    yield _instruction(_LOAD, _NUMBER)
    for name, numbers in _CALLS.items():
        if (number := numbers[column]) is None:
            continue
        tests = list(_tests(name))
        yield _instruction(_EQUAL, number, 0, len(tests))
        yield from tests
    yield _instruction(_RETURN, _REFUSE)


def _tests(name: str) -> Iterator[bytes]:
    """What is asked of a call's argument, if anything, before it is allowed."""
    if name in _WITHOUT_BITS:
        place, bits = _WITHOUT_BITS[name]
        yield _instruction(_LOAD, _ARGUMENTS + 8 * place)
        yield _instruction(_ANY_BIT, bits, 1, 0)
        yield _instruction(_RETURN, _ALLOW)
        yield _instruction(_RETURN, _REFUSE)
    elif name in _WITH_VALUE:
        place, values = _WITH_VALUE[name]
        yield _instruction(_LOAD, _ARGUMENTS + 8 * place)
        for value in values:
            yield _instruction(_EQUAL, value, 0, 1)
            yield _instruction(_RETURN, _ALLOW)
        yield _instruction(_RETURN, _REFUSE)
    else:
        yield _instruction(_RETURN, _ALLOW)


def _instruction(code: int, k: int, then: int = 0, otherwise: int = 0) -> bytes:
    """struct sock_filter; `then` and `otherwise` are how many instructions to skip."""
    return struct.pack("HBBI", code, then, otherwise, k)
