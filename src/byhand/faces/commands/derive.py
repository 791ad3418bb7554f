"""`byhand derive FILE`."""

from __future__ import annotations

import click

from byhand.faces import terminal
from byhand.faces.commands import options
from byhand.faces.run_user_code import guest


@click.command()
@click.argument("file")
@click.option("--for", "names", metavar="NAMES", help="Only these gradients, separated by commas.")
@click.option(
    "--closed",
    is_flag=True,
    help="The short form: only the gradients asked for, each in as few operations as were found. "
    "At the end it says what that saves, and how the backward in FILE compares.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["python", "steps", "latex", "html", "json"]),
    help="A backward that can be imported; its statements with what each is for and what it all "
    "costs; the same as a LaTeX document, a web page, or one JSON object.  [default: python]",
)
@click.option(
    "--dialect",
    type=click.Choice(["numpy", "torch"]),
    help="What to write it in.  [default: what forward is written in]",
)
@click.option(
    "--as",
    "kind",
    type=click.Choice(["function", "custom-vjp", "triton"]),
    help="The closed form as an object to be pasted: a torch.autograd.Function with what it "
    "saves, or a jax.custom_vjp where forward is in JAX; that of a forward in NumPy; a Function "
    "with two Triton kernels. It was run against autograd.",
)
@click.option(
    "--numbers",
    is_flag=True,
    help="Work a small instance, to be redone with pencil and paper: by itself, or with --format "
    "after the rest (in Python, as comments).",
)
@options.timeout("Give up after this many seconds.", 30.0)
def derive(
    file: str,
    names: str | None,
    closed: bool,
    form: str | None,
    dialect: str | None,
    kind: str | None,
    numbers: bool,
    timeout: float,
) -> int:
    """Writes the backward of FILE, one statement for each named value.

    FILE is a problem file or the name of a model of the zoo; it needs no backward of its own.
    """
    if kind is not None and (form or dialect or numbers):
        raise click.UsageError("--as writes Python: leave out --format, --dialect and --numbers")
    wanted = None if names is None else [name.strip() for name in names.split(",") if name.strip()]
    from byhand.sources.load import load_one, split

    with guest(split(file)[0], timeout):
        from byhand.checking.cells import said
        from byhand.deriving.derive import derive as derived
        from byhand.deriving.own_backward import compared
        from byhand.deriving.worked.instance import work_instance
        from byhand.deriving.wrapped.wrap import written
        from byhand.rendering.derivation.show import show
        from byhand.values.arrays import speaks_torch

        problem = load_one(file)
        if kind is not None:
            shown = written(problem, kind, wanted)
        else:
            found = derived(problem, names=wanted, dialect=dialect, closed=closed)
            inputs = problem.inputs()
            shown = show(
                problem,
                found,
                form,
                dialect=dialect or ("torch" if speaks_torch(inputs) else "numpy"),
                instance=work_instance(problem, found, dialect) if numbers else None,
                yours=compared(problem, inputs, found, wanted, dialect) if closed else None,
            )
    if problem.cells and form in (None, "python", "steps"):
        shown = said(shown, problem.cells)
    terminal.say(shown.rstrip())
    return 0
