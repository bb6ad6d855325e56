"""A supervisor's word on visits: a review document written through the store, so that the visitor's phone gets it."""

from typing import Any, Final, Literal

from sqlalchemy import Connection

from server.accounts.models import Account
from server.areas import repository as areas
from server.areas.policy import may_review
from server.clock import Clock, shanghai_text, to_ms
from server.documents.projection import DATABASE
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.reviews.repository import review_of
from sync.access import Principal, Stored, View
from sync.errors import Conflict as RevisionConflict
from sync.errors import Forbidden as WriteForbidden
from sync.store import Store

Word = Literal["approved", "returned"]

STALE: Final = "这条走访刚被记录人改过，您看到的不是最新内容。请刷新后重新看过，再审阅。"
GONE: Final = "这条走访已被记录人删除，不用再审阅。请返回列表刷新。"


def say(
    connection: Connection,
    store: Store,
    clock: Clock,
    account: Account,
    *,
    visit_id: str,
    rev: str,
    state: Word,
    note: str = "",
) -> Stored:
    """Approve or return the visit at its revision ``rev``; return the visit. Saying the same again changes nothing.

    Raises :class:`NotFound`, :class:`Forbidden` (not a supervisor of its area), :class:`Conflict` when ``rev`` is not
    the current revision, :class:`Invalid` when a visit is returned without a word why.
    """
    if state == "returned" and not note.strip():
        raise Invalid("note", "退回时请用一句话写明要改什么，记录人才知道怎么改。")
    visit = reviewable(connection, store, account, visit_id)
    if visit.rev != rev:
        raise Conflict(STALE)
    earlier = store.get_now(connection, DATABASE, review_of(visit_id))
    held = None if earlier is None or earlier.deleted else earlier
    body = {
        "type": "review",
        "area": visit.body["area"],
        "by": account.name,
        "at": shanghai_text(to_ms(clock.now())),
        "v": 1,
        "visit": visit_id,
        "visit_rev": rev,
        "state": state,
        "note": note.strip(),
    }
    if held is not None and _same(held.body, body):
        return visit
    try:
        store.put_now(
            connection,
            View(DATABASE, DATABASE),
            Principal(account.name, admin=account.admin),
            review_of(visit_id),
            body,
            rev=None if held is None else held.rev,
        )
    except RevisionConflict:
        raise Conflict(STALE) from None
    except WriteForbidden as refused:
        raise Forbidden(refused.reason) from None
    return visit


def reviewable(connection: Connection, store: Store, account: Account, visit_id: str) -> Stored:
    """Return the visit, which ``account`` may review. Raises :class:`NotFound` and :class:`Forbidden`."""
    found = store.get_now(connection, DATABASE, visit_id) if visit_id.startswith("visit:") else None
    if found is None:
        raise NotFound
    place = areas.one(connection, found.scope_owner or "")
    if place is None or not may_review(account, place.path):
        raise Forbidden("这条走访不在您负责的网格里。如果应由您审阅，请联系管理员开通。")
    if found.deleted:
        raise NotFound(GONE)
    return found


def _same(one: Any, other: Any) -> bool:
    return all((one.get(name) or "") == (other[name] or "") for name in ("visit_rev", "state", "note", "by"))
