"""Loading the demo district into an installation: areas, accounts, households, and a year of visits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.areas import repository as areas
from server.areas.models import Area
from server.clock import SHANGHAI, Clock, from_ms, to_ms
from server.demo import people
from server.demo.chronicle import Chapter, Chronicle, Loadable
from server.demo.district import ADMIN, DISTRICT, STREET, SUPERVISOR, VISITOR, Door, communities, doors, streets
from server.demo.households import homes
from server.demo.scenario import first_day
from server.demo.visits import Diarist
from server.errors import Conflict
from sync.store.contract import DocumentStore
from sync.store.database import Database

SEED: Final = "进百家门"
BATCH: Final = 2000
"""Documents in one transaction, about."""
DATABASE: Final = "areas"

Progress = Callable[[str], None]


@dataclass(slots=True)
class Summary:
    """How much was added. All zeros: it was all there already."""

    areas: int = 0
    accounts: int = 0
    households: int = 0
    visits: int = 0
    followups: int = 0
    reviews: int = 0

    @property
    def added(self) -> int:
        """How many things were added in all."""
        return sum(getattr(self, each.name) for each in fields(self))

    def lines(self) -> Iterator[str]:
        """Yield what was loaded and how to log in, for the terminal."""
        if self.added:
            yield (
                f"演示数据已装好：网格 {self.areas} 个，账号 {self.accounts} 个，住户 {self.households} 户，"
                f"走访 {self.visits} 条，回访 {self.followups} 条，审阅 {self.reviews} 条。全部是虚构的。"
            )
        else:
            yield "演示数据已经在了，没有改动。"
        yield f"登录密码都是 {people.PASSWORD}（只供本机演示，请不要用在正式环境）："
        yield f"  {VISITOR}　走访人员，管两个楼门"
        yield f"  {SUPERVISOR}　社区负责人，审阅全社区的走访"
        yield f"  {STREET}　街道负责人"
        yield f"  {ADMIN}　管理员"


@dataclass(frozen=True, slots=True)
class _Loading:
    database: Database
    store: DocumentStore
    summary: Summary
    progress: Progress


def load(
    database: Database, store: DocumentStore, clock: Clock, *, full: bool, progress: Progress = lambda _: None
) -> Summary:
    """Load the demo district; what is there already is left as it is, whoever has changed it since.

    By default one community has a few buildings with people; ``full`` fills all 64, in minutes. The same installation
    and day give the same documents everywhere, and the small demo is a part of the full one. The year ends on the day
    of the first loading. ``progress`` gets a line now and then. Raises :class:`server.errors.Conflict` when the
    installation has areas of its own. Call it outside an event loop.
    """
    loading = _Loading(database, store, Summary(), progress)
    buildings = [(c, list(doors(c, full=full))) for c in communities()]
    all_doors = [door for _, some in buildings for _, of_building in some for door in of_building]
    wanted = [DISTRICT, *streets()]
    for community, some in buildings:
        wanted.append(community.area)
        for building, of_building in some:
            wanted += [building, *(door.area for door in of_building)]
    everybody = people.people([community for community, some in buildings if some], all_doors)
    first = database.write_now(lambda c: _ground(c, loading, wanted, everybody, to_ms(clock.now())))
    chronicle = _fill(loading, all_doors, first.astimezone(SHANGHAI))
    _tell(loading, chronicle)
    return loading.summary


def _ground(
    connection: Connection,
    loading: _Loading,
    wanted: Sequence[Area],
    everybody: Sequence[people.Person],
    now_ms: int,
) -> datetime:
    """Add areas, accounts and the database of documents; return when the demo was first loaded."""
    if areas.count(connection) and areas.one(connection, DISTRICT.id) is None:
        raise Conflict("这个数据目录里已有别的网格，演示数据不会混进去。请用 --data 指定一个新的空目录。")
    there = areas.areas_of(connection, [each.id for each in wanted])
    missing = [each for each in wanted if each.id not in there]
    areas.add(connection, missing)
    loading.summary.areas = len(missing)
    loading.summary.accounts = people.settle(connection, everybody, now_ms)
    if DATABASE not in loading.store.names_now(connection):
        loading.store.create_now(connection, DATABASE)
    visitor = accounts.listed(connection, VISITOR)
    return from_ms(visitor.created_ms if visitor else now_ms)


def _fill(loading: _Loading, all_doors: Sequence[Door], now: datetime) -> Chronicle:
    """Load the households; return the year's visits to them, which are loaded in the order of their days."""
    chronicle = Chronicle()
    waiting: list[Loadable] = []
    done = 0
    for door in all_doors:
        random = Random(f"{SEED}:{door.area.id}")  # noqa: S311  it must be repeatable, not secret
        behind = list(homes(door, random, now - timedelta(days=400)))
        waiting += [(home.id, home.body, door.area.id, door.area.path) for home in behind]
        diarist = Diarist(door, random, now)
        diarist.year(behind)
        if door is all_doors[0]:
            first_day(diarist, behind)
        chronicle.add(door.area.path, diarist.diary)
        if len(waiting) >= BATCH or door is all_doors[-1]:
            some, waiting = waiting, []
            loading.summary.households += loading.database.write_now(partial(_missing, loading, some))
            done += len(some)
            loading.progress(f"住户 {done}")
    return chronicle


def _tell(loading: _Loading, chronicle: Chronicle) -> None:
    done = 0
    for chapter in chronicle.chapters(BATCH):
        loading.database.write_now(partial(_load_chapter, loading, chapter))
        done += len(chapter.visits)
        loading.progress(f"走访 {done} / {len(chronicle)}")


def _load_chapter(loading: _Loading, chapter: Chapter, connection: Connection) -> None:
    summary = loading.summary
    summary.visits += _missing(loading, chapter.visits, connection)
    summary.followups += _missing(loading, chapter.followups, connection)
    stored = loading.store.get_many_now(connection, DATABASE, chapter.reviews)
    reviews: list[Loadable] = []
    for visit, (id_, body, area, path) in chapter.reviews.items():
        if not stored[visit].deleted:
            reviews.append((id_, body | {"visit_rev": stored[visit].rev}, area, path))
    summary.reviews += _missing(loading, reviews, connection)


def _missing(loading: _Loading, documents: Sequence[Loadable], connection: Connection) -> int:
    """Load those documents that were never stored, so that what visitors did to the demo since is left alone."""
    there = loading.store.get_many_now(connection, DATABASE, [id_ for id_, *_ in documents])
    return loading.store.load_now(connection, DATABASE, [each for each in documents if each[0] not in there])
