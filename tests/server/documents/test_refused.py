"""What is refused. Each reason names the field, by the name that users know and the one in the code."""

from collections.abc import Callable
from typing import Any

import pytest

from server.accounts import repository as accounts
from server.accounts.models import Grant, Role
from server.documents.validation import faults
from tests.server.phones import JPEG, Document, Phone


@pytest.fixture
def phone(district: Any) -> Phone:
    return Phone(district)


def _but(make: str, **fields: Any) -> Callable[[Phone], Document]:
    return lambda phone: getattr(phone, make)() | fields


def _without(make: str, field: str) -> Callable[[Phone], Document]:
    return lambda phone: {name: value for name, value in getattr(phone, make)().items() if name != field}


def _photo(picture: bytes = JPEG, **fields: Any) -> Callable[[Phone], Document]:
    return lambda phone: phone.photo("visit:01JD0000000000000000000000", picture, **fields)


FILE = {"content_type": "image/jpeg", "data": "/9j/"}
ULID = "01JD0000000000000000000000"

GOOD = {
    "type": "visit",
    "area": "d-0101",
    "by": "visitor",
    "at": "2026-11-22T09:30:00+08:00",
    "v": 1,
    "household": "household:d-0101:501",
}

REFUSED: dict[str, tuple[str, str, Callable[[Phone], Document]]] = {
    "unknown type": ("类型", "type", _but("visit", _id=f"poem:{ULID}", type="poem")),
    "type against id": ("类型", "type", _but("visit", type="household")),
    "key is no ULID": ("编号", "_id", _but("visit", _id="visit:one")),
    "key in lower case": ("编号", "_id", _but("visit", _id=f"visit:{ULID.lower()}")),
    "household id of another door": ("门牌号", "door", _but("household", door="502")),
    "household id of another area": ("门牌号", "door", _but("household", _id="household:d-0102:501")),
    "door with blanks": ("门牌号", "door", _but("household", door="5 01")),
    "no outcome": ("结果", "outcome", _without("visit", "outcome")),
    "unknown outcome": ("结果", "outcome", _but("visit", outcome="angry")),
    "outcome is a number": ("结果", "outcome", _but("visit", outcome=3)),
    "note too long": ("备注", "note", _but("visit", note="字" * 2001)),
    "note is a number": ("备注", "note", _but("visit", note=7)),
    "unprintable note": ("备注", "note", _but("visit", note="a\x00b")),
    "too many needs": ("需求", "needs", _but("visit", needs=["灯"] * 13)),
    "a need too long": ("需求", "needs", _but("visit", needs=["灯", "灯" * 21])),
    "an empty need": ("需求", "needs", _but("visit", needs=[""])),
    "needs is text": ("需求", "needs", _but("visit", needs="修灯")),
    "too many photos": ("照片", "photos", _but("visit", photos=[f"photo:{ULID}"] * 7)),
    "a photo's id": ("照片", "photos", _but("visit", photos=["image.jpg"])),
    "card_left is text": ("联系卡已留", "card_left", _but("visit", card_left="yes")),
    "followup's id": ("回访", "followup", _but("visit", followup="next week")),
    "no household": ("住户", "household", _without("visit", "household")),
    "household of another area": ("住户", "household", _but("visit", household="household:d-0102:501")),
    "no area": ("所属网格", "area", _without("visit", "area")),
    "area of others": ("所属网格", "area", _but("visit", area="d-0201", household="household:d-0201:501")),
    "area that is not": ("所属网格", "area", _but("visit", area="nowhere", household="household:nowhere:501")),
    "area outside the view": ("所属网格", "area", _but("visit", area="d-0102", household="household:d-0102:501")),
    "area that is no leaf": ("所属网格", "area", _but("visit", area="b1", household="household:b1:501")),
    "somebody else's name": ("记录人", "by", _but("visit", by="other")),
    "no name": ("记录人", "by", _without("visit", "by")),
    "household in somebody else's name": ("记录人", "by", _but("household", by="other")),
    "no time": ("记录时间", "at", _without("visit", "at")),
    "time without a zone": ("记录时间", "at", _but("visit", at="2026-11-22T09:30:00")),
    "a day that is not": ("记录时间", "at", _but("visit", at="2026-02-30T09:30:00+08:00")),
    "a clock two days ahead": ("记录时间", "at", _but("visit", at="2026-11-24T09:30:00+08:00")),
    "a clock that lost its date": ("记录时间", "at", _but("visit", at="1970-01-01T00:00:00+08:00")),
    "another schema": ("格式版本", "v", _but("visit", v=2)),
    "far too large": ("整条记录", "_doc", _but("visit", extra="x" * 32_000)),
    "people below none": ("人数", "people", _but("household", people=-1)),
    "people as text": ("人数", "people", _but("household", people="3")),
    "too many people": ("人数", "people", _but("household", people=31)),
    "floor too high": ("楼层", "floor", _but("household", floor=120)),
    "unknown mark": ("困难情况", "marks", _but("household", marks=["alone", "believer"])),
    "phone with words": ("电话", "phone", _but("household", phone="问邻居")),
    "consent by another word": ("同意情况", "consent", _but("household", consent="maybe")),
    "no address": ("地址", "address", _but("household", address="")),
    "address too long": ("地址", "address", _but("household", address="路" * 121)),
    "no due day": ("回访日期", "due", _without("followup", "due")),
    "due on no day": ("回访日期", "due", _but("followup", due="2026-02-30")),
    "due in a lifetime": ("回访日期", "due", _but("followup", due="2066-01-01")),
    "to nobody": ("回访人", "to", _but("followup", to="nobody")),
    "to somebody of elsewhere": ("回访人", "to", _but("followup", to="other")),
    "unknown state": ("回访状态", "state", _but("followup", state="late")),
    "review by a visitor": ("结论", "state", lambda phone: phone.review(f"visit:{ULID}", "1-" + "a" * 32)),
    "photo without a file": ("照片文件", "_attachments", _photo(_attachments={})),
    "photo with two files": ("照片文件", "_attachments", _photo(_attachments={"image.jpg": FILE, "b.jpg": FILE})),
    "file of another name": ("照片文件", "_attachments", _photo(_attachments={"photo.jpg": FILE})),
    "photo as png": (
        "照片文件",
        "_attachments",
        _photo(_attachments={"image.jpg": FILE | {"content_type": "image/png"}}),
    ),
    "photo too large": ("照片文件", "_attachments", _photo(JPEG + b"x" * 220_000)),
    "photo that is no JPEG": ("照片文件", "_attachments", _photo(b"GIF89a" * 10)),
    "photo without width": ("照片宽度", "width", _photo(width=0)),
    "file on a visit": ("附件", "_attachments", _but("visit", _attachments={"image.jpg": FILE})),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_the_fields_name(phone: Phone, name: str) -> None:
    label, field, make = REFUSED[name]
    document = make(phone)
    reasons = phone.push(document)
    assert f"「{label}」({field})" in reasons[document["_id"]], reasons
    assert "：" in reasons[document["_id"]], "it says how to mend it"


def test_the_others_of_a_batch_are_stored(phone: Phone) -> None:
    good, bad = phone.visit(), phone.visit(outcome="angry")
    assert list(phone.push(bad, good)) == [bad["_id"]]
    assert phone.pulled(good["_id"])["outcome"] == "met"


def test_choices_are_told_in_words() -> None:
    [reason] = faults("visit", GOOD | {"outcome": "angry"})
    assert "met（见面）、no_answer（没人）" in reason


def test_at_most_three_fields_are_told(phone: Phone) -> None:
    bad = {**phone.visit(), "outcome": 1, "note": 2, "needs": 3, "card_left": 4, "photos": 5}
    assert phone.push(bad)[bad["_id"]].count("「") == 3


def test_a_frozen_visit(district: Any, phone: Phone) -> None:
    visit = phone.visit()
    phone.push(visit)
    supervisor = Phone(district, "supervisor", "c1")
    supervisor.leaf = "d-0101"
    assert supervisor.push(supervisor.review(visit["_id"], phone.rev(visit["_id"]))) == {}
    for refused in (phone.push({**visit, "note": "又改"}), phone.push(phone.deleted(visit["_id"]))):
        assert "「走访记录」(_rev)已审阅通过" in refused[visit["_id"]]


def test_a_returned_visit_may_be_mended_and_waits_again(district: Any, phone: Phone) -> None:
    visit = phone.visit()
    phone.push(visit)
    supervisor = Phone(district, "supervisor", "c1")
    supervisor.leaf = "d-0101"
    returned = supervisor.review(visit["_id"], phone.rev(visit["_id"]), state="returned", note="写清楚哪层")
    assert supervisor.push(returned) == {}
    assert phone.push({**visit, "note": "三层"}) == {}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"state": "returned"}, "「审阅意见」(note)"),
        ({"state": "returned", "note": "  "}, "「审阅意见」(note)"),
        ({"state": "praised"}, "「结论」(state)"),
        ({"visit_rev": "1-" + "f" * 32}, "「走访版本」(visit_rev)"),
        ({"visit": "visit:01JD0000000000000000000009"}, "「走访记录」(visit)"),
        ({"by": "visitor"}, "「记录人」(by)"),
    ],
)
def test_reviews_that_are_wrong(district: Any, phone: Phone, fields: dict[str, Any], named: str) -> None:
    visit = phone.visit()
    phone.push(visit)
    supervisor = Phone(district, "supervisor", "c1")
    supervisor.leaf = "d-0101"
    review = supervisor.review(visit["_id"], phone.rev(visit["_id"])) | fields
    assert named in supervisor.push(review)[review["_id"]]


def test_a_review_is_not_deleted(district: Any, phone: Phone) -> None:
    visit = phone.visit()
    phone.push(visit)
    supervisor = Phone(district, "supervisor", "c1")
    supervisor.leaf = "d-0101"
    review = supervisor.review(visit["_id"], phone.rev(visit["_id"]))
    supervisor.push(review)
    assert "「审阅」(_deleted)" in supervisor.push(supervisor.deleted(review["_id"]))[review["_id"]]


class TestWhatIsSomebodyElses:
    @pytest.fixture
    def neighbour(self, district: Any) -> Phone:
        district.account("neighbour")
        district.grant("neighbour", "visitor", "d-0101")
        return Phone(district, "neighbour", "d-0101")

    def test_a_visit(self, phone: Phone, neighbour: Phone) -> None:
        visit = phone.visit()
        phone.push(visit)
        theirs = neighbour.pulled(visit["_id"])
        assert "「记录人」(by)" in neighbour.push({**theirs, "note": "不对"})[visit["_id"]]
        assert "「记录人」(by)" in neighbour.push(neighbour.deleted(visit["_id"]))[visit["_id"]]

    def test_a_supervisor_does_not_write_visits_for_others(self, district: Any, phone: Phone) -> None:
        visit = phone.visit()
        phone.push(visit)
        supervisor = Phone(district, "supervisor", "c1")
        assert "「记录人」(by)" in supervisor.push({**supervisor.pulled(visit["_id"]), "note": "改"})[visit["_id"]]

    def test_a_followup(self, phone: Phone, neighbour: Phone) -> None:
        followup = phone.followup()
        phone.push(followup)
        theirs = neighbour.pulled(followup["_id"])
        assert "「记录人」(by)" in neighbour.push({**theirs, "state": "done"})[followup["_id"]]
        assert "「记录人」(by)" in neighbour.push(neighbour.deleted(followup["_id"]))[followup["_id"]]

    def test_the_day_of_a_followup_that_is_to_me(self, phone: Phone, neighbour: Phone) -> None:
        followup = phone.followup(to="neighbour")
        phone.push(followup)
        later = {**neighbour.pulled(followup["_id"]), "due": "2027-01-01"}
        assert "「回访日期」(due)" in neighbour.push(later)[followup["_id"]]

    def test_a_photo(self, phone: Phone, neighbour: Phone) -> None:
        visit = phone.visit()
        photo = phone.photo(visit["_id"])
        phone.push(visit, photo)
        assert "「记录人」(by)" in neighbour.push(neighbour.deleted(photo["_id"]))[photo["_id"]]
        added = neighbour.photo(visit["_id"])
        assert "「走访记录」(visit)" in neighbour.push(added)[added["_id"]]


def test_a_photo_never_changes(phone: Phone) -> None:
    photo = phone.photo("visit:01JD0000000000000000000000")
    phone.push(photo)
    assert "「照片」(_rev)" in phone.push({**photo, "width": 801})[photo["_id"]]


def test_a_document_does_not_move(district: Any) -> None:
    district.grant("visitor", "visitor", "b1")
    wide = Phone(district, "visitor", "b1")
    wide.leaf = "d-0101"
    visit = wide.visit()
    wide.push(visit)
    moved = {**visit, "area": "d-0102", "household": "household:d-0102:501"}
    assert "「所属网格」(area)不能改" in wide.push(moved)[visit["_id"]]


def test_a_household_is_deleted_by_supervisors_only(phone: Phone) -> None:
    phone.push(phone.household())
    assert "「住户」(_deleted)" in phone.push(phone.deleted("household:d-0101:501"))["household:d-0101:501"]


def test_a_household_keeps_its_author(phone: Phone) -> None:
    phone.push(phone.household())
    stolen = {**phone.household(), "by": "nobody"}
    assert "「记录人」(by)" in phone.push(stolen)["household:d-0101:501"]


def test_a_done_followup_is_not_deleted(phone: Phone) -> None:
    followup = phone.followup(state="done")
    phone.push(followup)
    assert "「回访状态」(state)" in phone.push(phone.deleted(followup["_id"]))[followup["_id"]]


def test_a_grant_taken_away_counts_at_once(district: Any, phone: Phone) -> None:
    district.database.write_now(lambda c: accounts.remove_grant(c, "visitor", Grant(Role.VISITOR, "d-0101")))
    visit = phone.visit()
    assert "「所属网格」(area)" in phone.push(visit)[visit["_id"]]


def test_a_disabled_account_writes_nothing(district: Any, phone: Phone) -> None:
    district.database.write_now(lambda c: accounts.set_columns(c, "visitor", disabled_ms=1))
    visit = phone.visit()
    assert "「账号」(by)" in phone.push(visit)[visit["_id"]]
