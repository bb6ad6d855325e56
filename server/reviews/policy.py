"""Who may write a review: a supervisor of the visit's area, about the visit as it is now."""

from server.documents.case import Case
from server.documents.validation import told


def writing(case: Case) -> str | None:
    """Return why the review may not be written, or ``None``."""
    body = case.body
    if not case.supervises:
        return told("review", "state", "只能由负责人审阅：请交给本网格负责人")
    if not case.account.admin and body["by"] != case.account.name:
        return told("review", "by", f"应是审阅的人 {case.account.name}：请用本人账号登录后再审阅")
    if body["visit"] != "visit:" + case.incoming.id.partition(":")[2]:
        return told("review", "visit", "与审阅的编号不符：请刷新后再审阅")
    visit = case.facts.visits.get(body["visit"])
    if visit is None or visit.area != body["area"]:
        return told("review", "visit", "在本网格里找不到：它可能已被删除，请刷新后再看")
    if visit.rev != body["visit_rev"]:
        return told("review", "visit_rev", "已不是最新：记录人刚改过，请重新看过再审阅")
    return None


def deleting(case: Case) -> str | None:
    """Return why the review may not be deleted, or ``None``: it is taken back by another word, never removed."""
    return "「审阅」(_deleted)不能删除：要改结论，请重新通过或退回" if case.before else None
