import click


@click.command()
def train() -> int:
    return 0
