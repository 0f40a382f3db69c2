"""Proposals and verdicts in words, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loomline.evidence.vocabulary import (
    ABOVE,
    ALWAYS_FIRES,
    COVERED,
    HAS_EVIDENCE,
    NEVER_FIRES,
    NO_LIFT,
    NONE,
    TOO_FEW,
    WEAK,
)

if TYPE_CHECKING:
    # The command line tells verdicts without loading what computes them.
    from loomline.evidence.searching import Threshold


@dataclass(frozen=True)
class Said:
    """A sentence in both languages."""

    en: str
    zh: str


VERDICT_WORDS = {
    HAS_EVIDENCE: Said(
        "It tells enterprises that default, also when all rules are looked at together.",
        "该规则能识别违约企业，对全部规则作多重检验校正后仍成立。",
    ),
    WEAK: Said(
        "Looked at alone it tells something; among so many rules that may be chance.",
        "单独看有一定作用；在众多规则中也可能出于偶然。",
    ),
    NONE: Said(
        "History does not show that it tells anything; it lives as policy.",
        "历史数据未显示其作用；仅作为政策规则保留。",
    ),
    TOO_FEW: Said(
        "Too few firings or defaults to say anything.",
        "触发或违约次数过少，无法判断。",
    ),
}


def retirement_words(
    reason: str, better: str, enterprises: int, hit_ratio: float, is_regulation: bool
) -> Said:
    """Why a rule could go.

    `better` is the better rule, `enterprises` how many it could say something of. That a
    regulation asks for it is added.
    """
    said = {
        NEVER_FIRES: Said(
            f"It fired for none of {enterprises:,} enterprises that it could say something of.",
            f"对有数据可判断的 {enterprises:,} 家企业从未触发。",
        ),
        ALWAYS_FIRES: Said(
            f"It fires in {hit_ratio:.1%} of cases, and so tells nobody apart.",
            f"在 {hit_ratio:.1%} 的情形下都触发，不能区分企业。",
        ),
        NO_LIFT: Said(
            "Enterprises that it fires for default no more often than others, though enough of "
            "them were seen.",
            "样本充足，但触发企业的违约率不高于其他企业。",
        ),
        COVERED: Said(
            f"Nearly always when it fires, {better} fires too, and that one's lift is better.",
            f"它触发时 {better} 几乎总是同时触发，且后者提升度更高。",
        ),
    }[reason]
    if is_regulation:
        return Said(f"{said.en} But a regulation asks for it.", f"{said.zh}但该规则为监管要求。")
    return said


def threshold_words(found: Threshold, meaning: Said) -> Said:
    """Why a threshold is worth a look; `meaning` says what its feature is."""
    count = f"{found.caught_count} of {found.fired_count}"
    return Said(
        f"{meaning.en}: {found.direction} {found.value:g}, {count} enterprises that it was not "
        f"found on defaulted, where {found.base_ratio:.1%} of all did.",
        f"{meaning.zh}：{'高于' if found.direction == ABOVE else '低于'} {found.value:g} 的 "
        f"{found.fired_count} 家留出样本企业中有 {found.caught_count} 家违约，"
        f"总体违约率为 {found.base_ratio:.1%}。",
    )
