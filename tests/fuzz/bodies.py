"""Bodies of requests: each kind nearly right, so that most of what is odd lies deep inside."""

import base64
import gzip
from collections.abc import Mapping
from typing import Any, Final

from tests.fuzz.values import Chance, Raw, body_of, text_of
from tests.fuzz.world import World

YES: Final = True
DIGITS: Final = "0123456789abcdef"
BOMB: Final = gzip.compress(b"\0" * 16_000_000, 9)
"""16 kB that are 16 MB."""
DOUBLE_BOMB: Final = gzip.compress(BOMB * 8, 9)
PATTERNS: Final = (
    "^a",
    "(a+)+$",
    "(a|a)*b",
    "(.*)*x",
    "((a{1,100}){1,100}){1,100}",
    "(?=a)",
    "\\1",
    "[",
    "(?P<n>a)(?P=n)",
    "\\p{Han}+",
    "a{1000}",
    "(" * 400 + ")" * 400,
    "x" * 1001,
    "走",
    "",
)
TYPES: Final = ("null", "boolean", "number", "string", "array", "object", "neither")


def rev(chance: Chance) -> str:
    """Return a revision id, made up, mostly well formed."""
    if chance.some(0.12):
        return chance.choice(
            [
                "",
                "1",
                "1-",
                "-a",
                "0-a",
                "x-y",
                "1-A",
                "99999999999999999999-a",
                "1-" + "f" * 400,
                "01-ab",
                "1-a-b",
                "１-a",
            ]
        )
    return f"{chance.choice([1, 1, 2, 3, 9, 400])}-{''.join(chance.choices(DIGITS, k=chance.choice([1, 2, 32])))}"


class Bodies:
    """Makes the bodies of one actor, from what the world knows."""

    def __init__(self, chance: Chance, world: World) -> None:
        self.chance: Final = chance
        self.world: Final = world

    def id(self, database: str) -> str:
        """Return the id of a document, one that is there in half of all cases."""
        known = self.world.known(database)
        if known and self.chance.some(0.5):
            return self.chance.choice(known)[0]
        return self.chance.text() if self.chance.some(0.2) else f"doc-{self.chance.randint(0, 40)}"

    def pair(self, database: str) -> tuple[str, str]:
        """Return an id and a revision, mostly of that document."""
        known = self.world.known(database)
        if known and self.chance.some(0.8):
            return self.chance.choice(known)
        return self.id(database), rev(self.chance)

    def document(self, database: str, *, replicated: bool = False) -> dict[str, Any]:
        """Return a document, with an ``_id`` and what belongs to it, or does not."""
        chance = self.chance
        id_, known = self.pair(database)
        told: dict[str, Any] = {"_id": chance.nearly(id_, 0.04)}
        if chance.some(0.5):
            told["_rev"] = chance.nearly(known if chance.some(0.8) else rev(chance), 0.04)
        if replicated and chance.some(0.8):
            told |= self.revisions()
        if chance.some(0.1):
            told["_deleted"] = chance.nearly(YES)
        if chance.some(0.2):
            told["_attachments"] = chance.nearly(self.attachments())
        if chance.some(0.04):
            told[chance.choice(["_conflicts", "_local_seq", "_revs_info", "_strange", "_replication_state", "_"])] = 1
        for _ in range(chance.randint(0, 5)):
            told[chance.choice(["a", "n", "走访", "type", "__proto__", chance.text()])] = chance.value()
        if chance.some(0.03):
            told["deep"] = Raw("[" * 600 + "]" * 600)
        if chance.some(0.02):
            told["long"] = "长" * chance.choice([1000, 30_000, 60_000])
        return told

    def revisions(self) -> dict[str, Any]:
        chance = self.chance
        length = chance.choice([1, 1, 2, 3, 20, 300])
        ids: list[Any] = ["".join(chance.choices(DIGITS, k=chance.choice([2, 32]))) for _ in range(length)]
        start: Any = length if chance.some(0.7) else chance.choice([0, 1, 2, length + 5, -1, 2**63, 1.5, "1", None])
        if chance.some(0.1):
            ids.append(chance.value(1))
        return {"_rev": f"{start}-{ids[0]}", "_revisions": chance.nearly({"start": start, "ids": ids}, 0.04)}

    def attachments(self) -> dict[str, Any]:
        chance = self.chance
        return {
            chance.choice(["a.txt", "图.png", "a/b", chance.text()]): chance.nearly(self.attachment())
            for _ in range(chance.randint(0, 3))
        }

    def attachment(self) -> dict[str, Any]:
        chance = self.chance
        kind: dict[str, Any] = {"content_type": chance.nearly("text/plain")}
        if chance.some(0.2):
            kind["revpos"] = chance.nearly(1, 0.3)
        dice = chance.random()
        if dice < 0.3:
            return kind | {"stub": chance.nearly(YES), "digest": chance.nearly("md5-1B2M2Y8AsgTpgAmY7PhCfg==", 0.4)}
        if dice < 0.4:
            return kind | {"follows": True, "length": chance.nearly(3, 0.3)}
        content = base64.b64encode(chance.randbytes(chance.choice([0, 1, 3, 100, 9000]))).decode()
        if chance.some(0.1):
            content = chance.choice([content + "=", content[:-1], "走", "!!!!", content + "\n", " " + content])
        return kind | {"data": chance.nearly(content)}

    def bulk_docs(self, database: str) -> Any:
        chance = self.chance
        replicated = chance.some(0.4)
        docs: list[Any] = [
            chance.nearly(self.document(database, replicated=replicated), 0.01) for _ in range(self.few())
        ]
        told: dict[str, Any] = {"docs": chance.nearly(docs, 0.03)}
        if replicated:
            told["new_edits"] = False
        if chance.some(0.05):
            told["new_edits"] = chance.value(1)
        return told

    def few(self) -> int:
        """Return how many, seldom many."""
        return (
            self.chance.choice([0, 1, 1, 2, 3, 5, 9]) if self.chance.some(0.98) else self.chance.choice([101, 300, 601])
        )

    def bulk_get(self, database: str) -> Any:
        chance = self.chance
        docs: list[Any] = []
        for _ in range(self.few()):
            id_, known = self.pair(database)
            one: dict[str, Any] = {"id": chance.nearly(id_)}
            if chance.some(0.6):
                one["rev"] = chance.nearly(known)
            if chance.some(0.1):
                one["atts_since"] = chance.nearly([known], 0.3)
            docs.append(chance.nearly(one, 0.03))
        return {"docs": chance.nearly(docs, 0.03)}

    def revs(self, database: str) -> Any:
        chance = self.chance
        told: dict[str, Any] = {}
        for _ in range(self.few()):
            id_, known = self.pair(database)
            told[id_] = chance.nearly([known, *chance.several(lambda: rev(chance), 3)], 0.03)
        return told

    def listing(self, database: str) -> Any:
        chance = self.chance
        told: dict[str, Any] = {}
        for name in chance.several(
            lambda: chance.choice(["keys", "startkey", "endkey", "limit", "skip", "descending"])
        ):
            told[name] = {
                "keys": chance.nearly([self.id(database) for _ in range(self.few())]),
                "startkey": chance.value(2),
                "endkey": chance.nearly(self.id(database)),
                "limit": chance.nearly(chance.randint(0, 30)),
                "skip": chance.nearly(1),
                "descending": chance.nearly(YES),
            }[name]
        if chance.some(0.4):
            told["include_docs"] = chance.nearly(YES)
        return told

    def queries(self, database: str) -> Any:
        return {"queries": self.chance.nearly([self.listing(database) for _ in range(self.chance.randint(0, 3))])}

    def changes(self, database: str) -> Any:
        chance = self.chance
        told: dict[str, Any] = {}
        if chance.some(0.5):
            told["selector"] = self.selector()
        if chance.some(0.4):
            told["doc_ids"] = chance.nearly([self.id(database) for _ in range(self.few())])
        for name, value in (("limit", 3), ("since", "0"), ("include_docs", True), ("style", "all_docs")):
            if chance.some(0.15):
                told[name] = chance.nearly(value, 0.3)
        return told

    # -- Mango ---------------------------------------------------------------------------------------------------------

    def selector(self, depth: int = 3) -> Any:
        chance = self.chance
        if chance.some(0.03):
            return chance.value()
        if depth and chance.some(0.4):
            word = chance.choice(["$and", "$or", "$nor", "$not", "$allMatch", "$strange"])
            several = [self.selector(depth - 1) for _ in range(chance.randint(0, 3))]
            return {word: chance.nearly(self.selector(depth - 1) if word in {"$not", "$allMatch"} else several)}
        return {self.field(): self.condition(depth) for _ in range(chance.randint(0, 3))}

    def field(self) -> str:
        return self.chance.choice(
            ["_id", "a", "n", "走访", "a.b", "a\\.b", "_rev", "", ".", "a..b", "\\", self.chance.text()]
        )

    def condition(self, depth: int) -> Any:
        chance = self.chance
        word = chance.choice(
            [
                "$lt",
                "$lte",
                "$eq",
                "$ne",
                "$gte",
                "$gt",
                "$exists",
                "$type",
                "$in",
                "$nin",
                "$size",
                "$mod",
                "$regex",
                "$beginsWith",
                "$all",
                "$elemMatch",
                "$allMatch",
                "$keyMapMatch",
                "$not",
                "$text",
                "$strange",
            ]
        )
        right = {
            "$exists": True,
            "$type": chance.choice(TYPES),
            "$in": chance.several(chance.value),
            "$nin": chance.several(chance.value),
            "$all": chance.several(chance.value),
            "$size": chance.randint(0, 3),
            "$mod": chance.choice([[2, 1], [0, 1], [-3, 1], [1], [2.5, 1], [10**30, 1]]),
            "$regex": chance.choice(PATTERNS),
            "$beginsWith": chance.text(),
        }
        if word in {"$elemMatch", "$allMatch", "$keyMapMatch", "$not"}:
            return {word: self.selector(max(0, depth - 1))}
        return {word: chance.nearly(right.get(word, chance.value()), 0.15)}

    def find(self, database: str) -> Any:
        chance = self.chance
        told: dict[str, Any] = {"selector": self.selector()}
        options: Mapping[str, Any] = {
            "limit": chance.randint(0, 30),
            "skip": 1,
            "sort": chance.choice([["a"], [{"a": "desc"}], [{"_id": "asc"}], [{"a": "asc"}, {"n": "desc"}], []]),
            "fields": chance.choice([["a"], ["_id", "a.b"], [], "all_fields"]),
            "use_index": chance.choice(["x", ["x", "y"], "_design/x", []]),
            "bookmark": chance.choice(["nil", "", "bm", "WyIiLCJhIl0="]),
            "execution_stats": True,
            "conflicts": True,
            "allow_fallback": False,
            "r": 1,
            "stale": "ok",
        }
        for name in chance.several(lambda: chance.choice(list(options))):
            told[name] = chance.nearly(options[name], 0.15)
        if chance.some(0.03):
            told["selector"] = Raw('{"$not":' * 60 + "{}" + "}" * 60)
        if chance.some(0.01):
            told["selector"] = {"$or": [{"a": number} for number in range(2500)]}
        del database
        return told

    def index(self, database: str) -> Any:
        chance = self.chance
        del database
        defined: dict[str, Any] = {"fields": chance.nearly([self.field() for _ in range(chance.randint(0, 3))])}
        if chance.some(0.3):
            defined["partial_filter_selector"] = self.selector()
        told: dict[str, Any] = {"index": chance.nearly(defined)}
        for name in chance.several(lambda: chance.choice(["name", "ddoc", "type", "partitioned"])):
            told[name] = chance.nearly({"type": "json", "partitioned": False}.get(name, chance.choice(["x", "y"])), 0.1)
        return told

    # -- what comes in parts -------------------------------------------------------------------------------------------

    def related(self, database: str) -> tuple[str, bytes]:
        """Return the content type and body of a document whose attachments follow it."""
        chance = self.chance
        boundary = chance.choice(["b", "走", 'q"uoted', "x" * 80, "--"])
        contents = {f"f{n}": chance.randbytes(chance.choice([0, 1, 700])) for n in range(chance.randint(0, 3))}
        told = self.document(database)
        told["_attachments"] = {
            name: {"follows": True, "content_type": "text/plain", "length": chance.nearly(len(content), 0.05)}
            for name, content in contents.items()
        }
        if chance.some(0.15) and contents:
            told["_attachments"]["f0"] |= {"encoding": "gzip"}
            contents["f0"] = chance.choice([BOMB, gzip.compress(b"a"), b"no gzip", gzip.compress(b"abc" * 99)[:-9]])
        parts = [
            (b"Content-Type: application/json", body_of(chance, told)),
            *((b"", each) for each in contents.values()),
        ]
        if chance.some(0.1):
            chance.shuffle(parts)
        mark = boundary.encode()
        raw = b"".join(b"\r\n--%b\r\n%b\r\n\r\n%b" % (mark, head, content) for head, content in parts)
        end = b"\r\n--" + mark + chance.choice([b"--", b"--", b"--", b"--\r\n", b"", b"\r\n", b"-"])
        raw = raw.removeprefix(b"\r\n") + end
        kind = f'multipart/related; boundary="{boundary}"'
        if chance.some(0.1):
            kind = chance.choice(
                ["multipart/related", "multipart/related; boundary=", "multipart/related;boundary=other", kind]
            )
        return kind, raw

    def settings(self, name: str) -> Any:
        """Return the body of a database's setting."""
        chance = self.chance
        if name == "_security":
            return chance.nearly({"admins": {"names": [chance.text()], "roles": []}, "members": chance.value(2)})
        return chance.nearly(chance.choice([1, 2, 3, 5, 1000, 1000]), 0.3)

    def json(self, value: Any) -> bytes:
        return body_of(self.chance, value)


def plain(value: Any) -> bytes:
    """Return ``value`` as JSON, without any mistake."""
    return text_of(value).encode()
