"""Settings of the scheduler."""

from pydantic import BaseModel, Field


class SchedulingSettings(BaseModel):
    """Every process may run the scheduler; the one that holds the lease works."""

    every_seconds: float = Field(5, gt=0, description="how often we look for what is due")
    lease_seconds: float = Field(30, gt=2, description="a scheduler that is silent for so long is replaced")
