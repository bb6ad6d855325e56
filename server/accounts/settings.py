"""Settings of accounts, sessions and log-in."""

from pydantic import BaseModel, Field


class AccountSettings(BaseModel):
    """How passwords are hashed, how long sessions live, how often one may try."""

    argon2_time_cost: int = Field(3, ge=1, description="argon2id: passes over the memory")
    argon2_memory_kib: int = Field(65536, ge=8, description="argon2id: memory of one hash, KiB")
    argon2_parallelism: int = Field(2, ge=1, description="argon2id: lanes")
    hashing_threads: int = Field(2, ge=1, description="hashes computed at the same time; each takes its memory")
    session_idle_days: int = Field(30, ge=1, description="a session not used for so long ends")
    session_days: int = Field(180, ge=1, description="a session ends so long after log-in, used or not")
    login_window_seconds: int = Field(900, ge=1, description="failed log-ins are counted over this window")
    login_tries_per_account: int = Field(10, ge=1, description="failures of one name within the window")
    login_tries_per_client: int = Field(60, ge=1, description="failures from one address; offices share addresses")
    setup_link_hours: int = Field(24, ge=1, description="how long the first administrator's link is valid")
    verified_seconds: int = Field(300, ge=0, description="how long basic authentication remembers a checked password")
