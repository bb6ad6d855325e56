"""``/api/push`` and ``/api/channels``: how I want to be reached."""

import asyncio
from typing import Any

from litestar import Controller, Request, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from server.accounts.models import Account
from server.accounts.policy import Who
from server.channels import service, targets
from server.channels.outcome import Gone
from server.channels.schemas import (
    AddressChange,
    AddressView,
    ChannelsChange,
    ChannelsView,
    NewAddress,
    NewSubscription,
    OldSubscription,
    PushKey,
    Tried,
)
from server.channels.trials import Trials
from server.channels.vapid import load, public_key
from server.clock import Clock, to_ms
from server.errors import NotFound
from server.reminders.delivering import Deliverer
from server.reminders.models import Channel
from server.settings import Settings
from sync.store.database import Database


def _deliverer(request: Request[Any, Any, Any]) -> Deliverer:
    found: Deliverer = request.app.state.deliverer
    return found


def _trials(request: Request[Any, Any, Any]) -> Trials:
    found: Trials = request.app.state.trials
    return found


_DEPENDENCIES = {
    "deliverer": Provide(_deliverer, sync_to_thread=False),
    "trials": Provide(_trials, sync_to_thread=False),
}


class PushController(Controller):
    """Web push."""

    path = "/api/push"
    tags = ("通知",)
    dependencies = _DEPENDENCIES

    @get("/key", opt={"who": Who.ACCOUNT}, summary="推送公钥")
    async def key(self, settings: NamedDependency[Settings]) -> PushKey:
        """Return the key that browsers subscribe with."""
        return PushKey(key=public_key(await asyncio.to_thread(load, settings.data)))

    @post("/subscriptions", opt={"who": Who.ACCOUNT}, status_code=201, summary="开通推送")
    async def subscribe(
        self,
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
        account: NamedDependency[Account],
        data: JSONBody[NewSubscription],
    ) -> None:
        """Keep this device; again changes nothing."""
        now_ms = to_ms(clock.now())
        await database.write(lambda c: service.subscribe(c, account.name, data, settings.push, now_ms=now_ms))

    @delete("/subscriptions", opt={"who": Who.ACCOUNT}, summary="关闭推送")
    async def unsubscribe(
        self,
        database: NamedDependency[Database],
        account: NamedDependency[Account],
        data: JSONBody[OldSubscription],
    ) -> None:
        """Forget this device."""
        await database.write(lambda c: service.unsubscribe(c, account.name, data.endpoint))

    @post("/test", opt={"who": Who.ACCOUNT}, status_code=200, summary="试推送")
    async def test(
        self,
        database: NamedDependency[Database],
        account: NamedDependency[Account],
        deliverer: NamedDependency[Deliverer],
        trials: NamedDependency[Trials],
    ) -> Tried:
        """Send a message to each of my devices now, quiet hours or not: I am the one who asks. 429 after too many."""
        trials.begin(account.name)
        devices = await database.read(lambda c: targets.subscriptions(c, account.name))
        parcel = service.test_parcel()
        outcomes = await asyncio.gather(*(deliverer.senders[Channel.WEB_PUSH].send(parcel, each) for each in devices))
        gone = [each.id for each, outcome in zip(devices, outcomes, strict=True) if isinstance(outcome, Gone)]
        if gone:
            await database.write(lambda c: [targets.unsubscribe(c, each) for each in gone])
        return service.tried(list(outcomes))


class ChannelController(Controller):
    """My channels."""

    path = "/api/channels"
    tags = ("通知",)
    dependencies = _DEPENDENCIES

    @get(opt={"who": Who.ACCOUNT}, summary="我的通知方式")
    async def listing(
        self,
        database: NamedDependency[Database],
        settings: NamedDependency[Settings],
        account: NamedDependency[Account],
    ) -> ChannelsView:
        """Return how I am reached."""
        return await database.read(lambda c: service.channels(c, account.name, settings))

    @patch(opt={"who": Who.ACCOUNT}, summary="要不要推送")
    async def change(
        self,
        database: NamedDependency[Database],
        settings: NamedDependency[Settings],
        account: NamedDependency[Account],
        data: JSONBody[ChannelsChange],
    ) -> ChannelsView:
        """Switch web push on or off."""
        await database.write(lambda c: targets.prefer_push(c, account.name, wanted=data.web_push))
        return await database.read(lambda c: service.channels(c, account.name, settings))

    @post("/addresses", opt={"who": Who.ACCOUNT}, status_code=201, summary="添加通知地址")
    async def add(
        self,
        database: NamedDependency[Database],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
        account: NamedDependency[Account],
        data: JSONBody[NewAddress],
    ) -> AddressView:
        """Add an address for messages."""
        now_ms = to_ms(clock.now())
        return await database.write(lambda c: service.add_address(c, account.name, data.url, settings, now_ms=now_ms))

    @patch("/addresses/{address_id:str}", opt={"who": Who.ACCOUNT}, status_code=204, summary="启用或停用通知地址")
    async def enable(
        self,
        database: NamedDependency[Database],
        account: NamedDependency[Account],
        address_id: FromPath[str],
        data: JSONBody[AddressChange],
    ) -> None:
        """Switch an address of mine on or off."""
        if not await database.write(
            lambda c: targets.enable_address(c, account.name, address_id, enabled=data.enabled)
        ):
            raise NotFound

    @delete("/addresses/{address_id:str}", opt={"who": Who.ACCOUNT}, summary="删除通知地址")
    async def remove(
        self, database: NamedDependency[Database], account: NamedDependency[Account], address_id: FromPath[str]
    ) -> None:
        """Forget an address of mine."""
        if not await database.write(lambda c: targets.remove_address(c, account.name, address_id)):
            raise NotFound

    @post("/addresses/{address_id:str}/test", opt={"who": Who.ACCOUNT}, status_code=200, summary="试发消息")
    async def test(
        self,
        database: NamedDependency[Database],
        account: NamedDependency[Account],
        deliverer: NamedDependency[Deliverer],
        trials: NamedDependency[Trials],
        address_id: FromPath[str],
    ) -> Tried:
        """Send a message to an address of mine now. 429 after too many."""
        address = await database.read(lambda c: service.own_address(c, account.name, address_id))
        trials.begin(account.name)
        return service.tried([await deliverer.senders[Channel.MESSAGE].send(service.test_parcel(), address)])
