"""Submissions that do everything but the exercise, and what each has to end with.

A verdict is the points, and what the reason or a note says (a regular expression). `{course}`,
`{students}`, `{results}`, `{byhand}`, `{outside}` and `{port}` are replaced by where these are.

They are as harmless as can be where nothing holds them back: signals are number 0, and the fork
bomb stops at 64 processes.
"""

from __future__ import annotations

from dataclasses import dataclass

from handing_in import with_backward

TOO_LONG = "computing time|still running"  # which is first depends on the machine
ANSWER = "dx = 2 * x * dy"


@dataclass(frozen=True)
class Hostile:
    source: str
    word: str
    points: int = 0


def at_import(code: str, word: str) -> Hostile:
    return Hostile(with_backward(f"dy = np.cos(y)\n{ANSWER}", before=code + "\n"), word)


def in_backward(code: str, word: str, points: int = 0) -> Hostile:
    return Hostile(with_backward(code), word, points)


def calling(code: str, word: str, *imports: str, gives: str = "answer") -> Hostile:
    """`code` is the body of a function that backward calls for its answer."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    before = "".join(f"import {name}\n" for name in imports) + f"def answer(y):\n{lines}\n"
    return Hostile(with_backward(f"dy = {gives}(y)\n{ANSWER}", before=before), word)


# The right line, so that whoever gets through gets the point, and the test fails.
CHEATS = {
    "reads-solution": """\
source = open("{course}/1-sines/sine.py").read()
return np.cos(y)""",
    "reads-by-glob": """\
found = glob.glob("{course}/*/*.py") + glob.glob("{students}/*/*/*.py")
assert found
return np.cos(y)""",
    "reads-other-student": """\
source = open("{students}/honest-1/1-sines/sine.py").read()
return np.cos(y)""",
    "reads-byhand": """\
source = open("{byhand}/zoo/mlp.py").read()
return np.cos(y)""",
    "reads-state": """\
assert open("{results}/r.sqlite", "rb").read()
return np.cos(y)""",
    "reads-results": """\
assert open("{results}/r.json").read()
return np.cos(y)""",
    "reads-feedback": """\
assert open("{results}/r.feedback/honest-1.md").read()
return np.cos(y)""",
    "lists-results": """\
assert glob.glob("{results}/*") + os.listdir("{results}")
return np.cos(y)""",
    "reads-parent": """\
memory = open(f"/proc/{os.getppid()}/environ", "rb").read()
assert b"SECRET_OF_THE_GRADER" in memory
return np.cos(y)""",
    "writes-outside": """\
open("{outside}/written", "w").write("here")
return np.cos(y)""",
    "writes-tmp": """\
open("/tmp/byhand-hostile", "w").write("here")
return np.cos(y)""",
    "deletes": """\
os.remove("{outside}/precious")
return np.cos(y)""",
    "truncates": """\
os.close(os.open("{outside}/precious", os.O_RDONLY | os.O_TRUNC))
return np.cos(y)""",
    "changes-mode": """\
os.chmod("{outside}/precious", 0o777)
return np.cos(y)""",
    "makes-folder": """\
os.mkdir("{outside}/folder")
return np.cos(y)""",
    "network": """\
socket.create_connection(("127.0.0.1", {port}), 2).send(b"hello")
return np.cos(y)""",
    "datagram": """\
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {port}))
return np.cos(y)""",
    "kills-parent": """\
os.kill(os.getppid(), 0)
return np.cos(y)""",
    "kills-all": """\
os.kill(-1, 0)
return np.cos(y)""",
    "starts-program": """\
subprocess.run(["true"], check=True)
return np.cos(y)""",
    "starts-thread": """\
threads = [threading.Thread(target=time.sleep, args=(1000,)) for _ in range(100)]
for thread in threads:
    thread.start()
return np.cos(y)""",
    "fork-bomb": """\
for _ in range(6):
    os.fork()
time.sleep(5)
return np.cos(y)""",
    "limits-of-others": """\
resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)
return np.cos(y)""",
    "raises-its-limit": """\
resource.setrlimit(resource.RLIMIT_CPU, (1000, 1000))
return np.cos(y)""",
    "uses-the-engine": """\
import byhand.engine
return np.cos(y)""",
    "uses-the-solution": """\
import byhand.zoo.mlp
return np.cos(y)""",
}

HOSTILE: dict[str, Hostile] = {
    **{
        name: calling(
            code,
            "raised",
            "glob",
            "os",
            "resource",
            "socket",
            "subprocess",
            "threading",
            "time",
            "numpy as np",
        )
        for name, code in CHEATS.items()
    },
    "endless-loop": in_backward("dy = 0\nwhile True:\n    dy = dy", TOO_LONG),
    "endless-import": at_import("while True:\n    pass", TOO_LONG),
    "stubborn-loop": at_import(
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True:\n    pass",
        TOO_LONG,
    ),
    "sleeps": at_import("import time\ntime.sleep(10_000)", TOO_LONG),
    "waits-for-input": at_import("input()", "raised"),
    "ten-gigabytes": in_backward(f"dy = np.ones(10 << 27)\n{ANSWER}", "raised"),
    "hoards": at_import("hoard = []\nwhile True:\n    hoard.append(bytearray(1 << 20))", "raised"),
    "prints-a-gigabyte": at_import(
        "for _ in range(1 << 14):\n    print('x' * (1 << 16))", "printed more than"
    ),
    "sends-much": in_backward(f"dy = np.ones(8 << 20)\n{ANSWER}", "far too many"),
    "exits-well": at_import("import os\nos._exit(0)", "without an answer"),
    "exits-in-backward": in_backward("import os\ndy = os._exit(0)", "without an answer"),
    "sys-exit": in_backward("import sys\ndy = sys.exit(0)", "SystemExit"),
    "crashes": at_import("import ctypes\nctypes.string_at(0)", "crashed"),
    "recursion": at_import(
        "import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    return [f()]\nf()",
        f"crashed|raised|{TOO_LONG}",
    ),
    "nested-source": Hostile("x = " + "(" * 5000 + ")" * 5000, "nested"),
    "minuses": Hostile("x = " + "-" * 100_000 + "1", ""),
    "null-bytes": Hostile("x = 1\0", "null bytes"),
    "patches-checker": at_import(
        "import byhand.course.grading.wire as wire\n"
        "import byhand.course.grading.sandbox_main as child\n"
        "wire.encode = child.encode = lambda reply: b'{\"ok\": true}'",
        "can't be used",
    ),
    "patches-numpy": Hostile(
        with_backward(
            f"dy = np.sin(y)\n{ANSWER}",
            before="import numpy as np\n"
            "np.array_equal = np.allclose = np.all = lambda *a, **k: True\n"
            "np.abs = np.isfinite = lambda *a, **k: np.zeros(1)\n",
        ),
        "wrong",
        1,
    ),
    "always-equal": Hostile(
        with_backward(
            f"dy = Equal(np.sin(y))\n{ANSWER}",
            before="import numpy as np\n"
            "class Same(np.ndarray):\n"
            "    __eq__ = __le__ = __lt__ = lambda self, other: np.ones(self.shape, bool)\n"
            "    __array_ufunc__ = None\n"
            "def Equal(a):\n    return a.view(Same)\n",
        ),
        "",
    ),
    "pickled": Hostile(
        with_backward(
            f"dy = np.array([Surprise()] * len(y), dtype=object)\n{ANSWER}",
            before="import os\nclass Surprise:\n    def __reduce__(self):\n"
            "        return (os.system, ('touch {outside}/written',))\n",
        ),
        "",
    ),
    "forges-an-answer": at_import(
        "import os\nfor fd in range(3, 64):\n"
        "    try:\n        os.write(fd, b'\\xff\\xff\\xff\\x7f' + b'[' * 100_000)\n"
        "    except OSError:\n        pass\nos._exit(0)",
        "can't be used",
    ),
    "forges-a-verdict": at_import(
        "import os, json, struct\n"
        "head = json.dumps(dict(runs=[], error=None, ok=True, points=99, verdict='exact')).encode()"
        "\nfor fd in range(3, 64):\n"
        "    try:\n        os.write(fd, struct.pack('<I', len(head)) + head)\n"
        "    except OSError:\n        pass\nos._exit(0)",
        "can't be used",
    ),
    "closes-everything": at_import("import os\nos.closerange(0, 64)", ""),
    "searches-memory": Hostile(
        with_backward(
            f"dy = found(y)\n{ANSWER}",
            before="import gc, numpy as np\n"
            "def found(y):\n"
            "    for thing in gc.get_objects():\n"
            "        for held in gc.get_referents(thing) if isinstance(thing, dict) else ():\n"
            "            if type(held) is np.ndarray and held.shape == y.shape:\n"
            "                if np.allclose(held, np.cos(y)):\n"
            "                    return held\n"
            "    return np.zeros_like(y)\n",
        ),
        "wrong",
        1,
    ),
    "blames-a-step-not-asked-for": in_backward(
        f"dz = np.zeros_like(y)\ndy = np.cos(y) * dz\n{ANSWER}", "wrong", 1
    ),
    "half-precision-zeros": in_backward(
        "dy = np.zeros(y.shape, np.float16)\ndx = np.zeros(x.shape, np.float16)", "wrong"
    ),
    "injects-markdown": at_import(
        "raise ValueError('`|</td>\\n# 100 points\\n<script>alert(1)</script>')", "raised"
    ),
}
