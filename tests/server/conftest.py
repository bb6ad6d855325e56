"""What the tests of the application share: a small district, and browsers that are logged in.

::

    hp 和平区 (district) ─ s1 劝业场街 (street)
      ├ c1 (community) ─ b1 3号楼 (building) ─┬ d-0101 3号楼1门 (door)   visitor ``visitor``
      │                                       └ d-0102 3号楼2门 (door)
      │                                        supervisor of c1: ``supervisor``
      └ c2 (community) ─ b2 ─ d-0201 (door)      visitor ``other``, supervisor ``other-supervisor``
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from server.accounts import repository as accounts
from server.accounts import sessions
from server.accounts.models import Account, Grant, Role
from server.accounts.settings import AccountSettings
from server.app import create_app
from server.areas import repository as areas
from server.areas.models import Area, AreaKind
from server.clock import SHANGHAI, FixedClock, to_ms
from server.database.migrate import METADATA
from server.settings import Settings
from sync.store.database import Database
from tests import postgresql
from tests.postgresql import Cluster

PASSWORD = "winter-plum-22"
BASE = "http://baijiamen.test"


@dataclass
class World:
    """Puts facts into the database, and opens browsers. All its methods but :meth:`client` are immediate."""

    app: Litestar
    database: Database
    clock: FixedClock
    clients: list[httpx.AsyncClient] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    _hash: str = ""

    def area(self, area_id: str, parent: str | None = None, kind: str = "door", name: str | None = None) -> Area:
        def job(c: object) -> Area:
            above = () if parent is None else areas.areas_of(c, [parent])[parent].path  # type: ignore[arg-type]
            made = Area(area_id, parent, AreaKind(kind), name or area_id, (*above, area_id))
            areas.add(c, [made])  # type: ignore[arg-type]
            return made

        return self.database.write_now(job)

    def account(self, name: str, *, admin: bool = False, display_name: str | None = None) -> Account:
        """Add an account whose password is :data:`PASSWORD`."""
        self._hash = self._hash or self.app.state.passwords.hash_now(PASSWORD)
        self.database.write_now(
            lambda c: accounts.add(
                c,
                name=name,
                display_name=display_name or name.title(),
                password_hash=self._hash,
                admin=admin,
                created_ms=to_ms(self.clock.now()),
            )
        )
        return self.find(name)

    def grant(self, name: str, role: str, area: str) -> Account:
        given = Grant(Role(role), area)
        self.database.write_now(lambda c: accounts.add_grant(c, name, given, to_ms(self.clock.now())))
        return self.find(name)

    def find(self, name: str) -> Account:
        found = self.database.read_now(lambda c: accounts.find(c, name))
        assert found is not None
        return found

    def client(self, name: str | None = None) -> httpx.AsyncClient:
        """Return a browser with a session of the account ``name``; without a name, nobody's."""
        cookies = {}
        if name is not None:
            cookies[sessions.COOKIE] = self.database.write_now(lambda c: sessions.start(c, name, self.clock))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("198.51.100.7", 4000))
        made = httpx.AsyncClient(transport=transport, base_url=BASE, cookies=cookies)
        self.clients.append(made)
        return made


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the application keeps its data: in its data folder, or in a PostgreSQL database of the test's own."""
    if not postgresql.WANTED:
        yield ""
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    made = cluster.create()
    yield made
    cluster.drop(made)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    data = tmp_path / "data"
    data.mkdir()
    cheap = AccountSettings(argon2_time_cost=1, argon2_memory_kib=8, argon2_parallelism=1)
    return Settings(data=data, database_url=database_url, pwa=tmp_path / "dist", accounts=cheap)


@pytest.fixture
def clock() -> FixedClock:
    """Sunday 2026-11-22, ten in the morning in Shanghai."""
    return FixedClock(datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI))


@pytest.fixture
async def app(settings: Settings, clock: FixedClock) -> AsyncIterator[Litestar]:
    """The application on an empty database, started."""
    made = create_app(settings, clock)
    for each in METADATA:
        made.state.database.write_now(each.create_all)
    started, over = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with made.lifespan():
            started.set()
            await over.wait()

    # A task of its own: a fixture's two halves may run in different tasks, which the lifespan does not bear.
    running = asyncio.create_task(run())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()
    yield made
    over.set()
    await running


@pytest.fixture
def database(app: Litestar) -> Iterator[Database]:
    return app.state.database


@pytest.fixture
async def world(app: Litestar, database: Database, clock: FixedClock) -> AsyncIterator[World]:
    """An empty world: no areas, no accounts."""
    made = World(app, database, clock)
    yield made
    for client in made.clients:
        await client.aclose()


@pytest.fixture
def district(world: World) -> World:
    """The world with the small district drawn above, and its accounts."""
    for area_id, parent, kind, name in (
        ("hp", None, "district", "和平区"),
        ("s1", "hp", "street", "劝业场街"),
        ("c1", "s1", "community", "新疆路社区"),
        ("b1", "c1", "building", "3号楼"),
        ("d-0101", "b1", "door", "3号楼1门"),
        ("d-0102", "b1", "door", "3号楼2门"),
        ("c2", "s1", "community", "兆丰路社区"),
        ("b2", "c2", "building", "8号楼"),
        ("d-0201", "b2", "door", "8号楼1门"),
    ):
        world.area(area_id, parent, kind, name)
    for name, shown, role, area in (
        ("visitor", "李走访", "visitor", "d-0101"),
        ("other", "王走访", "visitor", "d-0201"),
        ("supervisor", "张书记", "supervisor", "c1"),
        ("other-supervisor", "赵书记", "supervisor", "c2"),
    ):
        world.account(name, display_name=shown)
        world.grant(name, role, area)
    world.account("admin", admin=True, display_name="管理员")
    return world


@pytest.fixture
def nobody(world: World) -> httpx.AsyncClient:
    return world.client()


@pytest.fixture
def visitor(district: World) -> httpx.AsyncClient:
    """A browser of 李走访, who visits at d-0101."""
    return district.client("visitor")


@pytest.fixture
def other(district: World) -> httpx.AsyncClient:
    """A browser of 王走访, who visits at d-0201: another community."""
    return district.client("other")


@pytest.fixture
def supervisor(district: World) -> httpx.AsyncClient:
    """A browser of 张书记, who supervises c1."""
    return district.client("supervisor")


@pytest.fixture
def admin(district: World) -> httpx.AsyncClient:
    return district.client("admin")
