"""The trades: what each makes, of what, at which prices, on which machines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WEAVING, PLASTICS, GLASS, FOOD, MACHINERY, LOGISTICS, WAREHOUSE = range(7)
MAKER_TRADES = 5

CORE, TIER_ONE, TIER_TWO, TIER_THREE, SERVICE = range(5)


@dataclass(frozen=True)
class Trade:
    """One trade. Prices in fen a unit; power shares in thousandths of turnover."""

    name: str
    chinese: str
    name_words: tuple[str, ...]
    unit: str
    unit_price_fen: int
    raw_name: str
    raw_unit: str
    raw_price_fen: int
    energy_permille: int
    wage_permille: int
    machine_words: tuple[str, ...]
    product_words: tuple[str, ...]
    industry_code: str


TRADES = (
    Trade(
        "textile weaving", "纺织", ("纺织", "织造", "针织"), "米", 1_200, "棉纱", "千克", 2_300,
        35, 170, ("喷气织机", "剑杆织机"), ("坯布", "斜纹布", "府绸"), "1711",
    ),
    Trade(
        "plastics moulding", "塑料", ("塑业", "塑胶", "注塑"), "件", 260, "聚丙烯粒子", "千克", 850,
        40, 150, ("注塑机",), ("塑料外壳", "周转箱", "瓶盖"), "2929",
    ),
    Trade(
        "glass", "玻璃", ("玻璃", "玻璃制品"), "件", 640, "石英砂", "千克", 120,
        110, 130, ("玻璃熔窑", "行列机"), ("玻璃瓶", "钢化玻璃片", "玻璃器皿"), "3054",
    ),
    Trade(
        "agri-food", "农产食品", ("食品", "农业", "生鲜"), "千克", 900, "蔬果原料", "千克", 420,
        25, 110, ("冷库机组", "分拣线"), ("速冻蔬菜", "净菜", "果汁浓浆"), "1371",
    ),
    Trade(
        "machinery", "机械", ("机械", "精工", "重工"), "件", 45_000, "钢板", "千克", 430,
        20, 190, ("数控车床", "加工中心"), ("齿轮箱", "传动轴", "机座"), "3451",
    ),
    Trade(
        "logistics", "物流", ("物流", "货运", "供应链"), "车次", 90_000, "柴油", "升", 680,
        5, 260, ("厢式货车", "冷藏车"), ("公路运输",), "5431",
    ),
    Trade(
        "warehouse", "仓储", ("仓储", "冷链仓储"), "吨月", 6_000, "托盘", "个", 5_000,
        30, 220, ("立体货架区", "冷库区"), ("仓储服务",), "5990",
    ),
)  # fmt: skip

# A core enterprise sells finished goods: dearer by this factor than an intermediate of its trade.
CORE_PRICE_FACTOR = 12

# What a maker (row) buys of other makers (column), in thousandths of the materials that come from
# within the ecosystem: its own trade's intermediates, packaging, parts.
SUPPLY_MIX = np.array(
    [
        [700, 150, 0, 0, 150],
        [100, 600, 50, 0, 250],
        [0, 200, 550, 0, 250],
        [50, 350, 200, 350, 50],
        [50, 250, 100, 0, 600],
    ],
    dtype=np.int64,
)

REGIONS = (
    ("330600", "浙江", "绍兴"),
    ("320500", "江苏", "苏州"),
    ("370300", "山东", "淄博"),
    ("440600", "广东", "佛山"),
    ("420100", "湖北", "武汉"),
    ("410100", "河南", "郑州"),
    ("510100", "四川", "成都"),
    ("340200", "安徽", "芜湖"),
)
