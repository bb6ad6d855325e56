"""Who may write which follow-up: its author all of it; whoever is to come back, and supervisors, its state."""

from datetime import timedelta
from typing import Final

from server.areas.policy import may_read
from server.clock import SHANGHAI, from_ms
from server.documents.case import Case
from server.documents.fields import EARLIEST, parse_day
from server.documents.validation import told
from server.visits.policy import household_area

STATE_FIELDS: Final = frozenset({"state", "done_at", "done_by_visit"})
"""What somebody else than the author may change."""
LONGEST: Final = timedelta(days=3 * 366)
"""How far ahead a follow-up may be promised; further is a slip of the finger."""


def writing(case: Case) -> str | None:
    """Return why the follow-up may not be written, or ``None``."""
    body, before = case.body, case.before
    author = before.get("by", case.account.name)
    if not case.account.admin and body["by"] != author:
        return told("followup", "by", f"应是 {author}：请用本人账号登录后重新保存")
    if household_area(body["household"]) != body["area"]:
        return told("followup", "household", "不在所属网格里：请从本网格的楼栋图里重选住户")
    return _others(case) or _due(case) or _to(case)


def deleting(case: Case) -> str | None:
    """Return why the follow-up may not be deleted, or ``None``."""
    if not case.mine:
        return told("followup", "by", "不是您：只有约定的人能删除，请改为完成或取消")
    if case.before.get("state", "open") != "open" and not case.account.admin:
        return told("followup", "state", "已经了结：了结的回访不能删除")
    return None


def _others(case: Case) -> str | None:
    if case.mine:
        return None
    if not case.supervises and case.before.get("to") != case.account.name:
        return told("followup", "by", "不是您：只有约定的人、回访人和负责人能改这条回访")
    changed = {name for name in {*case.body, *case.before} if case.body.get(name) != case.before.get(name)}
    for name in sorted(changed - STATE_FIELDS):
        return told("followup", name, "只有约定的人能改：请只改状态，或请对方修改")
    return None


def _due(case: Case) -> str | None:
    day = parse_day(case.body["due"])
    today = from_ms(case.facts.now_ms).astimezone(SHANGHAI).date()
    if case.body["due"] != case.before.get("due") and not EARLIEST <= day.year <= (today + LONGEST).year:
        return told("followup", "due", "不对：请选三年以内的日期")
    return None


def _to(case: Case) -> str | None:
    to = case.body.get("to")
    if to is None or to == case.before.get("to") or case.area is None:
        return None
    account = case.facts.accounts.get(to)
    if account is None or not may_read(account, case.area.path):
        return told("followup", "to", f" {to} 不在本网格：请选本网格的走访人员")
    return None
