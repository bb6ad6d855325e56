"""Writing a batch of revisions: judge, ask the rules, store, tell the read models. All in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from sync.access import Accept, Incoming, Principal, Refuse, Rules, Stored, Verdict, View
from sync.documents import Draft
from sync.errors import Forbidden
from sync.store.sql import databases, rows
from sync.store.sql.databases import Opened
from sync.store.sql.judging import Candidate, judge
from sync.store.sql.rows import Row
from sync.store.sql.storing import Storing
from sync.store.sql.winners import winners
from sync.store.values import Outcome, Rejected, Written

_written: Final = partial(tuple.__new__, Written)
"""Makes one of its fields at a third of the usual cost."""
HEAD: Final = 16
"""First bytes of a new attachment that the rules are shown, to tell what it is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Who writes through what, by which rules."""

    opened: Opened
    view: View
    principal: Principal
    rules: Rules | None
    places: Mapping[str, Accept] | None = None
    """The caller's own verdict on each draft by its id, in place of the rules'."""
    trusted: bool = False
    """Do not ask the rules; without ``places``, documents stay in the scopes in which they are."""


def write(
    connection: Connection, batch: Batch, drafts: Sequence[Draft], *, new_edits: bool
) -> tuple[list[Outcome], dict[str | None, int]]:
    """Store what may be stored; return an outcome per draft, and the last sequence by touched scope (``None``: all)."""
    outcomes: list[Outcome | None] = [None] * len(drafts)
    touched: dict[str | None, int] = {}
    opened = batch.opened if batch.opened.scope is None else None
    for turn in _turns(drafts):
        everything = opened or databases.open_(connection, databases.whole(batch.opened.name))
        opened = None  # what it says of sequences is true once
        for key, seq in _write_turn(connection, batch, everything, turn, outcomes, new_edits=new_edits).items():
            touched[key] = max(seq, touched.get(key, 0))
    return [outcome for outcome in outcomes if outcome is not None], touched


def _turns(drafts: Sequence[Draft]) -> list[list[tuple[int, Draft]]]:
    """Part ``drafts`` into runs in which each id occurs once, so that the second edit of a document sees the first."""
    if len({draft.id for draft in drafts}) == len(drafts):
        return [list(enumerate(drafts))]
    turns: list[list[tuple[int, Draft]]] = []
    seen: dict[str, int] = {}
    for place, draft in enumerate(drafts):
        turn = seen[draft.id] = seen.get(draft.id, -1) + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append((place, draft))
    return turns


def _write_turn(
    connection: Connection,
    batch: Batch,
    everything: Opened,
    turn: Sequence[tuple[int, Draft]],
    outcomes: list[Outcome | None],
    *,
    new_edits: bool,
) -> Mapping[str | None, int]:
    """Do what :func:`write` does for drafts of different documents, given with their places in ``outcomes``."""
    found = rows.by_id(connection, everything, [draft.id for _, draft in turn])
    members = rows.memberships(connection, [row.n for row in found.values()])
    scope = batch.view.scope

    def shown(row: Row) -> bool:
        return scope is None or any(name == scope for _, name, _ in members.get(row.n, ()))

    candidates = judge(connection, everything, turn, found, shown, new_edits=new_edits, outcomes=outcomes)
    verdicts = _verdicts(connection, batch, candidates, members)
    accepted: list[tuple[Candidate, Accept]] = []
    for candidate, verdict in zip(candidates, verdicts, strict=True):
        place, draft, rev, *_ = candidate
        if isinstance(verdict, Refuse):
            outcomes[place] = Rejected(draft.id, rev, Forbidden(verdict.reason))
        else:
            outcomes[place] = _written((draft.id, rev, True))
            accepted.append((candidate, verdict))
    if not accepted:
        return {}
    storing = Storing(connection, everything, members, accepted)
    storing.store()
    if batch.rules is not None:
        batch.rules.project(connection, winners(connection, storing.changed(), storing.fields()))
    return storing.touched


def _verdicts(
    connection: Connection,
    batch: Batch,
    candidates: Sequence[Candidate],
    members: Mapping[int, Sequence[tuple[int, str, int]]],
) -> Sequence[Verdict]:
    """Return one verdict per candidate: the rules' or the caller's, within the walls of the view's scope."""
    if not candidates:
        return []
    places = batch.places or {}
    verdicts: Sequence[Verdict]
    if batch.rules is None or batch.trusted or batch.places is not None:
        scope = batch.view.scope
        fresh = Accept() if scope is None else Accept(scope, (scope,))
        verdicts = [_stay(candidate.row, members) if candidate.row else fresh for candidate in candidates]
        if places:
            pairs = zip(candidates, verdicts, strict=True)
            verdicts = [places.get(candidate.draft.id, verdict) for candidate, verdict in pairs]
    else:
        stored = _stored(connection, [candidate.row for candidate in candidates if candidate.row], members)
        verdicts = batch.rules.check(
            connection, batch.principal, batch.view, [_incoming(candidate) for candidate in candidates], stored
        )
    if batch.view.scope is None:
        return verdicts
    return [
        _within(candidate, verdict, batch.view.scope) for candidate, verdict in zip(candidates, verdicts, strict=True)
    ]


def _within(candidate: Candidate, verdict: Verdict, scope: str) -> Verdict:
    if isinstance(verdict, Accept) and (candidate.outside or scope not in verdict.scopes):
        return Refuse("this document does not belong to this area")
    return verdict


def _stay(row: Row, members: Mapping[int, Sequence[tuple[int, str, int]]]) -> Accept:
    """Return the verdict that leaves a document where it is."""
    places = members.get(row.n, ())
    feed = all(position > 0 for _, _, position in places)
    return Accept(row.owner, tuple(name for _, name, _ in places), feed)


def _incoming(candidate: Candidate) -> Incoming:
    draft = candidate.draft
    attachments = {
        name: kept.stub if kept.content is None else {**kept.stub, "head": next(kept.content.chunks(), b"")[:HEAD]}
        for name, kept in candidate.attachments.items()
    }
    return Incoming(draft.id, candidate.rev, draft.deleted, draft.fields, attachments)


def _stored(
    connection: Connection, found: Sequence[Row], members: Mapping[int, Sequence[tuple[int, str, int]]]
) -> dict[str, Stored]:
    changed = [(row, tuple(name for _, name, _ in members.get(row.n, ()))) for row in found]
    return {stored.id: stored for stored in winners(connection, changed, {})}
