import click


@click.command()
def sample() -> int:
    return 0
