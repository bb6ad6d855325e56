"""Finding a photo for somebody who may see it."""

from dataclasses import dataclass

from sqlalchemy import Connection

from server.accounts.models import Account
from server.areas import repository as areas
from server.areas.policy import may_read
from server.documents.projection import DATABASE
from server.errors import Forbidden, NotFound
from server.photos.schemas import ATTACHMENT
from sync.access import Stored
from sync.store import Store


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, and what it belongs to."""

    tag: str
    """Changes when the picture does."""
    household: str | None
    content: bytes


def picture(connection: Connection, store: Store, account: Account, photo_id: str, *, held: str | None) -> Picture:
    """Return the photo's picture; without its content when ``held`` is its tag.

    Raises :class:`NotFound`, and :class:`Forbidden` when its area is not the account's.
    """
    stored = store.get_now(connection, DATABASE, photo_id) if photo_id.startswith("photo:") else None
    if stored is None:
        raise NotFound("没有找到这张照片。它可能还没有上传，请过一会儿再看。")
    _permit(connection, account, stored)
    attached = None if stored.deleted else store.attachment_now(connection, DATABASE, photo_id, ATTACHMENT)
    if attached is None:
        raise NotFound("这张照片已被删除。")
    tag, household = f'"{attached.digest}"', stored.body.get("household")
    return Picture(tag, household, b"" if tag == held else b"".join(attached.chunks))


def _permit(connection: Connection, account: Account, stored: Stored) -> None:
    place = areas.one(connection, stored.scope_owner or "")
    if place is None or not may_read(account, place.path):
        raise Forbidden("这张照片不在您的网格里，不能查看。如需要，请联系管理员开通。")
