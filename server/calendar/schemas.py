"""What the calendar's routes take and answer."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from server.calendar.days import Calendar, Override, Source, published, special_days


class DayView(BaseModel):
    """A day that is not what its day of the week says, or that was corrected."""

    day: date
    working: bool
    name: str
    source: Source


class YearView(BaseModel):
    """A year's special days. ``published`` false: only what was corrected is known, all else would be a guess."""

    year: int
    published: bool
    note: str
    days: list[DayView]


class DayChange(BaseModel):
    """A correction."""

    model_config = ConfigDict(extra="forbid")

    working: bool
    name: str = Field("", max_length=40)


def year_view(year: int, overrides: dict[date, Override]) -> YearView:
    """Return ``year`` as it is shown; ``overrides`` are that year's corrections."""
    calendar = Calendar(overrides, provisional=True)
    known = [calendar.look_up(day) for day in sorted({*special_days(year), *overrides})]
    return YearView(
        year=year,
        published=published(year),
        note="" if published(year) else f"{year} 年的放假安排还没有收录：除下面改过的日子外，暂按周一至周五算工作日。",
        days=[DayView(day=each.day, working=each.working, name=each.name, source=each.source) for each in known],
    )
