"""What an indicator declares, and the policy that makes a watch list of indicators."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from loomline.declarations import Declaration
from loomline.families.model import NAME_PATTERN

Direction = Literal["high", "low"]
Status = Literal["none", "watch", "escalated"]
# Two digits: a division of GB/T 4754.
Division = Annotated[str, StringConstraints(pattern=r"^\d\d$")]


class Levels(Declaration):
    """From where on it is amber, and from where on red; the bound itself belongs to it."""

    amber: float
    red: float


class Indicator(Levels):
    """A value that is watched, from where on it warns, and what is done about it then.

    With `scale` rank the levels are ranks from 0 to 1 among the enterprise's peers, and otherwise
    in the unit of `input`. `by_trade` has the levels of some trades in place of the others. A
    warning counts when it has lasted `persistence_days`; what it weighs halves each
    `half_life_days` after it has cleared. `red_alone` is the status that a red one gives, whatever
    else there is, until half of its weight is gone. `response` and `source` are named in the
    policy.
    """

    name: str = Field(pattern=NAME_PATTERN)
    input: str
    bad: Direction
    scale: Literal["value", "rank"] = "value"
    by_trade: dict[Division, Levels] = Field(default_factory=dict)
    persistence_days: int = Field(ge=0, le=180)
    half_life_days: int = Field(gt=0, le=730)
    red_alone: Literal["watch", "escalated"] | None = None
    response: str
    source: str
    says_en: str = Field(min_length=1)
    says_zh: str = Field(min_length=1)

    @model_validator(mode="after")
    def _red_is_worse_than_amber(self) -> Self:
        every: tuple[Levels, ...] = (self, *self.by_trade.values())
        for levels in every:
            further = levels.red - levels.amber
            if (further if self.bad == "high" else -further) <= 0:
                raise ValueError(f"red {levels.red:g} must be worse than amber {levels.amber:g}")
            if self.scale == "rank" and not (0 <= levels.amber <= 1 and 0 <= levels.red <= 1):
                raise ValueError("a rank lies between 0 and 1")
        return self


class IndicatorFile(Declaration):
    """One file of `catalog/indicators`: indicators of a domain, and who answers for them."""

    domain: str = Field(pattern=NAME_PATTERN)
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    indicators: tuple[Indicator, ...] = Field(min_length=1)


class Response(Declaration):
    """What is done when an indicator counts, how soon, and what if that is not enough."""

    due_days: int = Field(gt=0)
    action_en: str = Field(min_length=1)
    action_zh: str = Field(min_length=1)
    escalation_en: str = Field(min_length=1)
    escalation_zh: str = Field(min_length=1)


class Points(Levels):
    """What a warning weighs that counts and has not cleared."""

    @model_validator(mode="after")
    def _half_a_red_weighs_more_than_an_amber(self) -> Self:
        if not 0 < 2 * self.amber < self.red:
            raise ValueError("amber must weigh something, and red more than twice as much")
        return self


class WatchPolicy(Declaration):
    """`catalog/watch_list.yml`: what warnings weigh, and from where on an enterprise is watched.

    A domain weighs what its `strongest_per_domain` warnings do; an enterprise weighs the mean of
    the domains that say anything of it and of `calm_domains` that weigh nothing, so that much data
    is no fault and a single domain is no verdict. It is watched from `watch_from` on, and escalated
    from `escalate_from` on, if at least `escalate_domains` domains have a warning that weighs as
    much as a red one.
    """

    points: Points
    strongest_per_domain: int = Field(gt=0)
    calm_domains: int = Field(ge=0)
    watch_from: float = Field(gt=0)
    escalate_from: float = Field(gt=0)
    escalate_domains: int = Field(gt=0)
    responses: dict[str, Response] = Field(min_length=1)
    sources: dict[str, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _escalates_later_than_it_watches(self) -> Self:
        if self.escalate_from <= self.watch_from:
            raise ValueError("escalate_from must lie above watch_from")
        return self
