"""Who may write which household: anyone who may write in its area; only a supervisor may delete one."""

from server.areas.policy import may_write
from server.documents.case import Case
from server.documents.validation import told
from server.households.schemas import household_id

KEEP = "要保留原来的内容，请刷新后再改"


def writing(case: Case) -> str | None:
    """Return why the household may not be written, or ``None``."""
    body = case.body
    if case.incoming.id != household_id(body["area"], body["door"]):
        return told(
            "household", "door", f"与编号不符：编号应是 {household_id(body['area'], body['door'])}，请重新登记这一户"
        )
    if body["by"] != case.account.name and not case.account.admin:
        if case.first:
            return told("household", "by", f"应是上传的人 {case.account.name}：请用本人账号登录后重新保存")
        # Two phones may have begun this household; whose beginning an edit grew from cannot be seen here.
        if body["by"] != case.before.get("by") and not _works_here(case, body["by"]):
            return told("household", "by", f"不能改：{KEEP}")
    return None


def _works_here(case: Case, name: str) -> bool:
    account = case.facts.accounts.get(name)
    return account is not None and case.area is not None and may_write(account, case.area.path)


def deleting(case: Case) -> str | None:
    """Return why the household may not be deleted, or ``None``."""
    if case.before and not case.supervises:
        return "「住户」(_deleted)不能由走访人员删除：请联系本网格负责人；搬走或空置请记一次走访"
    return None
