"""What changed and why as sentences in both languages, each from one row of `reports.changes`.

A number in a sentence looks as it does in the table that the row stands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from typing import Any

from reports.changes import STATUSES, Direction, Row, difference, direction
from reports.comparisons import LEVEL, STATUS
from reports.kinds import CHANGE_POINTS, COUNT, MEASURED, POINTS, PROBABILITY, Kind, plain_text
from reports.parts import Notice, Words

ORDER = ("worse", "other", "better")
FIRST_DATE = Words(
    "This is the first date of the marts, so there is nothing to compare with.",
    "这是集市的首个日期，无可比对象。",
)
NO_CHANGE = Words("Nothing changed since the date before.", "与前次相比没有变化。")


def worst_first(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """What got worse, then what can't be called either, then what got better; order kept."""
    return tuple(sorted(notices, key=lambda notice: ORDER.index(notice.severity)))


def nothing_changed(previous: date | None) -> Words:
    """What it means that there is no change to tell."""
    return FIRST_DATE if previous is None else NO_CHANGE


def _severity(found: Direction) -> str:
    return "other" if found == "same" else found


def _words(kind: Kind, code: str | None, language: int) -> str:
    """A level or status in one language; the kind has both, with a blank between."""
    if code is None:
        return ("not known", "未知")[language]
    english, _, chinese = kind.codes[code].rpartition(" ")
    return (english, chinese)[language]


def _step(kind: Kind, before: str | None, now: str | None, language: int) -> str:
    return f"{_words(kind, before, language)} → {_words(kind, now, language)}"


def score_sentences(
    before: Row | None, now: Row | None, steps: Sequence[Row], shown: int = 3
) -> list[Notice]:
    """How grade, probability of default and score moved, and the features behind it."""
    source = "marts.portfolio_scores"
    if before is None or now is None:
        return []
    notices = []
    change = direction(difference(before["pd_ratio"], now["pd_ratio"]), "low")
    if change != "same":
        grades = f"{before['grade']} → {now['grade']}"
        odds = f"{PROBABILITY.text(before['pd_ratio'])} % → {PROBABILITY.text(now['pd_ratio'])} %"
        scores = f"{POINTS.text(before['score'])} → {POINTS.text(now['score'])}"
        notices.append(
            Notice(
                change,
                Words(
                    f"Grade {grades}; probability of default {odds}; score {scores}.",
                    f"等级 {grades}；违约概率 {odds}；评分 {scores}。",
                ),
                source,
            )
        )
    if before["model_version"] != now["model_version"]:
        notices.append(
            Notice(
                "other",
                Words(
                    "The model has another version since; part of the change is the model's.",
                    "评分模型版本已更换，部分变动来自模型。",
                ),
                source,
            )
        )
    for step in islice(steps, shown):
        points = CHANGE_POINTS.text(step["points_change"])
        values = f"{MEASURED.text(step['value_before'])} → {MEASURED.text(step['value'])}"
        notices.append(
            Notice(
                direction(step["points_change"], "high"),
                Words(
                    f"{points} points of score: {plain_text(step['reason_en'])} ({values})",
                    f"评分 {points} 分：{plain_text(step['reason_zh'])}（{values}）",
                ),
                source,
            )
        )
    return notices


def status_sentences(before: Row | None, now: Row | None) -> list[Notice]:
    """How the status on the watch list moved."""
    if before is None or now is None or before["status"] == now["status"]:
        return []
    is_worse = STATUSES[now["status"]] > STATUSES[before["status"]]
    weights = " → ".join(MEASURED.text(row["weight_points"]) for row in (before, now))
    steps = [_step(STATUS, before["status"], now["status"], i) for i in (0, 1)]
    return [
        Notice(
            "worse" if is_worse else "better",
            Words(
                f"Watch list: {steps[0]}; its warnings weigh {weights} points.",
                f"关注名单：{steps[1]}；预警权重 {weights} 分。",
            ),
            "scores.watch_list",
        )
    ]


def warning_sentences(changes: Iterable[Row], most: int = 6) -> list[Notice]:
    """Warnings that rose or were first said, and those that fell, cleared or went silent.

    At most `most` of each side; the table has all.
    """
    heads = {
        "rose": ("worse", "Warning rose", "预警升级"),
        "first_said": ("other", "First said", "首次可判"),
        "silent": ("other", "No data any more", "数据中断"),
        "fell": ("better", "Warning fell", "预警缓和"),
        "cleared": ("better", "Warning cleared", "预警解除"),
    }
    notices = []
    told = dict.fromkeys(ORDER, 0)
    for row in changes:
        severity, english, chinese = heads[row["change"]]
        told[severity] += 1
        if told[severity] > most:
            continue
        levels = [_step(LEVEL, row["level_before"], row["level"], i) for i in (0, 1)]
        values = f"{MEASURED.text(row['value_before'])} → {MEASURED.text(row['watched_value'])}"
        notices.append(
            Notice(
                severity,
                Words(
                    f"{english} ({levels[0]}): {plain_text(row['says_en'])} Value {values}.",
                    f"{chinese}（{levels[1]}）：{plain_text(row['says_zh'])}监测值 {values}。",
                ),
                "scores.indicator_state",
            )
        )
    return notices


def dimension_sentences(
    moved: Iterable[Row], inputs: dict[str, tuple[dict[str, Any], ...]], most: int = 5
) -> list[Notice]:
    """The dimensions that moved most, each with the heaviest input that moved the same way.

    Where no input did, it is the peers that moved.
    """
    notices = []
    for row in islice((row for row in moved if row["change"]), most):
        way = direction(row["change"], "high")
        because = next((one for one in inputs[row["dimension"]] if one["direction"] == way), None)
        values = f"{POINTS.text(row['before'])} → {POINTS.text(row['now'])}"
        english, chinese = (
            "its peers moved, not its own figures.",
            "变动来自同行，而非企业自身数据。",
        )
        if because is not None:
            shift = f"{MEASURED.text(because['before'])} → {MEASURED.text(because['now'])}"
            english = f"{plain_text(because['description_en'])}, {shift}."
            chinese = f"{plain_text(because['description_zh'])}，{shift}。"
        notices.append(
            Notice(
                way,
                Words(
                    f"{row['title_en']} among its peers {values}: {english}",
                    f"{row['title_zh']}同行位次 {values}：{chinese}",
                ),
                "scores.dimension_value",
            )
        )
    return notices


def measure_sentences(rows: Iterable[Row], source: str) -> list[Notice]:
    """Measures of a group of firms that changed for the worse or the better."""
    notices = []
    for row in rows:
        if row["direction"] in ("worse", "better"):
            values = f"{MEASURED.text(row['before'])} → {MEASURED.text(row['now'])}"
            unit = f" {row['unit']}" if row["unit"] else ""
            notices.append(
                Notice(
                    row["direction"],
                    Words(
                        f"{row['measure_en']}: {values}{unit}.",
                        f"{row['measure_zh']}：{values}{unit}。",
                    ),
                    source,
                )
            )
    return notices


def count_sentences(counts: Sequence[Row], most: int = 3) -> list[Notice]:
    """The warnings that came to most firms, and those that left most.

    A rise that comes more from firms that said nothing before, and a fall that comes more from
    firms that fell silent, is neither worse nor better.
    """
    risen = [row for row in counts if row["on_change"] > 0][:most]
    fallen = [row for row in reversed(counts) if row["on_change"] < 0][:most]
    notices = []
    for severity, rows, real, unsaid in (
        ("worse", risen, "rose_count", "first_said_count"),
        ("better", fallen, "cleared_count", "silent_count"),
    ):
        for row in rows:
            firms = f"{COUNT.text(row['on_before_count'])} → {COUNT.text(row['on_count'])}"
            notices.append(
                Notice(
                    severity if row[real] >= row[unsaid] else "other",
                    Words(
                        f"Firms warned {firms}: {plain_text(row['says_en'])}",
                        f"预警企业 {firms}：{plain_text(row['says_zh'])}",
                    ),
                    "scores.indicator_state",
                )
            )
    return notices


def firm_sentences(
    firms: Iterable[Row], warnings: dict[str, list[Row]], most: int = 6
) -> list[Notice]:
    """The enterprises that changed most, each with the change of a warning that explains it."""
    notices = []
    for row in islice(firms, most):
        name = plain_text(row["enterprise_name"] or "")
        who = f"{row['enterprise_id']} {name}".strip()
        parts: list[list[str]] = [[], []]
        if row["status_before"] != row["status"]:
            for i in (0, 1):
                parts[i].append(_step(STATUS, row["status_before"], row["status"], i))
        if row["grade_before"] != row["grade"]:
            grades = f"{row['grade_before'] or '–'} → {row['grade'] or '–'}"
            parts[0].append(f"grade {grades}")
            parts[1].append(f"等级 {grades}")
        if row["weight_change"]:
            weights = f"{MEASURED.text(row['weight_points_before'])} → "
            weights += MEASURED.text(row["weight_points"])
            parts[0].append(f"warnings weigh {weights} points")
            parts[1].append(f"预警权重 {weights} 分")
        if not parts[0]:
            odds = f"{PROBABILITY.text(row['pd_ratio_before'])} % → "
            odds += f"{PROBABILITY.text(row['pd_ratio'])} %"
            parts[0].append(f"probability of default {odds}")
            parts[1].append(f"违约概率 {odds}")
        kinds = ("rose", "first_said") if row["direction"] == "worse" else ("cleared", "fell")
        own = [one for one in warnings.get(row["enterprise_id"], []) if one["change"] in kinds]
        why = max(
            own, key=lambda one: abs(one["weight_points"] - one["weight_before"]), default=None
        )
        because = ("", "")
        if why is not None:
            english, chinese = plain_text(why["says_en"]), plain_text(why["says_zh"])
            told = (" Cleared:", "已解除：") if row["direction"] == "better" else ("", "")
            because = (f"{told[0]} {english}", f"{told[1]}{chinese}")
        notices.append(
            Notice(
                _severity(row["direction"]),
                Words(
                    f"{who}: {', '.join(parts[0])}.{because[0]}",
                    f"{who}：{'，'.join(parts[1])}。{because[1]}",
                ),
                "scores.watch_list, scores.credit_score",
            )
        )
    return notices


def move_sentences(moved: Iterable[Row], source: str, most: int = 5) -> list[Notice]:
    """The medians of dimensions that moved most."""
    notices = []
    for row in islice((row for row in moved if row["change"]), most):
        values = f"{POINTS.text(row['before'])} → {POINTS.text(row['now'])}"
        notices.append(
            Notice(
                direction(row["change"], "high"),
                Words(
                    f"{row['title_en']}, median among all firms: {values}.",
                    f"{row['title_zh']}，在全体中的中位数：{values}。",
                ),
                source,
            )
        )
    return notices
