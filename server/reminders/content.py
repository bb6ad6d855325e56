"""What a reminder says. No name, phone or address of a resident: messages cross other people's servers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from server.reminders.models import Kind
from server.reminders.repository import Reminded

TODAY: Final = "/today"
BODY: Final = "点开看是哪几户、约定了什么；没有网络也能看。"
BODY_RETURNED: Final = "点开看负责人的意见，改好后会自动再交。"


@dataclass(frozen=True, slots=True)
class Text:
    """A message: ``url`` is the place in the application that it opens."""

    title: str
    body: str
    url: str


def compose(told: Sequence[Reminded], supervised: Collection[str]) -> Text | None:
    """Return one message for all that is ``told``, or ``None`` when there is nothing to tell.

    ``supervised`` has the ids of those reminders of late follow-ups that went to a supervisor.
    """
    late = {each.matter for each in told if each.kind is Kind.FOLLOWUP_LATE and each.id not in supervised}
    below = {each.matter for each in told if each.kind is Kind.FOLLOWUP_LATE and each.id in supervised}
    due = {
        each.household or each.matter
        for each in told
        if each.kind is Kind.FOLLOWUP_DUE and each.matter not in late | below
    }
    returned = {each.visit for each in told if each.kind is Kind.VISIT_RETURNED}
    parts = [
        sentence.format(len(matters))
        for sentence, matters in (
            ("今天 {} 户要回访", due),
            ("{} 户回访已过期", late),
            ("片区内 {} 户回访逾期未办", below),
            ("{} 条走访要修改", returned),
        )
        if matters
    ]
    if not parts:
        return None
    return Text("，".join(parts), BODY if due or late or below else BODY_RETURNED, TODAY)
