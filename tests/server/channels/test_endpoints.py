"""Whom we agree to knock at."""

import pytest

from server.channels.endpoints import check_address, check_push
from server.channels.settings import MessageSettings, PushSettings
from server.errors import Invalid
from tests.server.channels.listening import Browser, text

BROWSER = Browser()
P256DH, AUTH = BROWSER.p256dh, text(BROWSER.auth)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://sg2p.notify.windows.com/w/?token=abc",
    ],
)
def test_the_push_services_of_browsers_are_known(endpoint: str) -> None:
    check_push(endpoint, P256DH, AUTH, PushSettings())


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com",
        "https://evilfcm.googleapis.com.cn/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://127.0.0.1/x",
        "http://127.0.0.1:8000/x",
        "http://localhost/x",
        "http://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8/x",
        "ftp://fcm.googleapis.com/x",
        "https://[bad/x",
        "https://127.0.0.1\\.fcm.googleapis.com/x",  # to requests, a host 127.0.0.1 and the path /\.fcm…
        "https://evil.example%2f.fcm.googleapis.com/x",
        "https://fcm.googleapis.com:443\t/x",
        "",
    ],
)
def test_other_endpoints_are_refused(endpoint: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_push(endpoint, P256DH, AUTH, PushSettings())
    assert refused.value.field == "endpoint"


def test_loopback_is_accepted_only_when_the_settings_say_so() -> None:
    settings = PushSettings(allow_loopback=True)
    check_push("http://127.0.0.1:8123/x", P256DH, AUTH, settings)
    check_push("http://localhost:8123/x", P256DH, AUTH, settings)
    for endpoint in ("http://10.0.0.8/x", "http://127.0.0.1.evil.example/x"):
        with pytest.raises(Invalid):
            check_push(endpoint, P256DH, AUTH, settings)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [("AAAA", AUTH), (P256DH, "AAAA"), ("不", AUTH), (P256DH, "")],
    ids=["short key", "short secret", "no base64", "no secret"],  # the real ones are made anew in each process
)
def test_broken_keys_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_push("https://fcm.googleapis.com/x", p256dh, auth, PushSettings())
    assert refused.value.field.startswith("keys.")


@pytest.mark.parametrize(
    ("url", "scheme", "shown"),
    [
        ("mailtos://li.ming:secretcode@qq.com", "mailtos", "邮件 l…@qq.com"),
        (
            "mailtos://robot:secret@smtp.example.cn:465/wang@example.cn?from=robot@example.cn",
            "mailtos",
            "邮件 w…@example.cn",
        ),
        ("mailtos://robot:secret@example.cn?smtp=smtp.example.cn&to=zhao@example.cn", "mailtos", "邮件 z…@example.cn"),
        ("wecombot://693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa", "wecombot", "企业微信机器人（尾号 5aaa）"),
        ("dingtalk://SECabcdefgh@0123456789abcdef", "dingtalk", "钉钉机器人（尾号 cdef）"),
        ("feishu://abcdefgh-1234", "feishu", "飞书机器人（尾号 1234）"),
    ],
)
def test_mail_and_chat_robots_are_accepted_and_shown_without_secrets(url: str, scheme: str, shown: str) -> None:
    checked = check_address(url, MessageSettings(), allow_loopback=False)
    assert (checked.scheme, checked.shown) == (scheme, shown)


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1/x",
        "jsons://evil.example/x",
        "xml://evil.example",
        "form://evil.example",
        "http://evil.example",
        "file:///etc/passwd",
        "syslog://localhost",
        "wecom://corp",
        "mailto://user:pass@127.0.0.1:25/a@b.cn",
        "mailto://user:pass@localhost/a@b.cn",
        "mailto://user:pass@10.0.0.8/a@b.cn",
        "mailtos://user:pass@example.cn?smtp=169.254.169.254",
        "mailtos://user:pass@example.cn?smtp=mail.internal",
        "mailtos://user:pass@example.cn:6379/a@b.cn",
        "mailtos://user:pass@example.cn?pgp=yes&pgppub=/etc/passwd",
        "mailtos://user:pass@example.cn?cc=evil@example.cn",
        "mailtos://user:pass@example.cn?+X-Header=1",
        "mailtos://user:pass@example.cn/not-a-mailbox",
        "mailtos://user:pass@example.cn, json://evil.example",
        "wecombot://key1?redirect=yes",
        "wecombot://",
        "dingtalk://evil.example/x",
        "feishu://a b",
        "wecombot://" + "a" * 2000,
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_address(url, MessageSettings(), allow_loopback=False)
    assert refused.value.field == "url"
    assert "secret" not in str(refused.value)
