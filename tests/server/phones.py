"""A phone, as the store sees one: it makes revisions by itself and pushes them through an area's view."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from server.clock import SHANGHAI
from server.documents.rules import DATABASE
from server.documents.ulid import ulid
from sync.access import Principal, View
from sync.documents import Draft, Inline, Upload
from sync.store import Rejected, Store

JPEG = b"\xff\xd8\xff\xe0" + b"plum blossom" * 20
Document = dict[str, Any]


class Phone:
    """The phone of ``account``, which holds the area ``scope``. ``docs`` has what it last wrote, by id."""

    def __init__(
        self, world: Any, account: str = "visitor", scope: str | None = "d-0101", *, admin: bool = False
    ) -> None:
        self.world = world
        self.store: Store = world.app.state.store
        self.principal = Principal(account, admin=admin)
        self.account = account
        self.scope = scope
        self.leaf = scope or "d-0101"
        self.revs: dict[str, list[str]] = {}
        self.docs: dict[str, Document] = {}
        self.made = 0

    # -- documents that are right ------------------------------------------------------------------------------------

    def ulid(self) -> str:
        self.made += 1
        seed = int(hashlib.sha256(f"{self.account}{self.made}".encode()).hexdigest(), 16) % (1 << 80)
        return ulid(datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI) + timedelta(seconds=self.made), seed)

    def base(self, kind: str, key: str) -> Document:
        at = "2026-11-22T09:30:00+08:00"
        return {"_id": f"{kind}:{key}", "type": kind, "area": self.leaf, "by": self.account, "at": at, "v": 1}

    def household(self, door: str = "501", **fields: Any) -> Document:
        address = {"door": door, "address": f"3号楼1门{door}", "building": "3", "unit": "1", "floor": 5}
        return self.base("household", f"{self.leaf}:{door}") | address | {"name": "周老伯"} | fields

    def visit(self, **fields: Any) -> Document:
        said = {"household": f"household:{self.leaf}:501", "outcome": "met", "needs": ["修灯"], "note": "楼道灯坏了"}
        return self.base("visit", self.ulid()) | said | fields

    def followup(self, **fields: Any) -> Document:
        promised = {"household": f"household:{self.leaf}:501", "due": "2026-11-30", "why": "送药", "state": "open"}
        return self.base("followup", self.ulid()) | promised | fields

    def photo(self, visit: str, picture: bytes = JPEG, **fields: Any) -> Document:
        file = {"content_type": "image/jpeg", "data": base64.b64encode(picture).decode()}
        of = {"visit": visit, "household": f"household:{self.leaf}:501", "width": 800, "height": 600}
        return self.base("photo", self.ulid()) | of | {"_attachments": {"image.jpg": file}} | fields

    def review(self, visit: str, rev: str, **fields: Any) -> Document:
        said = {"visit": visit, "visit_rev": rev, "state": "approved"}
        return self.base("review", visit.partition(":")[2]) | said | fields

    # -- writing -----------------------------------------------------------------------------------------------------

    def saved(self, document: Mapping[str, Any]) -> Document:
        """Return the document as a new revision of this phone's own line."""
        line = self.revs.setdefault(document["_id"], [])
        digest = hashlib.md5(json.dumps([line, self.account, document], sort_keys=True).encode()).hexdigest()
        line.insert(0, digest)
        rev = f"{len(line)}-{digest}"
        return {**document, "_rev": rev, "_revisions": {"start": len(line), "ids": list(line)}}

    def pulled(self, document_id: str) -> Document:
        """Take over the line of the revision that wins on the server, as a pull would; return the document."""
        found = self.world.database.read_now(lambda c: self.store.get_now(c, DATABASE, document_id))
        assert found is not None
        generation, digest = found.rev.split("-")
        own = self.revs.get(document_id, [])
        if own[:1] != [digest]:
            self.revs[document_id] = [digest, *("0" * 31 + str(i) for i in range(int(generation) - 1))]
        return {"_id": found.id, **found.body}

    def push(self, *documents: Mapping[str, Any]) -> dict[str, str]:
        """Save and push; return the reasons of what was refused, by id."""
        return self.send(*(self.saved(each) for each in documents))

    def send(self, *revisions: Mapping[str, Any]) -> dict[str, str]:
        """Push revisions as they are; return the reasons of what was refused, by id."""
        drafts = []
        for revision in revisions:
            drafts.append(_draft(revision))
            self.docs[revision["_id"]] = {name: value for name, value in revision.items() if name[0] != "_"}
        name = DATABASE if self.scope is None else f"area-{self.scope}"
        view = View(name, DATABASE, self.scope)
        outcomes = self.world.database.write_now(
            lambda c: self.store.write_now(c, view, self.principal, drafts, new_edits=False)
        )
        return {each.id: each.error.reason for each in outcomes if isinstance(each, Rejected)}

    def deleted(self, document_id: str, **fields: Any) -> Document:
        return {"_id": document_id, "_deleted": True, **fields}

    def rev(self, document_id: str) -> str:
        line = self.revs[document_id]
        return f"{len(line)}-{line[0]}"


def _draft(revision: Mapping[str, Any]) -> Draft:
    fields = {name: value for name, value in revision.items() if name[0] != "_"}
    files = {
        name: Upload(file["content_type"], Inline(base64.b64decode(file["data"])))
        for name, file in revision.get("_attachments", {}).items()
    }
    history = revision["_revisions"]
    return Draft(
        revision["_id"],
        revision["_rev"],
        revision.get("_deleted", False),
        json.dumps(fields).encode(),
        fields,
        files,
        (history["start"], history["ids"]),
    )
