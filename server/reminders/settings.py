"""Settings of reminders: when they go out, and how often a delivery is tried."""

from datetime import time
from typing import Self

from pydantic import BaseModel, Field, model_validator


class ReminderSettings(BaseModel):
    """Times are Shanghai's. ``docs/decisions/0003-reminder-times.md`` says why they are what they are."""

    digest_at: time = Field(time(8, 30), description="when the day's reminders go out, as one message for each person")
    quiet_from: time = Field(time(21, 0), description="from here on nobody is disturbed")
    quiet_until: time = Field(time(8, 0), description="until here")
    late_after_working_days: int = Field(1, ge=1, description="late follow-up: its visitor is told after so many")
    escalate_after_working_days: int = Field(
        3, ge=1, description="late follow-up: the supervisors are told after so many"
    )
    stale_days: int = Field(30, ge=1, description="a follow-up overdue for longer reminds nobody any more (old data)")
    attempts: int = Field(8, ge=1, description="tries of one delivery before it is given up")
    backoff_seconds: float = Field(30, gt=0, description="wait after the first failure; doubles with each further one")
    backoff_limit_seconds: float = Field(3600, gt=0, description="longest wait between two tries")
    jitter: float = Field(0.2, ge=0, lt=1, description="each wait is shortened or lengthened by up to this part of it")
    claim_seconds: float = Field(
        120,
        gt=0,
        description="how long one process may take to send before another may; well above the time limits of channels",
    )
    batch: int = Field(50, ge=1, description="deliveries claimed at a time")
    keep_days: int = Field(180, ge=1, description="read or settled reminders are erased after so many days")

    @model_validator(mode="after")
    def _digest_is_not_at_night(self) -> Self:
        quiet = (
            self.quiet_from <= self.digest_at < self.quiet_until
            if self.quiet_from <= self.quiet_until
            else self.digest_at >= self.quiet_from or self.digest_at < self.quiet_until
        )
        if quiet:
            raise ValueError("digest_at lies in the quiet hours")
        return self
