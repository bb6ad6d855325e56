"""The search keys of a name: full pinyin and initials, as the phone computes them.

``pinyin-pro`` on the phone reads a surname as a surname (单 shàn, not dān) and writes ü as ``v``; so does this.
"""

from functools import lru_cache
from typing import Final

from pypinyin import lazy_pinyin

_COMPOUND_SURNAMES: Final = {
    "万俟": ["mo", "qi"],
    "令狐": ["ling", "hu"],
    "尉迟": ["yu", "chi"],
    "澹台": ["tan", "tai"],
    "长孙": ["zhang", "sun"],
}
"""Compound surnames of which at least one character is read otherwise than in ordinary words."""

_SURNAMES: Final = {
    "乐": "yue",
    "仇": "qiu",
    "任": "ren",
    "冼": "xian",
    "区": "ou",
    "华": "hua",
    "单": "shan",
    "召": "shao",
    "员": "yun",
    "宁": "ning",
    "宓": "mi",
    "尹": "yin",
    "折": "she",
    "曾": "zeng",
    "朴": "piao",
    "查": "zha",
    "柏": "bai",
    "洗": "xian",
    "燕": "yan",
    "盖": "ge",
    "种": "chong",
    "秘": "bi",
    "繁": "po",
    "缪": "miao",
    "翟": "zhai",
    "臧": "zang",
    "葛": "ge",
    "覃": "qin",
    "解": "xie",
    "车": "che",
    "过": "guo",
    "那": "na",
    "都": "du",
    "阚": "kan",
    "隗": "wei",
}
"""Surnames of one character that are read otherwise, or more surely, than the same character in ordinary words."""


@lru_cache(maxsize=65_536)
def search_keys(name: str) -> str:
    """Return the keys to find ``name`` by, in lower case: 张三 → ``"zhangsan zs"``; ``""`` for an empty name.

    Letters and digits in the name stay as they are; at most 200 characters come back.
    """
    syllables = _syllables("".join(name.split()))
    full = "".join(syllables).lower()
    initials = "".join(syllable[0] for syllable in syllables if syllable).lower()
    if not full or full == initials:
        return full[:200]
    return f"{full} {initials}"[:200]


def _syllables(name: str) -> list[str]:
    compound = _COMPOUND_SURNAMES.get(name[:2])
    if compound is not None:
        return compound + lazy_pinyin(name[2:])
    surname = _SURNAMES.get(name[:1])
    if surname is not None:
        return [surname, *lazy_pinyin(name[1:])]
    return list(lazy_pinyin(name))
