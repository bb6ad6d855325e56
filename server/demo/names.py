"""Made-up people and places. Nobody is meant; the phone numbers are in a block that was never given out."""

from random import Random
from typing import Final

STREETS: Final = ("劝业场街", "小白楼街", "五大道街", "新兴街", "南营门街", "南市街")

_FIRST: Final = "福安和顺景华宝吉"
_SECOND: Final = "宁泰康裕祥瑞荣春"

_SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
_GIVEN: Final = (
    "秀英", "桂兰", "建国", "淑珍", "玉梅", "志强", "丽华", "国庆", "春生", "凤霞", "永福", "文静", "海燕", "立新",
    "晓东", "美玲", "宝山", "素云", "长河", "金花", "慧敏", "铁柱", "月娥", "庆丰", "雪梅", "德胜", "彩霞", "广义",
    "红", "军", "静", "磊", "芳", "涛", "敏", "勇", "洋", "杰", "娜", "鹏", "婷", "浩", "欣怡", "子轩", "雨桐", "思远",
    "佳宁", "俊杰", "晨曦", "一鸣", "若兰", "天佑", "梦瑶", "振华", "耀宗", "冬梅", "树人", "小满", "立秋", "南星",
)  # fmt: skip

NEEDS: Final = (
    "家电维修", "水管维修", "代买药", "陪诊", "助餐", "理发", "代买菜",
    "政策咨询", "楼道照明", "聊天陪伴", "代缴费", "安装扶手",
)  # fmt: skip
MET: Final = (
    "家里都好，没有要办的事。", "老人精神不错，叮嘱了按时吃药。", "反映楼道灯不亮，已记下。",
    "水管渗水，约了维修。",
    "想了解助餐点的开放时间，已告知。", "孩子放暑假，白天有人在家。", "最近腿脚不便，希望有人陪着去医院。",
    "送去联系卡，留了社区电话。",
    "说暖气不太热，答应问物业。", "刚出院，需要常来看看。",
)  # fmt: skip
WHY: Final = ("送药后问候", "维修后回访", "答复助餐的事", "陪诊后问候", "带去政策材料", "看望", "答复物业的处理结果")
RETURNED: Final = ("请写明约了哪天维修。", "请补上住户提的需求。", "结果和备注对不上，请核对。")


def community(number: int) -> str:
    """Return the name of the community with this number (from 0, 64 different ones)."""
    return f"{_FIRST[number // len(_SECOND) % len(_FIRST)]}{_SECOND[number % len(_SECOND)]}里社区"


def person(random: Random) -> str:
    """Return a name."""
    return random.choice(_SURNAMES) + random.choice(_GIVEN)


def phone(random: Random) -> str:
    """Return a number that nobody has: 199 0000 and four digits."""
    return f"1990000{random.randrange(10_000):04d}"
