"""Names of firms and people, all invented, and the spellings under which systems know a firm."""

from __future__ import annotations

from simulator.randomness import Draws, Integers
from simulator.world.trades import REGIONS, TRADES

FIRST_SIGNS = "恒瑞鼎华盛泰永嘉宏昌隆顺祥福源德信诚达利丰茂兴安康宁远博卓越锦凯"
SECOND_SIGNS = "通联创新泽润邦辉科美晟和腾翔峰宇航阳森林海洋川山岳石玉金银铭锐捷智"
THIRD_SIGNS = (
    "",
    "鑫",
    "大",
    "中",
    "东",
    "新",
    "长",
    "万",
    "天",
    "正",
    "同",
    "百",
    "九",
    "合",
    "启",
)
FIRST_SOUNDS = (
    "Heng Rui Ding Hua Sheng Tai Yong Jia Hong Chang Long Shun Xiang Fu Yuan De Xin Cheng Da Li "
    "Feng Mao Xing An Kang Ning Yuan Bo Zhuo Yue Jin Kai"
)
SECOND_SOUNDS = (
    "tong lian chuang xin ze run bang hui ke mei sheng he teng xiang feng yu hang yang sen lin hai "
    "yang chuan shan yue shi yu jin yin ming rui jie zhi"
)
THIRD_SOUNDS = ",Xin,Da,Zhong,Dong,Xin,Chang,Wan,Tian,Zheng,Tong,Bai,Jiu,He,Qi"
PLACES = {
    "绍兴": "Shaoxing", "苏州": "Suzhou", "淄博": "Zibo", "佛山": "Foshan",
    "武汉": "Wuhan", "郑州": "Zhengzhou", "成都": "Chengdu", "芜湖": "Wuhu",
}  # fmt: skip
TRADE_SOUNDS = ("Textile", "Plastics", "Glass", "Food", "Machinery", "Logistics", "Warehousing")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN_SIGNS = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂文辉玲"
ROADS = ("工业园", "经济开发区", "高新路", "创业路", "产业园", "开发大道")


def _signs(number: int) -> tuple[int, int, int]:
    """Three places that no other number below 32 * 33 * 15 shares."""
    first, rest = number % len(FIRST_SIGNS), number // len(FIRST_SIGNS)
    second, third = rest % len(SECOND_SIGNS), rest // len(SECOND_SIGNS)
    return first, second, third


def firm_names(draws: Draws, region: Integers, trade: Integers) -> tuple[list[str], list[str]]:
    """Full Chinese names and English names, each unique, for firms by region and trade."""
    size = len(region)
    places = draws.generator("name signs").permutation(len(FIRST_SIGNS) * len(SECOND_SIGNS) * 3)
    words = draws.integers("name words", 0, 3, size).tolist()
    chinese, english = [], []
    for index, (area, kind, word) in enumerate(
        zip(region.tolist(), trade.tolist(), words, strict=True)
    ):
        cycle, place = divmod(index, len(places))
        first, second, third = _signs(int(places[place]))
        city, choices = REGIONS[area][2], TRADES[kind].name_words
        third = (third + 3 * cycle) % len(THIRD_SIGNS)
        sign = THIRD_SIGNS[third] + FIRST_SIGNS[first] + SECOND_SIGNS[second]
        number = "" if cycle < 5 else str(cycle)
        chinese.append(f"{city}{sign}{number}{choices[word % len(choices)]}有限公司")
        sound = THIRD_SOUNDS.split(",")[third] + FIRST_SOUNDS.split(" ")[first]
        sound += SECOND_SOUNDS.split(" ")[second]
        english.append(f"{PLACES[city]} {sound}{number} {TRADE_SOUNDS[kind]} Co., Ltd.")
    return chinese, english


def person_names(draws: Draws, stream: str, size: int) -> list[str]:
    """Invented people."""
    surname = draws.integers(f"{stream} surname", 0, len(SURNAMES), size).tolist()
    given = draws.integers(f"{stream} given", 0, len(GIVEN_SIGNS), (size, 2)).tolist()
    return [
        SURNAMES[family] + GIVEN_SIGNS[one] + (GIVEN_SIGNS[two] if two % 3 else "")
        for family, (one, two) in zip(surname, given, strict=True)
    ]


def spelling(name: str, style: int) -> str:
    """A firm's Chinese name as a hurried clerk types it; style 0 is the full name."""
    short = name.removesuffix("有限公司")
    return (
        name,
        f"{short[:2]}市{short[2:]}有限公司",
        f"{short[2:]}（{short[:2]}）有限公司",
        short,
        f"{short}公司",
        f"{short[:2]} {short[2:]}有限责任公司",
    )[style]


SPELLING_STYLES = 6
