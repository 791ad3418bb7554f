"""A run folder: what a training has left, and what it needs to go on.

config.json               the model, the data, the sizes, the seed, how far it went, its losses
parameters.safetensors    the trained parameters by name, float32
statistics.safetensors    the batch statistics of the training set by name, float64
curve.csv                 the loss curve: step, mean loss of the steps since the line before
curve.svg                 a picture of it
samples.txt               words drawn from the model, one a line
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as bytes_of

from byhand.errors import DataError
from byhand.train.curve import draw
from byhand.train.data import Array
from byhand.train.loop import Losses


@dataclass(frozen=True)
class Config:
    """What a run was asked for, and how it went.

    `file` is the model's name in the zoo, else the path of its problem file; `data` is `names` or
    a path. `done` of `steps` steps took `seconds`. The losses are in nats per character.
    `compiled`: whether the steps were machine code, whose rounding is its own.
    """

    model: str
    file: str
    data: str
    data_sha256: str
    characters: str
    sizes: dict[str, int]
    seed: int
    steps: int
    done: int
    seconds: float
    parameters: int
    train_loss: float
    val_loss: float
    compiled: bool = False


@dataclass(frozen=True)
class Run:
    """The content of a run folder."""

    config: Config
    parameters: Mapping[str, Array]
    statistics: Mapping[str, Array]
    losses: Losses
    samples: tuple[str, ...]

    def files(self) -> dict[str, bytes]:
        """The content of each file by name."""
        config = json.dumps(asdict(self.config), indent=1, ensure_ascii=False)
        curve = "".join(f"{step},{loss:.6f}\n" for step, loss in self.losses)
        return {
            "config.json": (config + "\n").encode(),
            "parameters.safetensors": bytes_of(dict(self.parameters)),
            "statistics.safetensors": bytes_of(dict(self.statistics)),
            "curve.csv": ("step,loss\n" + curve).encode(),
            "curve.svg": draw(self.config.model, self.losses, self.config.val_loss).encode(),
            "samples.txt": "".join(f"{word}\n" for word in self.samples).encode(),
        }


def load_run(folder: str | Path) -> Run:
    """Reads a run folder. Raises DataError, in one line, if it isn't one or is damaged."""
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise DataError(
            f"{folder}: is no run of `byhand train`: name its folder, such as runs/mlp-1"
        )
    try:
        return Run(
            config=_config(json.loads((folder / "config.json").read_bytes())),
            parameters=_tensors(folder / "parameters.safetensors"),
            statistics=_tensors(folder / "statistics.safetensors"),
            losses=_losses((folder / "curve.csv").read_text(encoding="utf-8")),
            samples=tuple((folder / "samples.txt").read_text(encoding="utf-8").splitlines()),
        )
    except OSError as error:
        raise DataError(f"{error.filename}: can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        what = f"{type(error).__name__}: {error}".replace("\n", " ")
        raise DataError(f"{folder}: is damaged ({what}): train anew") from error


def _config(content: dict[str, Any]) -> Config:
    return Config(**{f.name: content[f.name] for f in fields(Config) if f.name in content})


def _tensors(file: Path) -> dict[str, Array]:
    return dict(sorted(tensors_of(file.read_bytes()).items()))


def _losses(curve: str) -> Losses:
    rows = (line.split(",") for line in curve.splitlines()[1:])
    return [(int(step), float(loss)) for step, loss in rows]
