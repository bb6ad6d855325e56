"""What is to be said about one row of a register (pure)."""

from dataclasses import dataclass
from enum import StrEnum

from server.register.header import Column


class Level(StrEnum):
    """How much of a row an observation costs."""

    REFUSED = "refused"
    """The row was not imported."""
    PARTIAL = "partial"
    """The row was imported without this value."""
    NOTE = "note"
    """The row was imported whole; something is worth knowing."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing about one row. ``row`` is the number that Excel shows; ``sheet`` is "" where there is only one."""

    level: Level
    row: int
    message: str
    column: Column | None = None
    sheet: str = ""

    def __str__(self) -> str:
        """Return the line for the user: which row, which column, what is wrong, how to mend it."""
        sheet = f"工作表“{self.sheet}”" if self.sheet else ""
        column = f"「{self.column.header}」列（{self.column.letter}）" if self.column else ""
        return f"{sheet}第 {self.row} 行{column}：{self.message}"
