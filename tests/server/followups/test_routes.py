"""Who sees which follow-ups."""

import httpx
import pytest

from server.followups import projection
from sync.store.database import Database
from tests.server.reminders.ground import followup


@pytest.fixture
def promised(database: Database, district: object) -> None:
    """At d-0101 one of visitor's and one of somebody else's, at d-0201 one of other's."""
    del district
    made = (
        followup(1, "2026-11-20", area="d-0101"),
        followup(2, "2026-11-24", area="d-0101", by="supervisor", state="done", done_at="2026-11-21T10:00:00+08:00"),
        followup(3, "2026-11-23", area="d-0201", by="other"),
        followup(4, "2026-11-25", area="d-0101"),
    )
    database.write_now(lambda c: projection.project(c, made))


async def listed(client: httpx.AsyncClient, **query: object) -> list[int]:
    answer = await client.get("/api/followups", params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200
    return [int(each["id"][-4:]) for each in answer.json()["items"]]


@pytest.mark.usefixtures("promised")
async def test_each_sees_their_own_and_supervisors_all_of_their_area(
    visitor: httpx.AsyncClient, other: httpx.AsyncClient, supervisor: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    assert await listed(visitor) == [1, 4]
    assert await listed(other) == [3]
    assert await listed(supervisor) == [1, 2, 4]
    assert await listed(supervisor, to="me") == [2]
    assert await listed(supervisor, state="open") == [1, 4]
    assert await listed(supervisor, state="open", due_until="2026-11-24") == [1]
    assert await listed(admin) == [1, 3, 2, 4]
    assert await listed(admin, area="c2") == [3]


@pytest.mark.usefixtures("promised")
async def test_an_area_of_others_and_nobody_are_turned_away(
    visitor: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    assert (await visitor.get("/api/followups", params={"area": "d-0201"})).status_code == 403
    assert (await visitor.get("/api/followups", params={"area": "nowhere"})).status_code == 403
    assert (await visitor.get("/api/followups", params={"cursor": "x"})).status_code in {400, 422}
    assert (await nobody.get("/api/followups")).status_code == 401


@pytest.mark.usefixtures("promised")
async def test_a_row_says_who_where_and_how_late(supervisor: httpx.AsyncClient) -> None:
    row = (await supervisor.get("/api/followups")).json()["items"][0]
    assert row["area"] == {"id": "d-0101", "name": "3号楼1门"}
    assert row["to"] == {"name": "visitor", "display_name": "李走访"}
    assert (row["due"], row["days_late"], row["state"], row["why"]) == ("2026-11-20", 2, "open", "送药后问候")


@pytest.mark.usefixtures("promised")
async def test_pages_follow_one_another(admin: httpx.AsyncClient) -> None:
    found, cursor = [], ""
    while True:
        answer = (await admin.get("/api/followups", params={"limit": 1, "cursor": cursor})).json()
        found += [int(each["id"][-4:]) for each in answer["items"]]
        if answer["next"] is None:
            break
        cursor = answer["next"]
    assert found == [1, 3, 2, 4]
