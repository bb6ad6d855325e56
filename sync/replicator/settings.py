"""What can be set for replications with other servers."""

from pydantic import BaseModel, Field


class ReplicatorSettings(BaseModel):
    """Only administrators replicate; they may do so with any server unless ``hosts`` is set."""

    hosts: list[str] = Field(
        default_factory=list,
        description="the servers that may be replicated with: host names, `.example.org` for all below a name, "
        "addresses or networks; none: any but link-local addresses",
    )
    jobs: int = Field(100, ge=1, description="replications that run at the same time in one process")
    retries: int = Field(8, ge=0, description="tries of one request after the first, before the replication backs off")
    first_wait: float = Field(0.25, gt=0, description="seconds; the first wait of the back-off between requests")
    longest_wait: float = Field(600.0, gt=0, description="seconds; the longest wait before a replication starts again")
    timeout: float = Field(45.0, gt=1, description="seconds without a byte from the other server")
    lease_seconds: float = Field(
        20.0, gt=0, description="until another process takes over the replications of one that died"
    )
    checkpoint_seconds: float = Field(5.0, gt=0, description="between two checkpoints, where a request names no other")
