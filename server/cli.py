"""The command line ``baijiamen``. Each command's module is imported only when that command is called."""

import importlib
import os
from typing import Final

import click

from server.errors import BaijiamenError

COMMANDS: Final = {
    "area": "server.cli_areas:area",
    "backup": "server.cli_backup:backup",
    "demo": "server.cli_serve:demo",
    "doctor": "server.cli_upkeep:doctor",
    "grant": "server.cli_accounts:grant",
    "import": "server.cli_areas:import_",
    "migrate": "server.cli_upkeep:migrate",
    "rebuild": "server.cli_upkeep:rebuild",
    "restored": "server.cli_backup:restored",
    "scheduler": "server.cli_upkeep:scheduler",
    "schema": "server.cli_upkeep:schema",
    "serve": "server.cli_serve:serve",
    "store": "server.cli_store:store",
    "user": "server.cli_accounts:user",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports them when asked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what the application refuses is one sentence and exit code 1, not a traceback."""
        try:
            return super().invoke(ctx)
        except BaijiamenError as error:
            raise click.ClickException(error.message) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """百家门：入户走访的记录、审阅与回访提醒。"""
    os.umask(0o077)  # what we write is about residents: for the user who runs the server alone
