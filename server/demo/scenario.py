"""What waits for the demo visitor on the first day, so that no screen is empty (pure)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from server.demo.households import Home
from server.demo.visits import Diarist

_DUE_TODAY: Final = ("送药后问候", "答复助餐的事", "维修后回访")
_DUE_THIS_WEEK: Final = ((1, "看望"), (2, "带去政策材料"), (4, "陪诊后问候"), (6, "答复物业的处理结果"))
_LATE_BY: Final = 2


def first_day(diarist: Diarist, homes: Sequence[Home]) -> None:
    """Add follow-ups due today and in the week to come, one that is late, one visit sent back, some to be reviewed."""
    open_ = iter([home for home in homes if not home.vacant and not home.declines])
    for number, why in enumerate(_DUE_TODAY):
        _promised(diarist, next(open_), days_ago=3 + number, due_in=0, why=why)
    for due_in, why in _DUE_THIS_WEEK:
        _promised(diarist, next(open_), days_ago=1 + due_in % 3, due_in=due_in, why=why)
    _promised(diarist, next(open_), days_ago=9, due_in=-_LATE_BY, why="水管修好后去看看")
    returned = diarist.visit(next(open_), diarist.at(2, 10, 20), "met", note="老人说最近家里有事要办。")
    diarist.review(returned, diarist.at(1, 9, 5), "请写明是什么事、约了哪天再来。")
    diarist.visit(next(open_), diarist.at(1, 18, 40), "no_answer")


def _promised(diarist: Diarist, home: Home, *, days_ago: int, due_in: int, why: str) -> None:
    visit = diarist.visit(home, diarist.at(days_ago, 15, 10), "met")
    diarist.promise(visit, diarist.today + timedelta(days=due_in), why)
