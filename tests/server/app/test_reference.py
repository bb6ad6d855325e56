"""The tables in docs/ say what the code says."""

import pytest

from server.reference.__main__ import PLACE, TABLES, pages, renewed


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_tables_of_the_documentation_are_current(page: object) -> None:
    text = page.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert text == renewed(text), "run: python -m server.reference"


def test_every_table_has_its_place() -> None:
    named = {found["name"] for page in pages() for found in PLACE.finditer(page.read_text(encoding="utf-8"))}
    assert named == set(TABLES)
