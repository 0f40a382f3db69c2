"""A scorecard as a PMML 4.4 document, which scoring engines of other makers read.

Source of the structure: Data Mining Group, PMML 4.4 (2019), chapters Scorecard, Output, Built-in
Functions and Model Verification.

- A feature is a Characteristic and a bin an Attribute, with the points of `Scorecard` as partial
  scores. The first Attribute takes a missing value; NaN is declared as one.
- The score is the output `score`. The probability of default is the output `pd_ratio`, made of the
  score by the formula of `Scorecard.probability`: 1 / (1 + odds * 2 ^ ((score - reference) /
  doubling)).
- The outputs `reason_1`, `reason_2` and so on are features, the worst first. Points are compared
  with 0, the portfolio's own odds. Characteristics are in the order of their names, so that an
  engine that keeps the order of the document among equals has the same reasons as Loomline.
- A part for self-tests has a firm in each bin of each feature, with what must come out.

PMML adds points as floating-point numbers: a score is right to about 1e-12 and not to the digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree as Xml

import pandas as pd

from models.scorecard import BinnedFeature, Scorecard, points

NAMESPACE = "http://www.dmg.org/PMML-4_4"
# Relative, for the self-test; any slip of a bound or of points is far greater.
PRECISION = "1E-9"


def _element(tag: str, *children: Xml.Element, **attributes: str) -> Xml.Element:
    element = Xml.Element(tag, attributes)
    element.extend(children)
    return element


def _compared(field: str, operator: str, value: float) -> Xml.Element:
    return _element("SimplePredicate", field=field, operator=operator, value=repr(value))


def _predicates(feature: BinnedFeature) -> Iterator[Xml.Element]:
    """What holds in each bin, the lowest first; a value on a bound is in the upper bin."""
    name, bounds = feature.feature, [float(x) for x in feature.bounds]
    if not bounds:
        yield _element("SimplePredicate", field=name, operator="isNotMissing")
        return
    yield _compared(name, "lessThan", bounds[0])
    for lower, upper in pairwise(bounds):
        both = (_compared(name, "greaterOrEqual", lower), _compared(name, "lessThan", upper))
        yield _element("CompoundPredicate", *both, booleanOperator="and")
    yield _compared(name, "greaterOrEqual", bounds[-1])


def _characteristic(feature: BinnedFeature) -> Xml.Element:
    missing = _element("SimplePredicate", field=feature.feature, operator="isMissing")
    cents = (feature.missing_cents, *feature.point_cents)
    attributes = [
        _element("Attribute", predicate, partialScore=str(points(one)))
        for one, predicate in zip(cents, (missing, *_predicates(feature)), strict=True)
    ]
    return _element("Characteristic", *attributes, name=feature.feature, reasonCode=feature.feature)


def _apply(function: str, *arguments: Xml.Element) -> Xml.Element:
    return _element("Apply", *arguments, function=function)


def _constant(value: float) -> Xml.Element:
    element = _element("Constant", dataType="double")
    element.text = repr(float(value))
    return element


def _probability(card: Scorecard) -> Xml.Element:
    """The formula of `Scorecard.probability`, of the output `score`."""
    above = _apply("-", _element("FieldRef", field="score"), _constant(card.reference_score))
    doublings = _apply("/", above, _constant(card.points_to_double_odds))
    good_to_bad = _apply(
        "*", _constant(card.reference_odds), _apply("pow", _constant(2), doublings)
    )
    return _apply("/", _constant(1), _apply("+", _constant(1), good_to_bad))


def _output(card: Scorecard) -> Xml.Element:
    number = {"optype": "continuous", "dataType": "double"}
    text = {"optype": "categorical", "dataType": "string", "feature": "reasonCode"}
    reasons = [
        _element("OutputField", name=f"reason_{rank}", rank=str(rank), **text)
        for rank in range(1, len(card.features) + 1)
    ]
    score = _element("OutputField", name="score", feature="predictedValue", **number)
    pd_ratio = _element(
        "OutputField", _probability(card), name="pd_ratio", feature="transformedValue", **number
    )
    return _element("Output", score, pd_ratio, *reasons)


def _firm_in_each_bin(features: list[BinnedFeature]) -> pd.DataFrame:
    """A firm on each bound and below the lowest one of each feature, without other values."""
    rows: list[dict[str, float]] = [{}]
    for feature in features:
        below = [math.nextafter(x, -math.inf) for x in feature.bounds[:1]]
        rows += [{feature.feature: float(x)} for x in (*below, *feature.bounds)]
    return pd.DataFrame(rows, columns=[x.feature for x in features], dtype=float)


def _verification(card: Scorecard, features: list[BinnedFeature]) -> Xml.Element:
    given = _firm_in_each_bin(features)
    expected = pd.concat([given, card.predict(given)[["score", "pd_ratio"]]], axis=1)
    rows = []
    for firm in expected.to_dict("records"):
        row = _element("row")
        for name, value in firm.items():
            # A value that is not there is missing.
            if not math.isnan(value):
                Xml.SubElement(row, str(name)).text = repr(float(value))
        rows.append(row)
    fields = [_element("VerificationField", field=str(name)) for name in given]
    fields += [
        _element("VerificationField", field=name, precision=PRECISION)
        for name in ("score", "pd_ratio")
    ]
    parts = (_element("VerificationFields", *fields), _element("InlineTable", *rows))
    counts = {"recordCount": str(len(rows)), "fieldCount": str(len(fields))}
    return _element("ModelVerification", *parts, **counts)


def to_pmml(card: Scorecard, model_name: str, model_version: str) -> str:
    """The card as the text of a PMML document.

    The feature names must be XML names, as those of `catalog/features` are.
    """
    features = sorted(card.features, key=lambda feature: feature.feature)
    is_nan = {"value": "NaN", "property": "missing"}
    fields = [
        _element(
            "DataField",
            _element("Value", **is_nan),
            name=feature.feature,
            optype="continuous",
            dataType="double",
        )
        for feature in features
    ]
    used = [_element("MiningField", name=x.feature, usageType="active") for x in features]
    scorecard = _element(
        "Scorecard",
        _element("MiningSchema", *used),
        _output(card),
        _element("Characteristics", *map(_characteristic, features)),
        _verification(card, features),
        modelName=model_name,
        functionName="regression",
        initialScore=str(points(card.base_cents)),
        useReasonCodes="true",
        reasonCodeAlgorithm="pointsBelow",
        baselineScore="0",
        baselineMethod="neutral",
    )
    described = f"Probability of default by {model_name}, version {model_version}"
    application = _element("Application", name="Loomline")
    document = _element(
        "PMML",
        _element("Header", application, description=described, modelVersion=model_version),
        _element("DataDictionary", *fields, numberOfFields=str(len(fields))),
        scorecard,
        xmlns=NAMESPACE,
        version="4.4",
    )
    Xml.indent(document)
    text = Xml.tostring(document, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
