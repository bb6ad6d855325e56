"""What the channels' routes take and answer. No secret of a device or an address ever goes out again."""

from pydantic import BaseModel, ConfigDict, Field


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PushKey(BaseModel):
    """The server's public key for ``pushManager.subscribe``, base64url."""

    key: str


class PushKeys(_Taken):
    """The device's keys, base64url."""

    p256dh: str = Field(max_length=200)
    auth: str = Field(max_length=100)


class NewSubscription(BaseModel):
    """What ``PushSubscription.toJSON()`` gives; its other fields are not needed."""

    endpoint: str = Field(max_length=2000)
    keys: PushKeys


class OldSubscription(_Taken):
    """A device that no longer wants to be told."""

    endpoint: str = Field(max_length=2000)


class Tried(BaseModel):
    """What came of a test: messages taken, devices that are no more, and what was not taken."""

    sent: int
    gone: int
    failed: int


class WebPushView(BaseModel):
    """Web push: whether it is wanted, and to how many devices it goes."""

    enabled: bool
    devices: int


class AddressView(BaseModel):
    """An address for messages, without its secrets."""

    id: str
    scheme: str
    shown: str
    enabled: bool
    at: str


class ChannelsView(BaseModel):
    """How I am reached. In the application always."""

    in_app: bool = True
    web_push: WebPushView
    addresses: list[AddressView]


class ChannelsChange(_Taken):
    """Whether I want web push."""

    web_push: bool


class NewAddress(_Taken):
    """An address in apprise's form: ``mailtos://``, ``wecombot://``, ``dingtalk://``, ``feishu://``, ``lark://``."""

    url: str = Field(min_length=1, max_length=1000)


class AddressChange(_Taken):
    """Whether the address is used."""

    enabled: bool
