"""The settings: one typed class, read from the environment (``BAIJIAMEN_…``, nested by ``__``) at the start.

``BAIJIAMEN_DATA=/srv/baijiamen`` sets :attr:`Settings.data`; ``BAIJIAMEN_ACCOUNTS__SESSION_IDLE_DAYS=7`` a nested one.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.accounts.settings import AccountSettings
from server.channels.settings import MessageSettings, PushSettings
from server.reminders.settings import ReminderSettings
from server.scheduling.settings import SchedulingSettings
from sync.replicator.settings import ReplicatorSettings


class Settings(BaseSettings):
    """Everything that can be set. Each setting has a safe default."""

    model_config = SettingsConfigDict(env_prefix="BAIJIAMEN_", env_nested_delimiter="__", extra="forbid")

    data: Path = Field(Path("data"), description="the data folder: database, keys")
    database_url: str = Field(
        "",
        description="sqlite:////path/to.db or postgresql://user:password@host/name; "
        "default: baijiamen.db in the data folder",
    )
    pwa: Path = Field(Path(__file__).parent.parent / "pwa" / "dist", description="the built phone application")
    trusted_proxies: list[str] = Field(
        default_factory=list, description="addresses or networks whose X-Forwarded-For and -Proto are believed"
    )
    origins: list[str] = Field(
        default_factory=list, description="origins besides our own that may send changes with the session cookie"
    )
    body_limit: int = Field(1_000_000, ge=1000, description="bytes of a request body under /api")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level that is logged")
    scheduler: bool = Field(
        default=False,
        description="run the reminders' scheduler inside this process; `serve` does, whatever is set here, "
        "unless it is called with `--no-scheduler`",
    )

    accounts: AccountSettings = Field(default_factory=AccountSettings)
    reminders: ReminderSettings = Field(default_factory=ReminderSettings)
    push: PushSettings = Field(default_factory=PushSettings)
    messages: MessageSettings = Field(default_factory=MessageSettings)
    scheduling: SchedulingSettings = Field(default_factory=SchedulingSettings)
    replicator: ReplicatorSettings = Field(default_factory=ReplicatorSettings)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, told: list[str]) -> list[str]:
        for each in told:
            ip_network(each, strict=False)  # a name would fail at every request, not at the start
        return told

    @model_validator(mode="after")
    def _database_in_data(self) -> Self:
        if not self.database_url:
            self.database_url = f"sqlite:///{(self.data / 'baijiamen.db').absolute()}"
        return self


def misspelt(environment: Iterable[str]) -> list[str]:
    """Return those of the variables that look like settings of ours and are none: they set nothing."""
    known = set(_variables(Settings, str(Settings.model_config["env_prefix"])))
    ours = (name for name in environment if name.upper().startswith("BAIJIAMEN_"))
    return sorted(name for name in ours if name.upper() not in known)


def _variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name.upper()
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _variables(kind, f"{prefix}{name.upper()}__")
