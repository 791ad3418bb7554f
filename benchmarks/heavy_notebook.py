"""How long the verdict on a long notebook takes, beyond what the cells take that it needs.

    python -m benchmarks.heavy_notebook [--cells 200] [--json FILE]

The lecture's model in PyTorch, in cells that are needed, one of which takes three seconds. Between
them stand cells that nothing needs and that would take hours: sleeping, endless loops, large
tables, training of 200,000 steps, plots by a module that isn't there. The needed cells alone are
run by plain Python, the whole notebook by `byhand check`, each in a new process, in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NEEDED = (
    "import time\nimport torch\nimport torch.nn.functional as F",
    "def load(size):\n    time.sleep(3)\n    return torch.Generator().manual_seed(size)",
    "g = load(5)\nn, n_embd, block_size, n_hidden, vocab_size = 32, 10, 3, 64, 27",
    "X = torch.randint(0, vocab_size, (5000, block_size), generator=g)\n"
    "Y = torch.randint(0, vocab_size, (5000,), generator=g)",
    "C = torch.randn((vocab_size, n_embd), generator=g)\n"
    "W1 = torch.randn((n_embd * block_size, n_hidden), generator=g) * 0.3\n"
    "b1 = torch.randn(n_hidden, generator=g) * 0.1\n"
    "W2 = torch.randn((n_hidden, vocab_size), generator=g) * 0.1\n"
    "b2 = torch.randn(vocab_size, generator=g) * 0.1\n"
    "parameters = [C, W1, b1, W2, b2]\n"
    "for p in parameters:\n    p.requires_grad = True",
    "ix = torch.randint(0, X.shape[0], (n,), generator=g)\nXb, Yb = X[ix], Y[ix]",
    "emb = C[Xb]\nembcat = emb.view(emb.shape[0], -1)\nhpreact = embcat @ W1 + b1\n"
    "h = torch.tanh(hpreact)\nlogits = h @ W2 + b2\nlogprobs = F.log_softmax(logits, 1)\n"
    "loss = -logprobs[range(n), Yb].mean()",
    "dlogprobs = torch.zeros_like(logprobs)\ndlogprobs[range(n), Yb] = -1.0 / n",
    "dlogits = dlogprobs - logprobs.exp() * dlogprobs.sum(1, keepdim=True)",
    "dh = dlogits @ W2.T\ndW2 = h.T @ dlogits\ndb2 = dlogits.sum(0)",
    "dhpreact = (1.0 - h**2) * dh",
    "dembcat = dhpreact @ W1.T\ndW1 = embcat.T @ dhpreact\ndb1 = dhpreact.sum(0)",
    "demb = dembcat.view(emb.shape)\ndC = torch.zeros_like(C)\n"
    "for k in range(n):\n    for j in range(block_size):\n        dC[Xb[k, j]] += demb[k, j]",
)
HEAVY = (
    "time.sleep(1000)",
    "history = []\nwhile True:\n    history.append(len(history))",
    "table = [[i * j for i in range(10**6)] for j in range(10**6)]",
    "import plots_that_are_not_there as plt\nplt.imshow(table)",
    "for step in range(200_000):\n    ix2 = torch.randint(0, X.shape[0], (n,))\n"
    "    loss2 = F.cross_entropy(torch.tanh(C[X[ix2]].view(n, -1) @ W1 + b1) @ W2 + b2, Y[ix2])\n"
    "    loss2.backward()\n    for p in parameters:\n        p.data += -0.1 * p.grad",
    "with torch.no_grad():\n    for step in range(200_000):\n        emb = C[X]\n"
    "        h = torch.tanh(emb.view(emb.shape[0], -1) @ W1 + b1)\nh.shape",
    "def sample(steps):\n    while steps:\n        steps += 1\nout = sample(3)",
    "!pip install a-package\n%matplotlib inline\nlosses = [loss.item()] * 10**10",
)


def notebook(cells: int) -> list[str]:
    """The needed cells, with as many others in between as make up this number."""
    before = (cells - len(NEEDED)) // len(NEEDED)
    made: list[str] = []
    for i, cell in enumerate(NEEDED):
        made += [cell, *(HEAVY[(i + k) % len(HEAVY)] for k in range(before))]
    return made + [HEAVY[0]] * (cells - len(made))


def seconds(*command: str, folder: Path) -> float:
    start = time.monotonic()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heavy_notebook")
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    plain, whole = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        cells: list[dict[str, Any]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell}
            for cell in notebook(asked.cells)
        ]
        (folder / "heavy.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))
        (folder / "needed.py").write_text("\n".join(NEEDED))
        for _ in range(asked.repeats):
            plain.append(seconds(sys.executable, "needed.py", folder=folder))
            whole.append(
                seconds(sys.executable, "-m", "byhand", "check", "heavy.ipynb", folder=folder)
            )
    found = {
        "cells": asked.cells,
        "needed alone": round(statistics.median(plain), 2),
        "verdict": round(statistics.median(whole), 2),
    }
    found["beyond"] = round(found["verdict"] - found["needed alone"], 2)
    for name, value in found.items():
        print(f"{name:14} {value}" + (" s" if name != "cells" else ""))
    if asked.json is not None:
        asked.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
