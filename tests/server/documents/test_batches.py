"""What a batch costs, and what the read models take from the documents."""

from typing import Any

import pytest
from sqlalchemy import event, select

from server.visits.tables import visit
from tests.server.phones import Phone


@pytest.fixture
def phone(district: Any) -> Phone:
    return Phone(district)


def _statements(district: Any, phone: Phone, many: int) -> int:
    documents = [phone.household(str(100 + i)) for i in range(many)]
    documents += [phone.visit() for _ in range(many)]
    documents += [phone.visit(outcome="angry") for _ in range(many)]
    documents += [phone.photo(each["_id"]) for each in documents[many : 2 * many]]
    said: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    engine = district.database._write_engine
    event.listen(engine, "before_cursor_execute", count)
    phone.push(*documents)
    event.remove(engine, "before_cursor_execute", count)
    return len(said)


def test_the_number_of_statements_does_not_depend_on_the_size_of_a_batch(district: Any, phone: Phone) -> None:
    _statements(district, phone, 2)
    assert _statements(district, phone, 40) <= _statements(district, phone, 3)


def test_a_visit_written_past_the_rules_does_not_stop_the_store(district: Any, phone: Phone) -> None:
    odd = ("visit:odd", {"type": "visit", "at": 3}, "d-0101", ("d-0101",))
    assert district.database.write_now(lambda c: phone.store.load_now(c, "areas", [odd])) == 1
    assert district.database.read_now(lambda c: c.execute(select(visit)).all()) == []
