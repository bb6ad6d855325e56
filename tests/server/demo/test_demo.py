"""The demo district: the same everywhere, of the right size, by the rules, and loaded once."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from pydantic import BaseModel
from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.clock import SHANGHAI, FixedClock
from server.database.tables import metadata
from server.demo import district, names
from server.demo.district import SUPERVISOR, VISITOR, communities, doors
from server.demo.households import homes
from server.demo.service import Summary, load
from server.demo.visits import Diarist
from server.documents.registry import TYPES, type_of
from server.documents.rules import DATABASE, AreaRules
from server.errors import Conflict
from sync.access import Principal, Stored, View
from sync.store import Store
from sync.store.database import Database

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
TODAY = NOW.date()


class Installation:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.clock = FixedClock(NOW)
        self.database = Database(f"sqlite:///{folder / 'baijiamen.db'}")
        self.store = Store(self.database, {DATABASE: AreaRules(self.clock)})
        self.database.write_now(metadata.create_all)
        self.database.write_now(self.store.create_tables_now)

    def load(self) -> Summary:
        return load(self.database, self.store, self.clock, full=False)

    def documents(self) -> dict[str, Stored]:
        return self.database.read_now(lambda c: {each.id: each for each in self.store.iterate_now(c, DATABASE)})


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "one")
    yield made
    made.database.close()


@pytest.fixture
def bodies(installation: Installation) -> dict[str, Stored]:
    installation.load()
    return installation.documents()


def test_the_full_district_has_the_figures_of_the_report() -> None:
    all_communities = communities()
    all_doors = [door for c in all_communities for _, some in doors(c, full=True) for door in some]
    assert len(all_communities) == 64
    assert len({c.area.path[1] for c in all_communities}) == 6
    assert sum(len(c.workers) for c in all_communities) == 757
    assert len({worker for c in all_communities for worker in c.workers}) == 757
    assert sum(1 for c in all_communities for _ in doors(c, full=True)) == 216
    assert len(all_doors) == len({door.area.id for door in all_doors}) == 4_167
    assert sum(door.households for door in all_doors) == 130_000
    assert sum(door.in_difficulty for door in all_doors) == 2_700
    assert all(door.in_difficulty <= door.households for door in all_doors)
    assert len({names.community(number) for number in range(64)}) == 64


def test_the_small_district_is_a_part_of_the_full_one() -> None:
    first = communities()[0]
    small = [door for _, some in doors(first, full=False) for door in some]
    full = {door.area.id: door for _, some in doors(first, full=True) for door in some}
    assert len(small) == 12
    assert all(full[door.area.id] == door for door in small)
    assert not list(doors(communities()[1], full=False))


def test_a_full_year_is_a_few_hundred_thousand_visits() -> None:
    sample = [door for _, some in doors(communities()[9], full=True) for door in some]
    visits = 0
    for door in sample:
        random = Random(door.area.id)
        diarist = Diarist(door, random, NOW)
        diarist.year(list(homes(door, random, NOW - timedelta(days=400))))
        visits += len(diarist.diary.visits)
    assert 200_000 < visits / len(sample) * district.DOORS < 450_000


def test_small_by_default(installation: Installation) -> None:
    summary = installation.load()
    assert summary.areas == 1 + 6 + 64 + 3 + 12
    assert summary.households == 374
    assert 300 < summary.visits < 2_000
    assert summary.followups > 20
    assert 0 < summary.reviews < summary.visits
    kinds = Counter(type_of(id_) for id_ in installation.documents())
    assert kinds == {
        "household": summary.households,
        "visit": summary.visits,
        "followup": summary.followups,
        "review": summary.reviews,
    }


def test_two_installations_get_the_same_documents(installation: Installation, tmp_path: Path) -> None:
    installation.load()
    other = Installation(tmp_path / "two")
    other.load()
    first = {id_: (each.rev, each.scope_owner) for id_, each in installation.documents().items()}
    assert first == {id_: (each.rev, each.scope_owner) for id_, each in other.documents().items()}
    other.database.close()


def test_again_adds_nothing_and_undoes_nothing(installation: Installation) -> None:
    installation.load()
    id_, edited = next(iter(installation.documents().items()))
    body = dict(edited.body) | {"note": "下午在家"}
    installation.database.write_now(
        lambda c: installation.store.load_now(c, DATABASE, [(id_, body, edited.scope_owner, edited.scopes)])
    )
    before = {each.id: each.rev for each in installation.documents().values()}
    installation.clock.advance(timedelta(days=3))
    assert installation.load().added == 0
    assert {each.id: each.rev for each in installation.documents().values()} == before


def test_every_document_keeps_the_rules(bodies: dict[str, Stored]) -> None:
    for id_, each in bodies.items():
        model: type[BaseModel] = TYPES[type_of(id_)]
        model.model_validate(dict(each.body))
        assert each.scope_owner == each.body["area"]
        assert len(each.scopes) == 5
        assert datetime.fromisoformat(str(each.body["at"])) <= NOW


def test_what_documents_name_is_there(bodies: dict[str, Stored]) -> None:
    for id_, each in bodies.items():
        for name in ("household", "visit", "followup", "done_by_visit"):
            if each.body.get(name) is not None:
                assert each.body[name] in bodies, (id_, name)
        if type_of(id_) == "review":
            assert each.body["visit_rev"] == bodies[each.body["visit"]].rev


def test_phones_are_nobodys(bodies: dict[str, Stored]) -> None:
    phones = {str(each.body["phone"]) for each in bodies.values() if each.body.get("phone")}
    assert all(phone.startswith("1990000") for phone in phones)


def test_the_visitors_first_day_has_something_to_do(bodies: dict[str, Stored]) -> None:
    mine = [
        each.body
        for id_, each in bodies.items()
        if type_of(id_) == "followup" and each.body["to"] == VISITOR and each.body["state"] == "open"
    ]
    due = [date.fromisoformat(str(body["due"])) for body in mine]
    assert sum(day == TODAY for day in due) >= 3
    assert sum(TODAY < day <= TODAY + timedelta(days=7) for day in due) >= 4
    assert any(day < TODAY for day in due)
    returned = [each.body for each in bodies.values() if each.body.get("state") == "returned"]
    assert any(bodies[str(body["visit"])].body["by"] == VISITOR and body["note"] for body in returned)
    assert all(body["by"] == SUPERVISOR for body in returned)


def test_everybody_writes_where_they_are_granted(installation: Installation, bodies: dict[str, Stored]) -> None:
    found = installation.database.read_now(
        lambda c: accounts.find_many(c, {str(each.body["by"]) for each in bodies.values()})
    )
    for each in bodies.values():
        assert {grant.area for grant in found[str(each.body["by"])].grants} & set(each.scopes)


def test_a_real_installation_is_left_alone(installation: Installation) -> None:
    own = Area("ours", None, AreaKind.DISTRICT, "本区", ("ours",))
    installation.database.write_now(lambda c: areas.add(c, [own]))
    with pytest.raises(Conflict, match="空目录"):
        installation.load()
    assert installation.database.read_now(areas.count) == 1


def test_the_summary_says_how_to_log_in(installation: Installation) -> None:
    said = "\n".join(installation.load().lines())
    for name in ("demo-visitor", "demo-supervisor", "demo-street", "admin", "baijiamen-demo"):
        assert name in said
    assert "没有改动" in "\n".join(installation.load().lines())


def test_phones_could_have_pushed_it(installation: Installation, bodies: dict[str, Stored], tmp_path: Path) -> None:
    """The rules that judge what phones send accept the demo's documents as their authors'."""
    other = Installation(tmp_path / "pushed")
    all_areas = installation.database.read_now(lambda c: areas.page(c, limit=1000))
    authors = {str(each.body["by"]) for each in bodies.values()}
    found = installation.database.read_now(lambda c: accounts.find_many(c, authors))

    def ground(connection: Connection) -> None:
        other.store.create_now(connection, DATABASE)
        areas.add(connection, all_areas)
        for account in found.values():
            accounts.add(
                connection,
                name=account.name,
                display_name=account.display_name,
                password_hash="-",
                admin=False,
                created_ms=0,
            )
            for grant in account.grants:
                accounts.add_grant(connection, account.name, grant, 0)

    other.database.write_now(ground)
    ours = [each for id_, each in bodies.items() if type_of(id_) != "review" and each.scope_owner == "hp-1-01-1-1"]
    order = ("household", "visit", "followup")
    for each in sorted(ours, key=lambda each: order.index(type_of(each.id))):
        pushed = Principal(str(each.body["by"]))
        through = View("area-hp-1-01-1-1", DATABASE, "hp-1-01-1-1")
        other.database.write_now(partial(_put, other.store, through, pushed, each))
    assert len(other.documents()) == len(ours) > 80
    other.database.close()


def _put(store: Store, view: View, principal: Principal, each: Stored, connection: Connection) -> str:
    return store.put_now(connection, view, principal, each.id, each.body, rev=None)
