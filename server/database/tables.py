"""Every table of the application: import :data:`metadata` from here and it is complete. One line for each noun."""

from typing import Final

from sqlalchemy import Text

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
from sync.store.tables import CodePoints

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

# Ids, days and paths are compared and sorted by code points, whatever the language of a PostgreSQL database: ranges of
# them are ranges of an index. It is said here, once, so that no noun can forget it.
for _table in metadata.tables.values():
    for _column in _table.columns:
        if isinstance(_column.type, Text):
            _column.type = CodePoints()
