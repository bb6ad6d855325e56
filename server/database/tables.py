"""Every table of the application: import :data:`metadata` from here and it is complete. One line for each noun."""

from typing import Final

from server.accounts import tables as accounts
from server.areas import tables as areas
from server.calendar import tables as calendar
from server.channels import tables as channels
from server.database.metadata import metadata
from server.followups import tables as followups
from server.households import tables as households
from server.refusals import tables as refusals
from server.register import tables as register
from server.reminders import tables as reminders
from server.reviews import tables as reviews
from server.scheduling import tables as scheduling
from server.visits import tables as visits

NOUNS: Final = (
    accounts,
    areas,
    calendar,
    channels,
    followups,
    households,
    refusals,
    register,
    reminders,
    reviews,
    scheduling,
    visits,
)

__all__ = ["NOUNS", "metadata"]
