"""`byhand sample DIR`."""

from __future__ import annotations

import click


@click.command()
@click.argument("run", metavar="DIR")
@click.option("-n", type=click.IntRange(min=0), default=20, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def sample(run: str, n: int, seed: int) -> int:
    """Prints new words from the model trained in DIR."""
    from byhand.faces import terminal
    from byhand.faces.run_user_code import guest
    from byhand.train import sample as draw
    from byhand.train.run import load_run

    with guest(load_run(run).config.file):
        words = draw(run, n, seed)
    terminal.say("".join(f"{terminal.escaped(word)}\n" for word in words))
    return 0
