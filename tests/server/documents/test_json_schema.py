"""The schemas that the phone's types are made from."""

import re

import pytest

from server.documents.json_schema import schemas
from server.documents.metadata import DataClass, Label, Personal, carried
from server.documents.registry import TYPES, pattern_of


def test_every_type_is_there_as_it_travels() -> None:
    told = schemas()
    assert [each["$ref"] for each in told["anyOf"]] == [f"#/$defs/{model.__name__}" for model in TYPES.values()]
    visit = told["$defs"]["Visit"]
    assert {"_id", "type", "area", "by", "at", "v", "household", "outcome"} == set(visit["required"])
    assert visit["additionalProperties"] is True
    assert visit["properties"]["outcome"]["description"] == "结果"
    assert re.fullmatch(visit["properties"]["_id"]["pattern"], "visit:01JD0000000000000000000000")


@pytest.mark.parametrize("kind", TYPES)
def test_every_field_has_a_label(kind: str) -> None:
    assert {name for name, _ in carried(TYPES[kind], Label)} == set(TYPES[kind].model_fields)


def test_what_speaks_of_a_resident_says_so() -> None:
    classes = {name: personal.kind for name, personal in carried(TYPES["household"], Personal)}
    assert classes["phone"] is DataClass.CONTACT
    assert classes["marks"] is DataClass.SENSITIVE
    assert classes["name"] is DataClass.IDENTITY


@pytest.mark.parametrize(
    "document_id", ["visit:01JD000000000000000000000", "visit:81JD0000000000000000000000", "visit:"]
)
def test_ids_that_are_none(document_id: str) -> None:
    assert not pattern_of("visit").fullmatch(document_id)
