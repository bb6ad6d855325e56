"""Which photo is taken in: one small JPEG, its author's, never changed."""

from typing import Any, Final

from server.documents.case import Case
from server.documents.validation import told
from server.photos.schemas import ATTACHMENT, CONTENT_TYPE, MAX_BYTES
from server.visits.policy import household_area

JPEG: Final = b"\xff\xd8"
"""How every JPEG begins."""


def writing(case: Case) -> str | None:
    """Return why the photo may not be written, or ``None``."""
    if case.before:
        return "「照片」(_rev)不能改：请删除这一张，再重新拍照"
    if not case.account.admin and case.body["by"] != case.account.name:
        return told("photo", "by", f"应是上传的人 {case.account.name}：请用本人账号登录后重新拍照")
    if household_area(case.body["household"]) != case.body["area"]:
        return told("photo", "household", "不在所属网格里：请从走访记录里重新添加照片")
    visit = case.facts.visits.get(case.body["visit"])
    if visit is not None and (
        visit.area != case.body["area"] or (visit.by != case.account.name and not case.account.admin)
    ):
        return told("photo", "visit", "不是您在本网格的走访：请从自己的走访记录里添加照片")
    return _picture(case)


def deleting(case: Case) -> str | None:
    """Return why the photo may not be deleted, or ``None``."""
    if not case.mine and not case.supervises:
        return told("photo", "by", "不是您：只有拍照的人或负责人能删除这张照片")
    return None


def _picture(case: Case) -> str | None:
    attachments = case.incoming.attachments
    if set(attachments) != {ATTACHMENT}:
        return f"「照片文件」(_attachments)应正好有一个 {ATTACHMENT}：请重新拍照"
    picture: Any = attachments[ATTACHMENT]
    if picture.get("content_type") != CONTENT_TYPE:
        return f"「照片文件」(_attachments)应是 {CONTENT_TYPE} 格式：请重新拍照"
    length = picture.get("length", 0)
    if not 0 < length <= MAX_BYTES:
        return f"「照片文件」(_attachments)大小不对：最多 {MAX_BYTES // 1000} kB，现在 {length} 字节，请重新拍照"
    head = picture.get("head")
    if isinstance(head, bytes) and not head.startswith(JPEG):
        return "「照片文件」(_attachments)不是 JPEG 图片：请重新拍照"
    return None
