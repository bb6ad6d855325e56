"""What the commands share: the data folder's option, and an open, current database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import ValidationError
from pydantic_settings import SettingsError

from server.clock import Clock, SystemClock
from server.database.migrate import upgrade
from server.documents.rules import DATABASE, AreaRules
from server.settings import Settings
from sync.store import Store
from sync.store.database import Database

F = TypeVar("F", bound=Callable[..., Any])


def data_option(command: F) -> F:
    """Add ``--data`` to a command."""
    folder = click.Path(path_type=Path, file_okay=False)
    return click.option("--data", type=folder, default=None, help="数据目录，默认 ./data（或 BAIJIAMEN_DATA）")(command)


def settings_of(data: Path | None, **others: Any) -> Settings:
    """Return the settings from the environment; what was given on the command line goes first."""
    given = {name: value for name, value in others.items() if value is not None}
    try:
        return Settings(**given) if data is None else Settings(data=data, **given)
    except ValidationError as error:
        wrong = "；".join(f"BAIJIAMEN_{_variable(each['loc'])}（{each['msg']}）" for each in error.errors())
        raise click.ClickException(f"设置不对，请改正后再运行：{wrong}") from error
    except SettingsError as error:
        raise click.ClickException(f"设置写法不对，列表要写成 JSON，如 '[\"127.0.0.1\"]'：{error}") from error


def _variable(place: Sequence[int | str]) -> str:
    return "__".join(str(part).upper() for part in place if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Opened:
    """An installation, open: its tables are current."""

    settings: Settings
    clock: Clock
    database: Database
    store: Store


@contextmanager
def opened(data: Path | None) -> Iterator[Opened]:
    """Open the installation in the folder ``data``, making it and bringing its tables up to date first."""
    settings = settings_of(data)
    upgrade(settings.database_url)
    clock = SystemClock()
    database = Database(settings.database_url)
    try:
        store = Store(database, {DATABASE: AreaRules(clock)})
        database.write_now(lambda c: store.ensure_now(c, DATABASE))
        yield Opened(settings, clock, database, store)
    finally:
        database.close()
