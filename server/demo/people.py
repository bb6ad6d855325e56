"""The demo's accounts: four to log in with, and the workers who wrote the year's visits."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Final

from sqlalchemy import Connection

from server.accounts import repository as accounts
from server.accounts.models import Grant, Role
from server.accounts.passwords import Passwords
from server.accounts.settings import AccountSettings
from server.demo import names
from server.demo.district import ADMIN, STREET, SUPERVISOR, VISITOR, Community, Door

PASSWORD: Final = "baijiamen-demo"  # noqa: S105  printed for everybody: a demo on this machine only
"""The password of the accounts to log in with."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the demo. Only those with ``logs_in`` have a password that anybody knows."""

    name: str
    display_name: str
    grants: tuple[Grant, ...] = ()
    admin: bool = False
    logs_in: bool = False


def people(communities: Iterable[Community], doors: Iterable[Door]) -> list[Person]:
    """Return everybody who works in ``communities``, with a grant on each of the ``doors`` that is theirs."""
    own: dict[str, list[str]] = {}
    for door in doors:
        own.setdefault(door.visitor, []).append(door.area.id)
    visits = {name: tuple(Grant(Role.VISITOR, area) for area in areas) for name, areas in own.items()}
    made = []
    for community in communities:
        answers_for = (Grant(Role.SUPERVISOR, community.area.id),)
        if community.supervisor == SUPERVISOR:
            made += [
                Person(VISITOR, "小周（走访）", visits.get(VISITOR, ()), logs_in=True),
                Person(SUPERVISOR, "社区书记（演示）", answers_for, logs_in=True),
                Person(STREET, "街道负责人（演示）", (Grant(Role.SUPERVISOR, community.area.path[-2]),), logs_in=True),
                Person(ADMIN, "管理员（演示）", admin=True, logs_in=True),
            ]
        for worker in community.workers:
            grants = visits.get(worker, ()) + (answers_for if worker == community.supervisor else ())
            made.append(Person(worker, names.person(Random(worker)), grants))  # noqa: S311  made-up names
    return made


def settle(connection: Connection, everybody: Iterable[Person], now_ms: int) -> int:
    """Add the accounts and grants that are missing; return how many accounts. Those that exist keep their passwords."""
    passwords = Passwords(AccountSettings())
    try:
        known = passwords.hash_now(PASSWORD)
        nobodys = passwords.hash_now(secrets.token_urlsafe(32))
    finally:
        passwords.close()
    wanted = list(everybody)
    there = accounts.find_many(connection, [person.name for person in wanted])
    added = 0
    for person in wanted:
        if person.name not in there and not accounts.exists(connection, person.name):
            accounts.add(
                connection,
                name=person.name,
                display_name=person.display_name,
                password_hash=known if person.logs_in else nobodys,
                admin=person.admin,
                created_ms=now_ms,
            )
            added += 1
        held = set(there[person.name].grants) if person.name in there else set()
        for grant in person.grants:
            if grant not in held:
                accounts.add_grant(connection, person.name, grant, now_ms)
    return added
