"""The table of routes in docs/protocol.md leaves none out."""

from pathlib import Path

import pytest

from sync.http import routes

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"


@pytest.mark.parametrize("name", [*routes.SERVER, *routes.DATABASE, *routes.NOT_OFFERED, *routes.EXECUTED])
def test_every_route_is_told_of(name: str) -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert any(name in row.split("|")[1] for row in rows), name
