import httpx
import pytest

from server.areas import repository
from server.areas.models import Area
from tests import postgresql
from tests.server.conftest import World


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["areas"]]


async def test_a_visitor_sees_their_area_and_what_is_above(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/api/areas")
    assert ids(answer) == ["hp", "s1", "c1", "b1", "d-0101"]
    assert answer.json()["areas"][0] == {
        "id": "hp",
        "parent": None,
        "kind": "district",
        "name": "和平区",
        "sort": 0,
    }


async def test_a_supervisor_sees_the_subtree(supervisor: httpx.AsyncClient) -> None:
    assert ids(await supervisor.get("/api/areas")) == ["hp", "s1", "c1", "b1", "d-0101", "d-0102"]


async def test_large_subtrees_come_level_by_level_and_page_by_page(supervisor: httpx.AsyncClient) -> None:
    assert ids(await supervisor.get("/api/areas?under=c1&depth=1")) == ["b1"]
    assert ids(await supervisor.get("/api/areas?under=c1&depth=2")) == ["b1", "d-0101", "d-0102"]
    first = await supervisor.get("/api/areas?under=c1&limit=2")
    assert ids(first) == ["b1", "d-0101"]
    assert ids(await supervisor.get("/api/areas?under=c1&after=d-0101")) == ["d-0102"]
    assert first.json()["next"] == "d-0101"


@pytest.mark.parametrize("area", ["c2", "d-0201", "s1", "nowhere"])
async def test_what_is_not_mine_is_403_whether_it_exists_or_not(supervisor: httpx.AsyncClient, area: str) -> None:
    assert (await supervisor.get(f"/api/areas?under={area}")).status_code == 403


async def test_an_administrator_sees_all(admin: httpx.AsyncClient) -> None:
    assert len(ids(await admin.get("/api/areas"))) == 9
    assert len(ids(await admin.get("/api/admin/areas?limit=4"))) == 4
    assert (await admin.get("/api/areas?under=nowhere")).status_code == 404


async def test_an_area_is_added_and_named(admin: httpx.AsyncClient) -> None:
    new = {"id": "d-0103", "parent": "b1", "kind": "door", "name": " 3号楼3门 ", "sort": 3}
    made = await admin.post("/api/admin/areas", json=new)
    assert (made.status_code, made.json()["name"]) == (201, "3号楼3门")
    assert (await admin.post("/api/admin/areas", json=new)).status_code == 409
    changed = await admin.patch("/api/admin/areas/d-0103", json={"name": "三门"})
    assert (changed.json()["name"], changed.json()["sort"]) == ("三门", 3)
    assert (await admin.patch("/api/admin/areas/nowhere", json={"name": "三门"})).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"id": "D 1"}, "id"),
        ({"parent": "nowhere"}, "parent"),
        ({"parent": "d-0101"}, "parent"),
        ({"name": ""}, "name"),
        ({"kind": "planet"}, "kind"),
    ],
)
async def test_a_bad_area_is_refused_by_its_field(admin: httpx.AsyncClient, wrong: dict[str, str], field: str) -> None:
    new = {"id": "d-0103", "parent": "b1", "kind": "door", "name": "3号楼3门"}
    answer = await admin.post("/api/admin/areas", json=new | wrong)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_moving_takes_all_that_is_below_along(district: World, admin: httpx.AsyncClient) -> None:
    assert (await admin.patch("/api/admin/areas/b1", json={"parent": "c2"})).status_code == 200
    found = district.database.read_now(lambda c: repository.areas_of(c, ["b1", "d-0101", "b2"]))
    assert found["d-0101"].path == ("hp", "s1", "c2", "b1", "d-0101")
    assert found["b1"].parent == "c2"
    assert found["b2"].path == ("hp", "s1", "c2", "b2")
    assert ids(await district.client("supervisor").get("/api/areas")) == ["hp", "s1", "c1"]


async def test_an_area_cannot_go_below_itself(district: World, admin: httpx.AsyncClient) -> None:
    district.area("hp2", None, "district")
    assert (await admin.patch("/api/admin/areas/hp", json={"parent": "c1"})).status_code == 422
    assert (await admin.patch("/api/admin/areas/c1", json={"parent": "b1"})).status_code == 422


@pytest.mark.skipif(postgresql.WANTED, reason="it reads what SQLite says of its plan")
async def test_a_subtree_is_one_range_of_the_index(district: World) -> None:
    top = Area("c1", "s1", "community", "", ("hp", "s1", "c1"))  # type: ignore[arg-type]
    query = repository.select(repository.area.c.id).where(repository.below(top))
    text = str(query.compile(compile_kwargs={"literal_binds": True}))
    plan = district.database.read_now(lambda c: c.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all())
    assert "USING COVERING INDEX" in str(plan) or "USING INDEX" in str(plan)
    assert "path>? AND path<?" in str(plan)
