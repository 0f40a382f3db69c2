"""Sections on what goes into the model: data quality and conceptual soundness."""

from __future__ import annotations

from models.validation_report.document import Column, Figure, Section, Table, Words
from models.validation_report.findings import Findings
from models.validation_report.shared_tables import range_row
from models.validation_report.soundness import CardFeature
from models.validation_report.text import (
    NOTHING,
    counted,
    listed,
    number,
    percent,
    signed,
)

FEATURE = Column(Words("Feature", "特征"), is_number=False)
FIRMS, DEFAULTS = Column(Words("Firms", "企业数")), Column(Words("Defaults", "违约数"))


def data_section(found: Findings) -> Section:
    """What is missing, constant, double or out of range."""
    quality = found.data_quality
    constant = quality.constant_features
    return Section(
        key="data",
        title=Words("Data quality", "数据质量"),
        introduction=Words(
            "Training firms are those with an outcome known by the date of the training. All "
            "enterprises are those with features on that date; the model scores them all.",
            "训练企业为训练日前已知结果的企业；全部企业为当日具有特征、由模型评分的企业。",
        ),
        figures=(
            Figure(
                Words("Enterprises with features", "有特征的企业"), f"{quality.enterprise_count:,}"
            ),
            Figure(
                Words("Training firms", "训练企业"),
                f"{quality.firm_count:,}",
                f"{quality.default_count:,} in default",
            ),
            Figure(
                Words("Enterprises without outcome", "无结果的企业"),
                f"{quality.without_outcome_count:,}",
                percent(quality.without_outcome_count / quality.enterprise_count),
            ),
            Figure(
                Words("Candidate features", "候选特征"),
                f"{quality.candidate_count:,}",
                f"{len(constant):,} constant",
            ),
        ),
        points=(
            f"Enterprise codes that stand more than once: {quality.repeated_identity_count:,}.",
            "Training firms that agree with another one in every candidate feature: "
            f"{quality.identical_firm_count:,}.",
            f"Infinite values: {quality.infinite_value_count:,}.",
            "Candidate features that can tell no training firms apart: "
            + (listed(constant) if constant else "none")
            + ".",
        ),
        tables=(
            Table(
                Words("Features of the card", "评分卡特征"),
                (
                    FEATURE,
                    Column(Words("Missing, training firms", "训练企业缺失")),
                    Column(Words("Missing, all enterprises", "全部企业缺失")),
                    Column(Words("Distinct values", "不同取值")),
                    Column(Words("Minimum", "最小值")),
                    Column(Words("Median", "中位数")),
                    Column(Words("Maximum", "最大值")),
                    Column(Words("Enterprises beyond that range", "超出范围的企业")),
                ),
                tuple(range_row(x) for x in quality.features),
                "Distinct values, minimum, median and maximum are of the training firms, in the "
                "feature's own unit (next section). Beyond their range the outermost bin is used.",
            ),
        ),
    )


def _points_rows(feature: CardFeature) -> list[tuple[str, ...]]:
    rows = [(feature.feature, x.bin, signed(x.points, 2)) for x in feature.bins]
    return [*rows, (feature.feature, "missing", signed(feature.missing_points, 2))]


def soundness_section(found: Findings) -> Section:
    """What each feature means, which way it works, and how steadily it is chosen."""
    meaning = tuple(
        (
            x.feature,
            f"{x.description_en} {x.description_zh}",
            x.unit,
            x.direction,
            "yes" if x.is_monotone else "no",
            percent(x.chosen_ratio, 0),
            NOTHING
            if x.closest_feature is None
            else f"{x.closest_feature} ({number(x.closest_correlation, 2)})",
        )
        for x in found.soundness
    )
    settings = found.specification
    parts = int(settings["folds"] * settings["repeats"])
    return Section(
        key="soundness",
        title=Words("Conceptual soundness", "概念合理性"),
        introduction=Words(
            "A logistic regression on weights of evidence of monotone bins, as a table of points. "
            "The direction of each feature was found in the data of the training firms. No "
            "expected direction is declared beforehand, so whether each one makes economic sense "
            "is for the reader of this section to judge.",
            "单调分箱证据权重的逻辑回归，以分值表给出。各特征方向由训练数据得出，"
            "并无事先声明的预期方向，其经济含义请审阅者判断。",
        ),
        points=(
            "The card reads only features that stay the same when a firm's whole history is moved "
            "in time or repeated: the length and the end of a history can be a consequence of a "
            "default.",
            f"Features with a rank correlation above {settings['maximum_correlation']:.2g} to a "
            "better one were passed over.",
            f"Each training part (of {counted(parts, 'part')}) chose its features and bins anew; "
            "the share that chose a feature of the card says how steady the choice is.",
            "A missing value gets the points of a firm with the portfolio's own odds, unless the "
            "table says otherwise.",
        ),
        tables=(
            Table(
                Words("Features and their direction", "特征及方向"),
                (
                    FEATURE,
                    Column(Words("Meaning", "含义"), is_number=False),
                    Column(Words("Unit", "单位"), is_number=False),
                    Column(Words("Direction", "方向"), is_number=False),
                    Column(Words("Monotone", "单调"), is_number=False),
                    Column(Words("Chosen by training parts", "入选比例")),
                    Column(
                        Words("Closest other feature (Spearman)", "最相关特征"), is_number=False
                    ),
                ),
                meaning,
            ),
            Table(
                Words("Points of every bin", "各分箱分值"),
                (
                    FEATURE,
                    Column(Words("Bin", "分箱"), is_number=False),
                    Column(Words("Points", "分值")),
                ),
                tuple(row for x in found.soundness for row in _points_rows(x)),
                "More points mean less risk. "
                f"{settings['points_to_double_odds']:.0f} points more double the odds.",
            ),
        ),
    )
