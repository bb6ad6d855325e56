"""All routes × roles: each answers as the rule that it declares says."""

import pytest
from litestar import Litestar

from server.accounts.policy import Who
from tests.server.authorization.asking import status_of
from tests.server.conftest import World

ROLES = (None, "other", "visitor", "supervisor", "admin")
VALUES = {
    "name": "visitor",
    "account_name": "visitor",
    "role": "visitor",
    "area": "d-0101",
    "area_id": "d-0101",
    "day": "2026-11-22",
    "refusal_id": "1",
}

LET_IN = {
    Who.ANYONE: set(ROLES),
    Who.GATEKEEPER: set(ROLES),
    Who.ACCOUNT: {"other", "visitor", "supervisor", "admin"},
    Who.SUPERVISOR: {"supervisor"},
    Who.ADMIN: {"admin"},
    Who.LOOPBACK: {"admin"},
}

REFUSED_BY_DATA = {"POST /api/setup", "POST /api/session"}
"""Routes whose own business is to answer 401 or 403."""


def declared(app: Litestar) -> list[tuple[str, str, Who]]:
    """Return (method, path with values, rule) of every route, most destructive last."""
    found = []
    for route in app.routes:
        path = route.path_format
        for name in route.path_parameters:
            path = path.replace("{" + name + "}", VALUES.get(name, "nothing"))
        for handler in getattr(route, "route_handlers", None) or [route.route_handler]:  # type: ignore[attr-defined]
            methods = getattr(handler, "http_methods", {"GET", "POST", "PUT", "DELETE"})
            found += [(method, path, handler.opt["who"]) for method in methods if method != "OPTIONS"]
    return sorted(found, key=lambda each: (each[0] in {"DELETE", "PATCH"}, each[1], each[0]))


@pytest.mark.parametrize("role", ROLES)
async def test_every_route_keeps_its_rule(district: World, role: str | None) -> None:
    routes = declared(district.app)
    assert len(routes) > 50
    for method, path, who in routes:
        status = await status_of(district, method, path, role)
        told = f"{role} {method} {path} ({who.value}): {status}"
        if role in LET_IN[who]:
            assert status < 500 or path in {"/", "/readyz"}, told  # neither built nor migrated in tests
            if f"{method} {path}" not in REFUSED_BY_DATA:
                assert status != 401, told
                assert status != 403 or who is Who.ACCOUNT, told
        else:
            assert status == (401 if role is None else 403), told


async def test_changes_from_another_sites_page_are_refused_everywhere(district: World) -> None:
    headers = ((b"sec-fetch-site", b"cross-site"),)
    for method, path, who in declared(district.app):
        if method not in {"GET", "HEAD"}:
            status = await status_of(district, method, path, "admin", headers=headers)
            assert status == 403, f"{method} {path} ({who.value}): {status}"


async def test_no_rule_lets_a_disabled_account_in(district: World) -> None:
    browser = district.client("admin")
    district.account("second-admin", admin=True)
    second = district.client("second-admin")
    assert (await second.patch("/api/admin/accounts/admin", json={"disabled": True})).status_code == 200
    for path in ("/api/session", "/api/admin/accounts", "/sync/areas", "/sync/area-d-0101", "/metrics"):
        assert (await browser.get(path)).status_code == 401, path
