"""What an account can do with its channels."""

import secrets

from sqlalchemy import Connection

from server.channels import targets
from server.channels.endpoints import check_address, check_push
from server.channels.outcome import Gone, Outcome, Parcel, Sent
from server.channels.schemas import AddressView, ChannelsView, NewSubscription, Tried, WebPushView
from server.channels.settings import MessageSettings, PushSettings
from server.channels.targets import Address, Subscription
from server.clock import shanghai_text
from server.errors import Conflict, NotFound
from server.settings import Settings


def subscribe(
    connection: Connection, account: str, given: NewSubscription, settings: PushSettings, *, now_ms: int
) -> None:
    """Keep a device of ``account``. Raises :class:`Invalid` for an endpoint that we do not talk to."""
    check_push(given.endpoint, given.keys.p256dh, given.keys.auth, settings)
    made = Subscription(targets.id_of(given.endpoint), account, given.endpoint, given.keys.p256dh, given.keys.auth)
    targets.subscribe(connection, made, now_ms=now_ms, most=settings.per_account)


def unsubscribe(connection: Connection, account: str, endpoint: str) -> None:
    """Forget a device of ``account``; one that is not there is forgotten already."""
    targets.unsubscribe(connection, targets.id_of(endpoint), account=account)


def add_address(connection: Connection, account: str, url: str, settings: Settings, *, now_ms: int) -> AddressView:
    """Keep an address. Raises :class:`Invalid` for one that is not allowed, :class:`Conflict` for one too many."""
    checked = check_address(url, settings.messages, allow_loopback=settings.push.allow_loopback)
    if targets.count_addresses(connection, account) >= settings.messages.per_account:
        raise Conflict(f"最多可以设 {settings.messages.per_account} 个通知地址，请先删去不用的。")
    made = Address(secrets.token_urlsafe(12), account, checked.scheme, url, enabled=True, created_ms=now_ms)
    targets.add_address(connection, made)
    return _view(made, settings.messages, allow_loopback=settings.push.allow_loopback)


def channels(connection: Connection, account: str, settings: Settings) -> ChannelsView:
    """Return how ``account`` is reached."""
    devices = targets.subscriptions(connection, account)
    known = targets.addresses(connection, account)
    return ChannelsView(
        web_push=WebPushView(enabled=targets.wants_push(connection, account), devices=len(devices)),
        addresses=[_view(each, settings.messages, allow_loopback=True) for each in known],
    )


def own_address(connection: Connection, account: str, address_id: str) -> Address:
    """Return an address of ``account``. Raises :class:`NotFound`."""
    found = targets.one_address(connection, address_id)
    if found is None or found.account != account:
        raise NotFound
    return found


def test_parcel() -> Parcel:
    """Return a message to try a channel with; its key is its own, so that no reminder is mistaken for it."""
    key = secrets.token_urlsafe(24)
    return Parcel(key, "test", "百家门：通知已开通", "以后要回访、走访被退回时，会在这里提醒您。", "/me")


def tried(outcomes: list[Outcome]) -> Tried:
    """Count what came of a test."""
    sent = sum(isinstance(each, Sent) for each in outcomes)
    gone = sum(isinstance(each, Gone) for each in outcomes)
    return Tried(sent=sent, gone=gone, failed=len(outcomes) - sent - gone)


def _view(each: Address, settings: MessageSettings, *, allow_loopback: bool) -> AddressView:
    shown = check_address(each.url, settings, allow_loopback=allow_loopback).shown
    return AddressView(
        id=each.id, scheme=each.scheme, shown=shown, enabled=each.enabled, at=shanghai_text(each.created_ms)
    )
