"""What the API takes and gives about accounts."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from server.accounts.models import Account, Grant, Role
from server.areas.models import Area, AreaKind

Password = Annotated[str, Field(max_length=1024)]
Name = Annotated[str, Field(max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Credentials(_Body):
    """A log-in."""

    name: Name
    password: Password


class Setup(_Body):
    """The first administrator, with the token of the one-time link."""

    token: str = Field(max_length=128)
    name: Name
    display_name: str = Field(max_length=64)
    password: Password


class PasswordChange(_Body):
    """The old password and the new one."""

    old: Password
    new: Password


class NewAccount(_Body):
    """An account to be added."""

    name: Name
    display_name: str = Field(max_length=64)
    password: Password
    admin: bool = False


class AccountChange(_Body):
    """What of an account to change; what is left out stays."""

    display_name: str | None = Field(None, max_length=64)
    admin: bool | None = None
    disabled: bool | None = None


class NewPassword(_Body):
    """A password set by an administrator."""

    password: Password


class NewGrant(_Body):
    """A grant to be given."""

    account: Name
    role: Role
    area: str = Field(max_length=64)


class AccountView(BaseModel):
    """An account as it sees itself."""

    name: str
    display_name: str
    admin: bool


class GrantedArea(BaseModel):
    """The area of a grant. ``path`` has the ids from the root to itself, ``path_names`` their names."""

    id: str
    name: str
    kind: AreaKind
    parent: str | None
    path: list[str]
    path_names: list[str]


class GrantView(BaseModel):
    """A grant as its account sees it."""

    role: Role
    area: GrantedArea


class SessionView(BaseModel):
    """Who is logged in, and what was granted to them."""

    account: AccountView
    grants: list[GrantView]


class ListedAccount(AccountView):
    """An account as administrators see it. Times are ISO 8601, +08:00."""

    created_at: str
    disabled_at: str | None
    grants: list[dict[str, str]]


class AccountPage(BaseModel):
    """Accounts by name; ``next`` is what to pass as ``after`` for more, ``null`` at the end."""

    items: list[ListedAccount]
    next: str | None


class ListedGrant(BaseModel):
    """A grant as administrators see it."""

    account: str
    role: Role
    area: str


class GrantList(BaseModel):
    """Grants by account."""

    items: list[ListedGrant]


def session_view(account: Account, known: dict[str, Area]) -> SessionView:
    """Return the answer about who is logged in. ``known`` has every area on the paths of the grants."""
    return SessionView(
        account=AccountView(name=account.name, display_name=account.display_name, admin=account.admin),
        grants=[_grant(grant, known) for grant in account.grants],
    )


def _grant(grant: Grant, known: dict[str, Area]) -> GrantView:
    area = known[grant.area]
    return GrantView(
        role=grant.role,
        area=GrantedArea(
            id=area.id,
            name=area.name,
            kind=area.kind,
            parent=area.parent,
            path=list(area.path),
            path_names=[known[each].name for each in area.path],
        ),
    )
