"""`byhand train MODEL`."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from byhand.train import TrainingRun

LINE_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal to draw a bar on."""

Progress = Callable[[int, int, float, float], None]


SCHEDULE = {"optimiser": str, "batch": str, "rate": float, "falls": float, "decay": float}
"""What `--set` takes besides the sizes of the model."""


def _settings(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for value in values:
        name, _, text = value.partition("=")
        try:
            if not name.isidentifier():
                raise ValueError
            settings[name] = SCHEDULE.get(name, int)(text.strip())
        except ValueError:
            raise click.BadParameter(f"{value}: write it as hidden=200", context, option) from None
    return settings


@click.command()
@click.argument("model", required=False)
@click.option(
    "--data", metavar="PATH", help="A text file with one word per line.  [default: names]"
)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    help="How many steps.  [default: what the model says, or 200000]",
)
@click.option("--seed", type=click.IntRange(min=0), help="The random seed.  [default: 0]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    callback=_settings,
    metavar="NAME=VALUE",
    help="A size of the model, such as hidden=200, or a part of its schedule: optimiser=sgd|adamw, "
    "rate=0.1, falls=0.5, batch=mini|full, decay=0.01. May be given more than once.",
)
@click.option("--out", metavar="DIR", help="The folder to write.  [default: runs/MODEL-NUMBER]")
@click.option("--resume", metavar="DIR", help="Resume the run in this folder.")
@click.option(
    "--diagnostics",
    is_flag=True,
    help="Also plot activations, gradients, dead units and updates.",
)
@click.option("--plain", is_flag=True, help="Step by step in NumPy, even where compiling works.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def train(
    model: str | None,
    data: str | None,
    steps: int | None,
    seed: int | None,
    settings: dict[str, Any],
    out: str | None,
    resume: str | None,
    diagnostics: bool,
    plain: bool,
    as_json: bool,
) -> int:
    """Trains MODEL on its hand-written gradients.

    MODEL is a problem file or the name of a model of the zoo; with --resume it may be left out.
    Ctrl-C stops and keeps what was learned. If the process is killed, --resume continues from the
    last save, at most ten seconds earlier.
    """
    from byhand.faces import terminal
    from byhand.faces.run_user_code import guest
    from byhand.program.problem import load
    from byhand.train import train as run_training
    from byhand.train.run import load_run

    if model is None:
        if resume is None:
            raise click.UsageError("Missing argument 'MODEL'.")
        model = load_run(resume).config.file
    with guest(model), _progress(quiet=as_json) as progress:
        result = run_training(
            load(model),
            data=data,
            steps=steps,
            seed=seed,
            sizes={name: value for name, value in settings.items() if name not in SCHEDULE},
            schedule={name: value for name, value in settings.items() if name in SCHEDULE},
            out=out,
            resume=resume,
            diagnostics=diagnostics,
            plain=plain,
            progress=progress,
        )
    if as_json:
        import json

        terminal.say(json.dumps(result.as_json(), allow_nan=False))
    else:
        terminal.say(_summary(result))
    if result.note:
        terminal.complain(f"{'partly ' if result.compiled else 'not '}compiled: {result.note}")
    return 0 if result.steps >= result.planned else 130


def _summary(result: TrainingRun) -> str:
    from byhand.faces.terminal import escaped

    lines = [
        f"{result.model}: {result.parameters:,} parameters, {result.steps:,} steps in "
        f"{result.seconds:.1f} s ({result.steps_per_second:,.0f} a second)",
        f"training loss    {result.train_loss:.4f} nats a character",
        f"validation loss  {result.val_loss:.4f}",
        _filled("samples          ", ", ".join(map(escaped, result.samples))),
        f"saved in         {result.run}",
    ]
    if result.steps < result.planned:
        lines.append(
            f"Stopped after {result.steps:,} of {result.planned:,} steps: "
            f"byhand train --resume {result.run} goes on."
        )
    return "\n".join(lines)


def _filled(heading: str, text: str) -> str:
    """The text behind its heading, on as many lines as it needs."""
    wrapped = textwrap.wrap(text, 80 - len(heading), break_on_hyphens=False)
    return heading + f"\n{' ' * len(heading)}".join(wrapped)


@contextmanager
def _progress(*, quiet: bool) -> Generator[Progress | None]:
    """What shows progress on standard error: a bar on a terminal, else a line now and then."""
    if sys.stderr is not None and sys.stderr.isatty():  # pyright: ignore[reportUnnecessaryComparison]
        with _bar() as bar:
            yield bar
    else:
        yield None if quiet else _lines()


def _lines() -> Progress:
    from byhand.faces import terminal

    shown = time.monotonic()

    def progress(step: int, steps: int, loss: float, speed: float) -> None:
        nonlocal shown
        if time.monotonic() - shown >= LINE_EVERY:
            shown = time.monotonic()
            terminal.complain(
                f"step {step:,} of {steps:,}: loss {loss:.4f}, {speed:,.0f} steps a second"
            )

    return progress


@contextmanager
def _bar() -> Generator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from byhand.faces import terminal

    # Drawn when training reports, which it does often enough: a thread of its own would slow it.
    with Bar(
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
        TextColumn("{task.fields[speed]:,.0f} steps/s"),
        TimeRemainingColumn(),
        console=terminal.console(sys.stderr),
        auto_refresh=False,
    ) as bar:
        task = None

        def progress(step: int, steps: int, loss: float, speed: float) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task("", total=steps, loss=loss, speed=speed)
            bar.update(task, completed=step, loss=loss, speed=speed)
            bar.refresh()

        yield progress
