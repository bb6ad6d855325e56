"""Bring the tables in ``docs/`` up to date. In a page, ``<!-- table NAME -->`` … ``<!-- end -->`` holds one."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from server.documents.registry import TYPES
from server.metrics import Metrics
from server.reference import documents
from server.reference.limits import limits
from server.reference.settings import ROOT, settings
from server.reference.table import table

PLACE: Final = re.compile(r"(?P<begin><!-- table (?P<name>[a-z ]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def metrics() -> str:
    """Return the table of what ``/metrics`` tells."""
    collectors = [(each, vars(each)) for each in vars(Metrics()).values() if not isinstance(each, CollectorRegistry)]
    rows = [
        (
            f"`{said['_name']}{'_total' * isinstance(each, Counter)}`",
            ", ".join(said["_labelnames"]),
            said["_documentation"],
        )
        for each, said in collectors
    ]
    return table(("metric", "labels", "what it counts"), rows)


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "settings": settings,
    "limits": limits,
    "metrics": metrics,
    "every document": documents.common,
    "personal data": documents.classes,
    **{kind: partial(documents.of_type, kind) for kind in TYPES},
}


def renewed(page: str) -> str:
    """Return ``page`` with its tables written anew."""
    return PLACE.sub(lambda found: f"{found['begin']}\n{TABLES[found['name']]()}\n\n{found['end']}", page)


def pages() -> list[Path]:
    """Return the pages of ``docs/`` that hold such tables."""
    return [path for path in sorted((ROOT / "docs").glob("*.md")) if PLACE.search(path.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    for each in pages():
        each.write_text(renewed(each.read_text(encoding="utf-8")), encoding="utf-8")
