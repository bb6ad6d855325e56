"""Settings of the channels."""

from pydantic import BaseModel, Field


class PushSettings(BaseModel):
    """Web push (RFC 8030, 8291, 8292). The keys are made once, in the data folder."""

    contact: str = Field(
        "mailto:admin@localhost", description="whom a push service may write to about us: mailto: or https: (RFC 8292)"
    )
    hosts: list[str] = Field(
        default_factory=lambda: [
            "fcm.googleapis.com",
            "jmt17.google.com",
            "push.services.mozilla.com",
            "push.apple.com",
            "notify.windows.com",
        ],
        description="push services we talk to: these hosts and those below them. Browsers name the address, not we",
    )
    allow_loopback: bool = Field(
        default=False, description="also accept http://127.0.0.1 as a push service, and mail servers there: for tests"
    )
    timeout_seconds: float = Field(10, gt=0, description="longest wait for a push service's answer")
    per_account: int = Field(10, ge=1, description="devices of one account; the oldest goes when one more comes")


class MessageSettings(BaseModel):
    """E-mail and chat robots, through apprise."""

    timeout_seconds: float = Field(30, gt=0, description="longest wait for one message to be taken")
    mail_ports: list[int] = Field(default_factory=lambda: [25, 465, 587, 2525], description="ports of mail servers")
    per_account: int = Field(5, ge=1, description="addresses of one account")
    threads: int = Field(8, ge=1, description="messages under way at the same time; web push has as many of its own")
    threads_each: int = Field(2, ge=1, description="messages of one account under way at the same time")
