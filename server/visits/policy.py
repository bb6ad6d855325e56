"""Who may write which visit: its author, until it is approved."""

from server.documents.case import Case
from server.documents.validation import told

FROZEN = "已审阅通过，不能再改：如要更正，请负责人先退回，或补记一次走访"


def writing(case: Case) -> str | None:
    """Return why the visit may not be written, or ``None``."""
    if not case.mine:
        return told("visit", "by", "不是您：只有记录人能改这条走访，请另记一次")
    if not case.account.admin and case.body["by"] != case.account.name:
        return told("visit", "by", f"应是上传的人 {case.account.name}：请用本人账号登录后重新保存")
    if household_area(case.body["household"]) != case.body["area"]:
        return told("visit", "household", "不在所属网格里：请从本网格的楼栋图里重选住户")
    return _frozen(case)


def deleting(case: Case) -> str | None:
    """Return why the visit may not be deleted, or ``None``."""
    if not case.mine:
        return told("visit", "by", "不是您：只有记录人能删除这条走访")
    return _frozen(case)


def household_area(household: str) -> str:
    """Return the area that a household's id names."""
    return household.split(":")[1]


def _frozen(case: Case) -> str | None:
    known = case.facts.visits.get(case.incoming.id)
    return f"「走访记录」(_rev){FROZEN}" if known is not None and known.frozen and case.before else None
