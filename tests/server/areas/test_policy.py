import pytest

from server.accounts.models import Account, Grant, Role
from server.areas.policy import granted_areas, may_read, may_review, may_write

DOOR = ("hp", "s1", "c1", "b1", "d-0101")


def account(*grants: tuple[str, str], admin: bool = False) -> Account:
    return Account("someone", "某人", admin=admin, grants=tuple(Grant(Role(role), area) for role, area in grants))


@pytest.mark.parametrize("area", DOOR)
def test_a_grant_on_the_area_or_above_opens_it(area: str) -> None:
    visitor = account(("visitor", area))
    assert may_read(visitor, DOOR)
    assert may_write(visitor, DOOR)
    assert not may_review(visitor, DOOR)
    assert may_review(account(("supervisor", area)), DOOR)


@pytest.mark.parametrize("area", ["d-0102", "b2", "d-010", "d-0101x", "c2"])
def test_a_grant_elsewhere_opens_nothing(area: str) -> None:
    stranger = account(("visitor", area), ("supervisor", area))
    assert not may_read(stranger, DOOR)
    assert not may_write(stranger, DOOR)
    assert not may_review(stranger, DOOR)


def test_a_grant_below_does_not_open_what_is_above() -> None:
    assert not may_read(account(("supervisor", "d-0101")), DOOR[:-1])


def test_an_administrator_reads_and_mends_but_does_not_review() -> None:
    admin = account(admin=True)
    assert may_read(admin, DOOR)
    assert may_write(admin, DOOR)
    assert not may_review(admin, DOOR)


def test_granted_areas_are_listed_once() -> None:
    both = account(("visitor", "d-0101"), ("supervisor", "d-0101"), ("visitor", "b9"))
    assert granted_areas(both) == ("b9", "d-0101")
    assert granted_areas(both, Role.SUPERVISOR) == ("d-0101",)
