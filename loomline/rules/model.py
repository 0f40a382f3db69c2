"""What `catalog/rules` and `catalog/signs` declare, and the rules that are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from loomline.declarations import Declaration
from loomline.families.model import NAME_PATTERN
from loomline.families.vocabulary import WindowDays
from loomline.rules.tree import Condition, Expression

Severity = Literal["low", "medium", "high", "critical"]
Action = Literal["info", "watch", "review", "limit_freeze", "decline"]
# A division of GB/T 4754, the Chinese classification of trades.
DIVISION = r"^\d{2}$"
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
ACTIONS: tuple[Action, ...] = get_args(Action)
# A version of a rule may say what a missing value means for it.
Missing = Literal["does_not_fire", "fires", "cannot_say"]
Product = Literal["working_capital", "invoice_finance", "receipt_pledge", "equipment_loan"]
PRODUCTS: tuple[Product, ...] = get_args(Product)
BANDS = {"slight": "轻微", "marked": "明显", "severe": "严重", "extreme": "极端"}
Band = Literal["slight", "marked", "severe", "extreme"]
STRONG_BANDS: tuple[Band, ...] = ("severe", "extreme")


class Source(Declaration):
    """Where a rule comes from.

    `policy` is the lender's own; `regulation` names a document and its article; `statistics` says
    what was measured on what. `says` is what it asks for, in a sentence.
    """

    kind: Literal["policy", "regulation", "statistics"]
    document: str = Field(min_length=1)
    article: str | None = Field(default=None, min_length=1)
    says: str = Field(min_length=1)

    @model_validator(mode="after")
    def _names_its_article(self) -> Self:
        if (self.kind == "regulation") != (self.article is not None):
            raise ValueError("a regulation names its article, and nothing else has one")
        return self


class Words(Declaration):
    """A sentence in both languages."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Sign(Declaration):
    """Something else about an enterprise that gives a finding its meaning, such as falling output.

    `when` is a condition over inputs and over the names of `values`, which stand for expressions.
    `says` tells it, with `{name}` for a value. `{window}` is the days of the row that uses it.
    """

    sign: str = Field(pattern=NAME_PATTERN)
    name: Words
    values: dict[str, str] = Field(default_factory=dict)
    when: str = Field(min_length=1)
    says: Words


class SignFile(Declaration):
    """One file of `catalog/signs`."""

    signs: tuple[Sign, ...] = Field(min_length=1)


class Row(Declaration):
    """A row of a decision table: a band of the subject over a window, and what follows from it.

    The band holds from `from` up to, but without, `to`; without either it has no end there.
    """

    window: WindowDays
    band: Band
    low: float | None = Field(default=None, alias="from")
    high: float | None = Field(default=None, alias="to")
    severity: Severity
    action: Action

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("a band has a from, a to, or both")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("a band begins below its end")
        return self


class Pairing(Declaration):
    """A sign together with which the bands of a table mean something of their own.

    `means` says what, and `raises` moves the severity by so many steps. With `review` the severe
    and extreme bands ask for a review at least: the sign is what makes the finding sure. The sign
    is looked at over `window`, or without it over that of the row. Without `windows` it goes with
    all rows.
    """

    sign: str
    means: Words
    raises: Literal[-1, 0, 1] = 0
    review: bool = False
    window: WindowDays | None = None
    windows: tuple[WindowDays, ...] = ()


class DecisionTable(Declaration):
    """Rules about one subject: its bands, alone and together with signs.

    `subject` is an expression over inputs and the names of `values`; `when` a condition that all
    rows need. `alone` says what a band means by itself; without it there are no such rules.
    """

    table: str = Field(pattern=NAME_PATTERN)
    version: int = Field(default=1, ge=1)
    effective_from: date | None = None
    effective_to: date | None = None
    name: Words
    subject: str = Field(min_length=1)
    values: dict[str, str] = Field(default_factory=dict)
    when: str | None = Field(default=None, min_length=1)
    says: Words
    rows: tuple[Row, ...] = Field(min_length=1)
    alone: Words | None = None
    together: tuple[Pairing, ...] = ()
    when_missing: Missing = "cannot_say"
    products: tuple[Product, ...] = ()
    trades: tuple[Annotated[str, Field(pattern=DIVISION)], ...] = ()
    source: Source | None = None

    @model_validator(mode="after")
    def _has_rules(self) -> Self:
        if self.alone is None and not self.together:
            raise ValueError("a table says what its bands mean alone, or together with signs")
        return self


class RuleFile(Declaration):
    """One file of `catalog/rules`: decision tables of a domain.

    Its date, products and source hold for tables that give none. The date is the first as-of date
    that a rule is applied to, so that history can be judged by it.
    """

    domain: str = Field(pattern=NAME_PATTERN)
    owner: str = Field(min_length=1)
    description: str = Field(min_length=1)
    effective_from: date
    products: tuple[Product, ...] = PRODUCTS
    source: Source
    tables: tuple[DecisionTable, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Rule:
    """A version of a rule: when it fires, what follows, and the words for it.

    It holds for as-of dates from `effective_from` up to, but without, `effective_to`. Its reasons
    are templates with `{name of an input}` and `{subject}`, the value that its band is about.
    """

    name: str
    version: int
    effective_from: date
    effective_to: date | None
    table: str
    domain: str
    owner: str
    name_en: str
    name_zh: str
    condition: Condition
    subject: Expression
    when_missing: Missing
    severity: Severity
    action: Action
    products: tuple[Product, ...]
    trades: tuple[str, ...]
    source: Source
    reason_en: str
    reason_zh: str

    def is_effective(self, as_of_date: date) -> bool:
        """Whether it is applied to that as-of date."""
        is_over = self.effective_to is not None and as_of_date >= self.effective_to
        return self.effective_from <= as_of_date and not is_over
