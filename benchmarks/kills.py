"""Kills a training at random moments, goes on with it each time, and compares where it ends.

    python -m benchmarks.kills [--kills 50] [--model rnn] [--seed 0]

Exit status 0 if the parameters, what the optimiser keeps and the losses are those of a run that
nobody disturbed, to the bit.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from byhand.train.run import load_run

TRAINING = """
import sys
from byhand.train import loop, train
loop.SAVED_EVERY = 0.02
model, steps, out, begun = sys.argv[1:]
asked = {"resume": out} if begun == "yes" else {"steps": int(steps), "out": out}
train(model, progress=lambda *anything: print(flush=True), **asked)
"""


def training(model: str, steps: int, out: Path) -> subprocess.Popen[str]:
    begun = out.exists() or (out.parent / f".{out.name}.old").exists()
    return subprocess.Popen(
        [sys.executable, "-c", TRAINING, model, str(steps), out, "yes" if begun else "no"],
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(out: Path) -> bool:
    return out.exists() and load_run(out).config.val_loss is not None


def kill_often(model: str, steps: int, out: Path, kills: int, seed: int) -> list[int]:
    """Gives the steps that had been saved at each kill."""
    draw = random.Random(seed)
    saved: list[int] = []
    while not finished(out):
        process = training(model, steps, out)
        assert process.stdout is not None
        if len(saved) < kills:
            process.stdout.readline()  # it has begun to train
            try:
                process.wait(draw.uniform(0, 0.5))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                saved.append(load_run(out).config.done if out.exists() else 0)
        process.communicate()
    return saved


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--model", default="rnn")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killed, undisturbed = Path(folder, "killed"), Path(folder, "undisturbed")
        saved = kill_often(asked.model, asked.steps, killed, asked.kills, asked.seed)
        training(asked.model, asked.steps, undisturbed).communicate()
        one, other = load_run(killed), load_run(undisturbed)
    alike = {
        what: list(a) == list(b) and all(a[name].tobytes() == b[name].tobytes() for name in a)
        for what, a, b in (
            ("parameters", one.parameters, other.parameters),
            ("optimiser", one.optimiser, other.optimiser),
        )
    } | {"losses": one.losses == other.losses and one.config.val_loss == other.config.val_loss}
    print(f"{asked.model}, {asked.steps} steps, killed {len(saved)} times, saved at {saved}")
    for what, same in alike.items():
        print(f"{what}: {'the same, to the bit' if same else 'DIFFERENT'}")
    if len(saved) < asked.kills:
        print(f"it was done before it could be killed {asked.kills} times: give more --steps")
    return 0 if all(alike.values()) and len(saved) == asked.kills else 1


if __name__ == "__main__":
    sys.exit(main())
