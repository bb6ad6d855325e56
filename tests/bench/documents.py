"""The documents: visits of about 600 bytes as JSON text, half of it Chinese, the same for every server."""

import hashlib
import json
import random
from dataclasses import dataclass

NOTE = "老人独居，腿脚不便，需要上门送药；水管漏水已报修，下周回访。" * 3


@dataclass
class Batch:
    """Request bodies for the same documents: to ask what is missing, to replicate, to create."""

    diff: bytes
    replicated: bytes
    edited: bytes
    count: int


def fields(number: int, rng: random.Random) -> dict[str, object]:
    return {
        "type": "visit",
        "area": f"door-{number % 900:04d}",
        "by": f"m{number % 757:03d}",
        "at": "2026-11-22T10:00:00+08:00",
        "outcome": "met",
        "needs": ["看病难", "取暖"],
        "note": NOTE,
        "pad": f"{rng.getrandbits(600):0150x}",
    }


def batches(tag: str, count: int, size: int = 500) -> list[Batch]:
    rng = random.Random(tag)
    made = []
    for start in range(0, count, size):
        docs, diff = [], {}
        for number in range(start, min(count, start + size)):
            digest = hashlib.md5(f"{tag}{number}".encode()).hexdigest()
            name = {"_id": f"visit:{number:06d}:{rng.getrandbits(40):010x}"}
            origin = {"_rev": f"1-{digest}", "_revisions": {"start": 1, "ids": [digest]}}
            docs.append((name, origin, fields(number, rng)))
            diff[name["_id"]] = [origin["_rev"]]
        replicated = {"new_edits": False, "docs": [{**name, **origin, **body} for name, origin, body in docs]}
        edited = {"docs": [{**name, **body} for name, _, body in docs]}
        made.append(Batch(text(diff), text(replicated), text(edited), len(docs)))
    return made


def text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
