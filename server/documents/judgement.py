"""The rules that hold for every document, then those of its type.

Pure: a :class:`~server.documents.case.Case` goes in, a verdict comes out.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from server.areas import policy as areas
from server.clock import from_ms
from server.documents.case import Case
from server.documents.fields import EARLIEST, REVISION, parse_instant
from server.documents.registry import TYPES, pattern_of
from server.documents.validation import faults, oversize, told
from server.followups import policy as followups
from server.households import policy as households
from server.photos import policy as photos
from server.reviews import policy as reviews
from server.visits import policy as visits
from sync.access import Accept, Refuse, Verdict

Rule = Callable[[Case], str | None]

WRITING: Final[Mapping[str, Rule]] = {
    "household": households.writing,
    "visit": visits.writing,
    "followup": followups.writing,
    "photo": photos.writing,
    "review": reviews.writing,
}
DELETING: Final[Mapping[str, Rule]] = {
    "household": households.deleting,
    "visit": visits.deleting,
    "followup": followups.deleting,
    "photo": photos.deleting,
    "review": reviews.deleting,
}

UNFED: Final = frozenset({"photo"})
"""Types that travel up only: they are in no feed and fetched one by one."""

AHEAD: Final = timedelta(hours=24)
"""How far a phone's clock may be ahead: a day covers a wrong time zone."""


def judge(case: Case) -> Verdict:
    """Return whether the revision is stored, and for whom; or why not."""
    objection = _deleting(case) if case.incoming.deleted else _writing(case)
    return _accept(case) if objection is None else Refuse(objection)


def _writing(case: Case) -> str | None:
    return (
        _identity(case)
        or "；".join(faults(case.kind, case.body))
        or _place(case)
        or _unchanged(case)
        or _clock(case)
        or _attachments(case)
        or WRITING[case.kind](case)
    )


def _deleting(case: Case) -> str | None:
    reserved = oversize(case.body)
    if reserved:
        return reserved
    unseen = case.stored is None or case.stored.deleted
    if not _within(case) and not (unseen and case.area is None and case.account.admin and case.view.scope is None):
        return "「所属网格」(area)不是您的：不能删除这条记录"
    if unseen:
        return None  # nothing is lost by a tombstone of what is not here
    rule = DELETING.get(case.kind)
    return None if rule is None else rule(case)


def _identity(case: Case) -> str | None:
    if case.kind not in TYPES:
        known = "、".join(f"{name}（{model.NAME}）" for name, model in TYPES.items())
        return f"「类型」(type)不认识：应是 {known} 之一，请更新应用"
    if not pattern_of(case.kind).fullmatch(case.incoming.id):
        return "「编号」(_id)格式不对：请在应用里重新保存这条记录"
    if not REVISION.fullmatch(case.incoming.rev):
        return "「版本」(_rev)格式不对：请在应用里重新保存这条记录"  # no review could ever name it
    if case.body.get("type") != case.kind:
        return told(case.kind, "type", f"与编号不符：应是 {case.kind}，请在应用里重新保存")
    return None


def _place(case: Case) -> str | None:
    area = case.area
    # The same words for an area that is not there and for one that is not theirs: neither can be guessed.
    if area is None or not _within(case):
        return told(case.kind, "area", "不是您的：请在本人的网格里重新记录，或请管理员开通")
    if area.id in case.facts.branching:
        return told(case.kind, "area", "不够具体：请选到楼门再保存")
    return None


def _within(case: Case) -> bool:
    area = case.area
    if area is None or not areas.may_write(case.account, area.path):
        return False
    return case.view.scope is None or case.view.scope in area.path


def _unchanged(case: Case) -> str | None:
    if case.kind == "household":
        return None  # its id names its area: another one is refused by that, in the same words stored or not
    if case.stored is not None and case.stored.scope_owner not in {None, case.body["area"]}:
        return told(case.kind, "area", "不能改：记录不能换网格，请在新网格里另记一条")
    return None


def _clock(case: Case) -> str | None:
    at = parse_instant(case.body["at"])
    if at > from_ms(case.facts.now_ms) + AHEAD:
        return told(case.kind, "at", "在将来：请把手机时间调准后重新保存")
    if at.year < EARLIEST:
        return told(case.kind, "at", "太早：请把手机时间调准后重新保存")
    return None


def _attachments(case: Case) -> str | None:
    if case.incoming.attachments and case.kind != "photo":
        return "「附件」(_attachments)不能放在这里：照片请用拍照按钮添加"
    return None


def _accept(case: Case) -> Accept:
    area = case.area
    if area is None:
        return Accept(None, (), feed=False)
    return Accept(area.id, area.path, feed=case.kind not in UNFED)
