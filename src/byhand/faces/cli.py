"""The command line: the group of commands, and the one place where errors become one line.

Exit statuses: what the command says (`check`: 0 right, 1 wrong), 2 for whatever kept it from
answering, 130 for Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

import click

import byhand
from byhand.errors import ByhandError
from byhand.faces import terminal
from byhand.faces.commands.author import author
from byhand.faces.commands.check import check
from byhand.faces.commands.course import hint, list_, next_, reset, solution
from byhand.faces.commands.derive import derive
from byhand.faces.commands.explain import explain
from byhand.faces.commands.grade import grade
from byhand.faces.commands.learn import learn
from byhand.faces.commands.lsp import lsp
from byhand.faces.commands.new import new
from byhand.faces.commands.sample import sample
from byhand.faces.commands.show import show
from byhand.faces.commands.train import train
from byhand.faces.guarded_process import GUARDED, guarded
from byhand.faces.run_user_code import leave

TRACEBACK = "BYHAND_TRACEBACK"


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    invoke_without_command=True,
)
@click.version_option(byhand.__version__, message="byhand %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Checks hand-written backward passes, and trains on them.

    A problem is a Python file with `inputs`, `forward` and `backward`.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (
    *(check, new, explain, derive, show, train, sample, lsp),
    *(learn, list_, next_, hint, reset, solution, author, grade),
):
    cli.add_command(_command)


def main() -> None:
    """The `byhand` command."""
    terminal.prepare()
    if sys.argv[1:2] and sys.argv[1] in GUARDED and hasattr(os, "fork"):
        guarded(_run)
    _run()


def _run() -> NoReturn:
    leave(_in_one_line(lambda: cli.main(prog_name="byhand", standalone_mode=False)))


def _in_one_line(command: Callable[[], int | None]) -> int:
    """Runs a command; gives its exit status, with one line on standard error if it failed."""
    try:
        return command() or 0
    except click.UsageError as error:
        command_path = error.ctx.command_path if error.ctx else "byhand"
        terminal.complain(f"{command_path}: {error.format_message()} (see {command_path} --help)")
        return 2
    except click.ClickException as error:
        terminal.complain(f"byhand: {error.format_message()}")
        return 2
    except (KeyboardInterrupt, click.Abort):
        terminal.complain("byhand: stopped")
        return 130
    except ByhandError as error:
        _trace()
        terminal.complain(str(error))
        return 2
    except OSError as error:
        _trace()
        terminal.complain(f"byhand: {error.filename or 'output'}: {error.strerror or error}")
        return 2
    except Exception as error:
        _trace()
        terminal.complain(
            f"this is a bug in byhand: {type(error).__name__}: {error}: please report it, "
            f"with what {TRACEBACK}=1 byhand ... prints"
        )
        return 2


def _trace() -> None:
    """Prints the traceback of what is being handled, for those who asked for it."""
    if os.environ.get(TRACEBACK):
        import traceback

        traceback.print_exc()
