"""Search keys, in the form that the phone looks for."""

import pytest

from server.register.pinyin import search_keys


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("张三", "zhangsan zs"),
        ("单雄信", "shanxiongxin sxx"),
        ("曾 国藩", "zengguofan zgf"),
        ("欧阳修", "ouyangxiu oyx"),
        ("尉迟恭", "yuchigong ycg"),
        ("万俟卨", "moqixie mqx"),
        ("吕布", "lvbu lb"),
        ("解珍", "xiezhen xz"),
        ("", ""),
    ],
)
def test_surnames_are_read_as_surnames(name: str, keys: str) -> None:
    assert search_keys(name) == keys


def test_the_keys_fit_the_document() -> None:
    assert len(search_keys("张" * 40)) <= 200
