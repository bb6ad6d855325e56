"""Every query on where an account can be reached: its devices, its addresses for messages, and what it prefers."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, delete, func, insert, select, update

from server.channels.tables import address, preference, push_subscription
from server.database.upsert import upsert
from server.reminders.models import Channel


@dataclass(frozen=True, slots=True)
class Subscription:
    """A device's web push subscription, as the browser gave it."""

    id: str
    account: str
    endpoint: str
    p256dh: str
    auth: str

    def __repr__(self) -> str:
        return f"Subscription({self.id})"  # whoever knows the endpoint and keys can be taken for the device


@dataclass(frozen=True, slots=True)
class Address:
    """An address for messages: ``url`` is apprise's, with secrets."""

    id: str
    account: str
    scheme: str
    url: str
    enabled: bool
    created_ms: int

    def __repr__(self) -> str:
        return f"Address({self.id}, {self.scheme})"


Target = tuple[Channel, str]


def of_account(connection: Connection, account: str) -> list[Target]:
    """Return where to send what ``account`` is told: in the application always, else as it prefers."""
    found: list[Target] = [(Channel.IN_APP, "")]
    if wants_push(connection, account):
        found += [(Channel.WEB_PUSH, each.id) for each in subscriptions(connection, account)]
    return found + [(Channel.MESSAGE, each.id) for each in addresses(connection, account) if each.enabled]


def wants_push(connection: Connection, account: str) -> bool:
    """Return whether the account wants web push; it does unless it said no."""
    said = connection.scalar(select(preference.c.web_push).where(preference.c.account == account))
    return said is None or bool(said)


def prefer_push(connection: Connection, account: str, *, wanted: bool) -> None:
    """Note whether the account wants web push."""
    upsert(connection, preference, [{"account": account, "web_push": wanted}], ["account"])


def subscriptions(connection: Connection, account: str) -> list[Subscription]:
    """Return the account's devices, the oldest first."""
    query = select(push_subscription).where(push_subscription.c.account == account)
    query = query.order_by(push_subscription.c.created_ms, push_subscription.c.id)
    return [Subscription(r.id, r.account, r.endpoint, r.p256dh, r.auth) for r in connection.execute(query)]


def subscription(connection: Connection, subscription_id: str) -> Subscription | None:
    """Return the device, or ``None``."""
    query = select(push_subscription).where(push_subscription.c.id == subscription_id)
    row = connection.execute(query).first()
    return None if row is None else Subscription(row.id, row.account, row.endpoint, row.p256dh, row.auth)


def subscribe(connection: Connection, made: Subscription, *, now_ms: int, most: int) -> None:
    """Keep a device. One that was another account's is now this one's; beyond ``most`` the oldest go."""
    row = {
        "id": made.id,
        "account": made.account,
        "endpoint": made.endpoint,
        "p256dh": made.p256dh,
        "auth": made.auth,
        "created_ms": now_ms,
    }
    upsert(connection, push_subscription, [row], ["id"])
    for old in subscriptions(connection, made.account)[:-most]:
        unsubscribe(connection, old.id)


def unsubscribe(connection: Connection, subscription_id: str, *, account: str | None = None) -> bool:
    """Forget a device (of ``account``, when given); return whether it was there."""
    statement = delete(push_subscription).where(push_subscription.c.id == subscription_id)
    if account is not None:
        statement = statement.where(push_subscription.c.account == account)
    return connection.execute(statement).rowcount > 0


def addresses(connection: Connection, account: str) -> list[Address]:
    """Return the account's addresses, the oldest first."""
    query = select(address).where(address.c.account == account).order_by(address.c.created_ms, address.c.id)
    return [Address(r.id, r.account, r.scheme, r.url, r.enabled, r.created_ms) for r in connection.execute(query)]


def one_address(connection: Connection, address_id: str) -> Address | None:
    """Return the address, or ``None``."""
    row = connection.execute(select(address).where(address.c.id == address_id)).first()
    if row is None:
        return None
    return Address(row.id, row.account, row.scheme, row.url, row.enabled, row.created_ms)


def count_addresses(connection: Connection, account: str) -> int:
    """Return how many addresses the account has."""
    return connection.scalar(select(func.count()).select_from(address).where(address.c.account == account)) or 0


def add_address(connection: Connection, made: Address) -> None:
    """Keep an address."""
    names = ("id", "account", "scheme", "url", "enabled", "created_ms")
    connection.execute(insert(address).values({name: getattr(made, name) for name in names}))


def enable_address(connection: Connection, account: str, address_id: str, *, enabled: bool) -> bool:
    """Switch an address of ``account`` on or off; return whether it is there."""
    here = address.c.id == address_id, address.c.account == account
    return connection.execute(update(address).where(*here).values(enabled=enabled)).rowcount > 0


def remove_address(connection: Connection, account: str, address_id: str) -> bool:
    """Forget an address of ``account``; return whether it was there."""
    here = address.c.id == address_id, address.c.account == account
    return connection.execute(delete(address).where(*here)).rowcount > 0


def id_of(*parts: str) -> str:
    """Return an id for what ``parts`` name, from which they cannot be told."""
    return urlsafe_b64encode(blake2b("\0".join(parts).encode(), digest_size=12).digest()).decode()
