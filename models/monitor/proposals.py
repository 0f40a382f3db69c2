"""What is proposed to a person because of what was found; nothing is done about it here."""

from __future__ import annotations

from collections.abc import Sequence

from models.monitor.drift import PSI, SCORE
from models.monitor.finding import Finding, Watched, alerts, gravest
from models.monitor.shadow import DECISION

PROPOSAL = "proposal"
TRAIN_ANEW, REVIEW_CHALLENGER = "train_anew", "review_challenger"


def _is_ground_to_train(finding: Finding, champion: Watched) -> bool:
    """Whether a finding alone is a reason for a new model.

    It must be red, and of the version in use. One feature that moves while the score stays is more
    often a change of its source than of the firms: an alert, and no reason to train on it.
    """
    is_feature = finding.measure == PSI and finding.subject != SCORE
    return finding.of == champion and finding.level == "red" and not is_feature


def _proposal(of: Watched, subject: str, said: tuple[str, str], grounds: list[Finding]) -> Finding:
    return Finding(
        of,
        PROPOSAL,
        subject,
        gravest([one.level for one in grounds]),
        (
            " ".join([said[0], *(one.said[0] for one in grounds)]),
            "".join([said[1], *(one.said[1] for one in grounds)]),
        ),
        max(one.enterprise_count for one in grounds),
    )


def proposals(findings: Sequence[Finding], champion: Watched) -> list[Finding]:
    """What a person should decide on, with why; nothing without a reason.

    `champion` is the version in use. To train anew is proposed for red findings about it, to review
    the challenger when the decision about the two says so.
    """
    grounds = [one for one in alerts(findings) if _is_ground_to_train(one, champion)]
    proposed = []
    if grounds:
        said = (
            f"It is proposed to train anew; of version {champion.model_version} is red:",
            f"建议重新训练；版本{champion.model_version}的红色发现：",
        )
        proposed.append(_proposal(champion, TRAIN_ANEW, said, grounds))
    for one in findings:
        if one.measure == DECISION and one.subject == "propose":
            said = (
                f"It is proposed to review the challenger, version {one.of.model_version}.",
                f"建议评审挑战者模型，版本{one.of.model_version}。",
            )
            proposed.append(_proposal(one.of, REVIEW_CHALLENGER, said, [one]))
    return proposed
