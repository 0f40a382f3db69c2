"""From the records of every system to links and to questions for a person: a pure function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from stdnum.cn import uscc

from spark_jobs.linking.features import FEATURES, add_features
from spark_jobs.linking.history import (
    CREDIT_CODE,
    MODEL,
    OWN_CODE,
    Case,
    Claim,
    Owner,
    Ruling,
    Span,
    Stretch,
    stretches,
)
from spark_jobs.linking.names import NameReader
from spark_jobs.linking.scoring import score_pairs

KEY = ("code_system", "owner_code", "party_role", "party_code")
Key = tuple[str, str, str, str]
ENTERPRISE = "enterprise"


@dataclass(frozen=True)
class Linking:
    """What linking goes by: the system of the enterprises' own codes, the words and the model.

    `rulings` are what people have decided, by the key of the record.
    """

    enterprise_code_system: str
    reader: NameReader
    model_file: Path
    rulings: Mapping[Key, Sequence[Ruling]]


@dataclass(frozen=True)
class Linked:
    """A version of a record (its place in the frame) and its verdicts over time."""

    place: int
    stretches: list[Stretch]


def credit_code(text: str | None) -> str | None:
    """A unified social credit code in its plain form; None where its check character fails."""
    return uscc.compact(text) if text and uscc.is_valid(text) else None


def _moment(value: pd.Timestamp) -> datetime:
    return value.to_pydatetime().replace(tzinfo=UTC)


def _span(known_at: pd.Timestamp, superseded_at: pd.Timestamp) -> Span:
    return Span(_moment(known_at), None if pd.isna(superseded_at) else _moment(superseded_at))


def with_identity(records: pd.DataFrame, enterprise_code_system: str) -> pd.DataFrame:
    """The records with `identity` and `is_own`: whether the code is an enterprise's id.

    The identity of a record is its credit code or, for an enterprise without one, its id; None
    where it has to be found out.
    """
    identities, owned = [], []
    columns = ("code_system", "party_role", "party_code", "credit_code")
    for system, role, code, of_firm in zip(*(records[name] for name in columns), strict=True):
        is_own = system == enterprise_code_system and role == ENTERPRISE
        identity = credit_code(of_firm) or credit_code(code)
        identities.append(identity or (f"enterprise {code}" if is_own else None))
        owned.append(is_own)
    found = pd.Series(identities, index=records.index, dtype=object)
    return records.assign(identity=found, is_own=pd.Series(owned, index=records.index, dtype=bool))


def _owners(records: pd.DataFrame) -> dict[str, list[Owner]]:
    """The enterprises of each identity, as the enterprises' own list has them."""
    own = records[records["is_own"]]
    owners: dict[str, list[Owner]] = defaultdict(list)
    columns = (own[name] for name in ("identity", "party_code", "known_at", "superseded_at"))
    for identity, code, known_at, superseded_at in zip(*columns, strict=True):
        owners[identity].append(Owner(code, _span(known_at, superseded_at)))
    return owners


Content = tuple[str | None, ...]


def _since(records: pd.DataFrame, columns: list[str]) -> dict[Content, datetime]:
    """The different contents of the columns of records with a name, and since when known."""
    since: dict[Content, datetime] = {}
    named = records[records["sound"].notna()].sort_values("known_at", kind="stable")
    contents = named[columns].itertuples(index=False, name=None)
    for content, known_at in zip(contents, named["known_at"], strict=True):
        since.setdefault(content, _moment(known_at))
    return since


def _numbered(contents: Iterable[Content]) -> pd.DataFrame:
    frame = pd.DataFrame(list(contents), columns=list(FEATURES), dtype=object)
    return frame.assign(unique_id=range(len(frame)))


def _claims_of_model(records: pd.DataFrame, model_file: Path) -> dict[Content, list[Claim]]:
    """By the features of records without identity, what the model says of known firms."""
    features, is_known = list(FEATURES), records["identity"].notna()
    asked = list(_since(records[~is_known], features))
    firms = list(_since(records[is_known], ["identity", *features]).items())
    reference = _numbered(content[1:] for content, _ in firms)
    pairs = score_pairs(_numbered(asked), reference, model_file)
    claims: dict[Content, list[Claim]] = defaultdict(list)
    for record, firm, weight, evidence in pairs.itertuples(index=False, name=None):
        (identity, *_), since = firms[firm]
        claims[asked[record]].append(Claim(str(identity), since, weight, MODEL, tuple(evidence)))
    return claims


def link(records: pd.DataFrame, linking: Linking) -> Iterator[Linked]:
    """The verdicts on every version of every record.

    `records` have `KEY`, `party_name`, `credit_code`, `legal_person`, `phone`, `address`, `city`,
    `known_at` and `superseded_at` (UTC, without a zone); one row a version.
    """
    records = with_identity(records, linking.enterprise_code_system)
    records = add_features(records, linking.reader)
    owners = _owners(records)
    of_model = _claims_of_model(records, linking.model_file)
    contents = records[list(FEATURES)].itertuples(index=False, name=None)
    facts = zip(
        records[list(KEY)].itertuples(index=False, name=None),
        *(records[name] for name in ("known_at", "superseded_at", "identity", "is_own")),
        contents,
        strict=True,
    )
    for place, (key, known_at, superseded_at, identity, is_own, content) in enumerate(facts):
        span = _span(known_at, superseded_at)
        if is_own:
            claims = [Claim(identity, span.start, None, OWN_CODE, ())]
        elif identity is not None:
            evidence = (("credit code", identity, None),)
            claims = [Claim(identity, span.start, None, CREDIT_CODE, evidence)]
        else:
            claims = of_model.get(content, [])
        rulings = linking.rulings.get(key, ())
        if claims or rulings:
            yield Linked(place, stretches(Case(span, claims, rulings), owners))
