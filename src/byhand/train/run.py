"""A run folder: what a training has left, and what it needs to go on.

config.json               the model, the data, the sizes, the schedule, the seed, how far it went,
                          its losses
parameters.safetensors    the trained parameters by name, float32
optimiser.safetensors     what the optimiser keeps for each of them; nothing for SGD
statistics.safetensors    the batch statistics of the training set by name, float64
curve.csv                 the loss curve: step, mean loss of the steps since the line before
curve.svg                 a picture of it
updates.csv               with --diagnostics: step, and for each matrix update over data
*.png                     with --diagnostics: pictures of activations, gradients and updates
samples.txt               words drawn from the model, one a line

A run that is underway is saved every few seconds, without statistics, losses, pictures and samples:
enough to go on, if the process is killed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as bytes_of

from byhand.errors import DataError, in_one_line
from byhand.files import plain
from byhand.train.curve import draw
from byhand.train.folder import recover
from byhand.train.loop import Losses, Updates
from byhand.train.schedule import Schedule
from byhand.values.arrays import Array


@dataclass(frozen=True)
class Config:
    """What a run was asked for, and how it went.

    `file` is the model's name in the zoo, else the path of its problem file; `data` is `names` or
    a path. `done` of `steps` steps took `seconds`. The losses are in nats per character, and None
    while the run is underway. `compiled`: whether the steps were machine code, which rounds in its
    own way.
    """

    model: str
    file: str
    data: str
    data_sha256: str
    characters: str
    sizes: dict[str, int]
    schedule: Schedule
    seed: int
    done: int
    seconds: float
    parameters: int
    compiled: bool = False
    train_loss: float | None = None
    val_loss: float | None = None

    @property
    def steps(self) -> int:
        return self.schedule.steps


@dataclass(frozen=True)
class RunFolder:
    """The content of a run folder."""

    config: Config
    parameters: Mapping[str, Array]
    optimiser: Mapping[str, Array]
    losses: Losses
    statistics: Mapping[str, Array] = field(default_factory=dict[str, Array])
    samples: tuple[str, ...] = ()
    updates: Updates = field(default_factory=Updates)
    pictures: Mapping[str, bytes] = field(default_factory=dict[str, bytes])

    def files(self) -> dict[str, bytes]:
        """The content of each file by name."""
        config = json.dumps(asdict(self.config), indent=1, ensure_ascii=False)
        curve = "".join(f"{step},{loss:.6f}\n" for step, loss in self.losses)
        files = {
            "config.json": (config + "\n").encode(),
            "parameters.safetensors": bytes_of(dict(self.parameters)),
            "optimiser.safetensors": bytes_of(dict(self.optimiser)),
            "curve.csv": ("step,loss\n" + curve).encode(),
        }
        if self.updates:
            files["updates.csv"] = _table(self.updates).encode()
        if self.config.val_loss is None:
            return files
        return {
            **files,
            "statistics.safetensors": bytes_of(dict(self.statistics)),
            "curve.svg": draw(self.config.model, self.losses, self.config.val_loss).encode(),
            "samples.txt": "".join(f"{word}\n" for word in self.samples).encode(),
            **self.pictures,
        }


def load_run(folder: str | Path) -> RunFolder:
    """Reads a run folder. Raises DataError, in one line, if it isn't one or is damaged."""
    folder = Path(folder)
    recover(folder)
    if not (folder / "config.json").is_file():
        raise DataError(
            f"{folder}: is not a run of `byhand train`: name its folder, such as runs/mlp-1"
        )
    try:
        config = _config(json.loads((folder / "config.json").read_bytes()))
        run = RunFolder(
            config=config,
            parameters=_tensors(folder / "parameters.safetensors"),
            optimiser=_tensors(folder / "optimiser.safetensors"),
            losses=_losses(plain(folder / "curve.csv").read_text(encoding="utf-8")),
            updates=_updates(folder / "updates.csv"),
        )
        if config.val_loss is None:
            return run
        return replace(
            run,
            statistics=_tensors(folder / "statistics.safetensors"),
            samples=tuple(plain(folder / "samples.txt").read_text(encoding="utf-8").splitlines()),
        )
    except OSError as error:
        raise DataError(f"{error.filename}: can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise DataError(f"{folder}: is damaged ({in_one_line(error)}): train anew") from error


def _config(content: dict[str, Any]) -> Config:
    known: dict[str, Any] = {field.name: content[field.name] for field in fields(Config)}
    known["schedule"] = Schedule(**known["schedule"])
    return Config(**known)


def _tensors(file: Path) -> dict[str, Array]:
    return dict(sorted(tensors_of(plain(file).read_bytes()).items()))


def _losses(curve: str) -> Losses:
    rows = (line.split(",") for line in curve.splitlines()[1:])
    return [(int(step), float(loss)) for step, loss in rows]


def _table(updates: Updates) -> str:
    names = list(updates[0][1])
    rows = [[str(step), *(repr(ratios[name]) for name in names)] for step, ratios in updates]
    return "".join(",".join(row) + "\n" for row in [["step", *names], *rows])


def _updates(file: Path) -> Updates:
    if not file.exists():
        return []
    lines = plain(file).read_text(encoding="utf-8").splitlines()
    (_, *names), *rows = (line.split(",") for line in lines)
    return [
        (int(step), dict(zip(names, map(float, ratios), strict=True))) for step, *ratios in rows
    ]
