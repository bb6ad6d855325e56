"""Which addresses on the network we agree to talk to.

Browsers and users name them; we must not be made to knock anywhere else (server-side request forgery).
"""

import ipaddress
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from server.channels.settings import MessageSettings, PushSettings
from server.errors import Invalid

_POINT: Final = 65
_AUTH: Final = 16
_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)+(?=[a-z]){_LABEL}")  # no number at the end: no IP address
_PLAIN: Final = re.compile(r"[!#-\[\]-~]+")  # printable ASCII but blank, quotation mark and backslash
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}")
_LIMIT: Final = 1000

ROBOTS: Final[Mapping[str, str]] = {"wecombot": "企业微信", "dingtalk": "钉钉", "feishu": "飞书", "lark": "Lark"}
"""Chat robots: their plugins talk to one fixed host each."""
MAIL: Final = ("mailto", "mailtos")
MAIL_OPTIONS: Final = frozenset({"smtp", "from", "to", "name", "mode", "user", "pass"})
"""What a mail address may carry after "?". Others name files or further hosts (keys for encryption)."""


def check_push(endpoint: str, p256dh: str, auth: str, settings: PushSettings) -> None:
    """Raise :class:`Invalid` unless ``endpoint`` is at a push service we know and the keys are keys."""
    if not _is_push_service(endpoint, settings):
        raise Invalid(
            "endpoint", "这个浏览器的推送服务不在允许之列。请换用系统自带浏览器或 Chrome、Edge，或请管理员添加。"
        )
    for field, text, length in (("keys.p256dh", p256dh, _POINT), ("keys.auth", auth, _AUTH)):
        try:
            good = len(urlsafe_b64decode(text + "=" * (-len(text) % 4))) == length
        except ValueError:
            good = False
        if not good:
            raise Invalid(field, "推送密钥不完整。请在「我的」里关掉通知再打开一次。")


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Checked:
    """A message address that may be used. ``shown`` is what its owner sees again: enough to know it, no secret."""

    scheme: str
    shown: str


def check_address(url: str, settings: MessageSettings, *, allow_loopback: bool) -> Checked:
    """Return what ``url`` (apprise's form) is. Raises :class:`Invalid` for what is not allowed."""
    if len(url) > _LIMIT or any(ord(each) <= ord(" ") for each in url):
        raise Invalid("url", "地址太长或含有空格，请检查后重填。")
    scheme = url.split("://", 1)[0].lower()
    if scheme in MAIL:
        return _mail(scheme, url, settings, allow_loopback=allow_loopback)
    if scheme in ROBOTS:
        return _robot(scheme, url)
    raise Invalid(
        "url", "只支持电子邮件（mailtos://）、企业微信群机器人（wecombot://）、钉钉（dingtalk://）和飞书（feishu://）。"
    )


def _is_push_service(endpoint: str, settings: PushSettings) -> bool:
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    # What a URL's host is, libraries see differently once there is a backslash or a blank in it: none is taken.
    if len(endpoint) > 2 * _LIMIT or not _PLAIN.fullmatch(endpoint) or parts.username is not None or parts.fragment:
        return False
    if settings.allow_loopback and parts.scheme in {"http", "https"} and is_loopback(host):
        return True
    known = any(host == each or host.endswith(f".{each}") for each in settings.hosts)
    return parts.scheme == "https" and known and _NAME.fullmatch(host) is not None and port in {None, 443}


def _robot(scheme: str, url: str) -> Checked:
    parts = urlsplit(url)
    whole = [parts.netloc, *(each for each in parts.path.split("/") if each)]
    secret, _, token = whole[0].rpartition("@")
    pieces = [piece for piece in (secret, token, *whole[1:]) if piece]
    if parts.query or parts.fragment or not token or not all(_TOKEN.fullmatch(piece) for piece in pieces):
        raise Invalid("url", f"{ROBOTS[scheme]}机器人的地址不对：应是 {scheme}://后面接机器人的 key，不带其他内容。")
    return Checked(scheme, f"{ROBOTS[scheme]}机器人（尾号 {token[-4:]}）")


def _mail(scheme: str, url: str, settings: MessageSettings, *, allow_loopback: bool) -> Checked:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise Invalid("url", "邮件地址写法不对，例：mailtos://用户名:授权码@qq.com?to=收件人@qq.com") from None
    server = unquote(options.get("smtp", host)).lower()
    for each in {host, server}:
        if not (_NAME.fullmatch(each) or (allow_loopback and is_loopback(each))) or _is_internal(each):
            raise Invalid("url", "邮件服务器应写域名（如 smtp.qq.com），不能是内网地址。")
    if port is not None and port not in settings.mail_ports and not (allow_loopback and is_loopback(server)):
        raise Invalid("url", "邮件服务器的端口只能是 25、465、587 等常用端口。")
    if unknown := sorted(set(options) - MAIL_OPTIONS):
        raise Invalid("url", f"邮件地址里有不支持的选项：{'、'.join(unknown)}。请删去后再存。")
    to = [unquote(each) for each in (*parts.path.split("/"), *options.get("to", "").split(",")) if each]
    if not all(_MAILBOX.fullmatch(each) for each in to):
        raise Invalid("url", "收件人应是完整的邮箱，如 name@qq.com。")
    mailbox = to[0] if to else f"{unquote(parts.username or '')}@{host}"
    return Checked(scheme, f"邮件 {mailbox[0]}…@{mailbox.rpartition('@')[2]}")


def _is_internal(host: str) -> bool:
    return host.endswith((".local", ".internal", ".localhost", ".lan", ".home.arpa"))
