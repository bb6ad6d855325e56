"""The kinds of value that several documents share: checked and never converted, text goes out as it came in."""

import re
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from server.documents.ulid import PATTERN as ULID

AREA: Final = "[a-z0-9][a-z0-9-]{0,63}"
DOOR: Final = "[0-9A-Za-z-]{1,16}"
EARLIEST: Final = 2015
"""Before this year a phone's clock has lost its date."""
YEARS: Final = range(1900, 2200)
"""What years a time may have: others cannot be told in every zone, or are nonsense."""
REVISION: Final = re.compile("[1-9][0-9]{0,8}-[0-9a-f]{1,64}", re.ASCII)

_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _printable(text: str | None) -> str | None:
    if text is not None and _UNPRINTABLE.search(text):
        raise PydanticCustomError("unprintable", "有不能显示的字符，请删去后重写")
    return text


def parse_instant(text: str) -> datetime:
    """Return the aware time that ``text`` (ISO 8601 with zone) names. Raises ValueError."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)


def parse_day(text: str) -> date:
    """Return the date that ``text`` (``YYYY-MM-DD``) names. Raises ValueError."""
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _instant(text: str) -> str:
    try:
        known = parse_instant(text).year in YEARS
    except ValueError:
        known = False
    if not known:
        raise PydanticCustomError("instant", "应是带时区的时间，如 2026-11-22T09:30:00+08:00")
    return text


def _day(text: str) -> str:
    try:
        parse_day(text)
    except ValueError:
        raise PydanticCustomError("day", "应是真实的日期，如 2026-11-30") from None
    return text


Printable = AfterValidator(_printable)

AreaId = Annotated[str, StringConstraints(pattern=f"^{AREA}$")]
AccountName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9._-]{1,31}$")]
Instant = Annotated[str, Field(max_length=40), AfterValidator(_instant)]
Day = Annotated[str, Field(max_length=10), AfterValidator(_day)]
HouseholdId = Annotated[str, StringConstraints(pattern=f"^household:{AREA}:{DOOR}$")]
VisitId = Annotated[str, StringConstraints(pattern=f"^visit:{ULID}$")]
FollowupId = Annotated[str, StringConstraints(pattern=f"^followup:{ULID}$")]
PhotoId = Annotated[str, StringConstraints(pattern=f"^photo:{ULID}$")]
RevisionId = Annotated[str, StringConstraints(pattern=f"^{REVISION.pattern}$")]
