"""A reader of PMML 4.4 scorecards: checks the structure and scores firms, a predicate at a time.

It knows the standard and nothing of how Loomline writes it. Elements that it does not know are
refused, so that it can't pass over one that another engine would act on.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

NAMESPACE = "{http://www.dmg.org/PMML-4_4}"
# By element: its children in the order of the schema, the attributes it must have, and may have.
STRUCTURE: dict[str, tuple[str, str, str]] = {
    "PMML": ("Header DataDictionary Scorecard", "version", ""),
    "Header": ("Application Annotation Timestamp", "", "copyright description modelVersion"),
    "Application": ("", "name", "version"),
    "DataDictionary": ("DataField", "", "numberOfFields"),
    "DataField": ("Interval Value", "name optype dataType", "displayName isCyclic"),
    "Value": ("", "value", "displayValue property"),
    "Scorecard": (
        "MiningSchema Output ModelStats LocalTransformations Characteristics ModelVerification",
        "functionName",
        "modelName algorithmName initialScore useReasonCodes reasonCodeAlgorithm baselineScore "
        "baselineMethod isScorable",
    ),
    "MiningSchema": ("MiningField", "", ""),
    "MiningField": ("", "name", "usageType"),
    "Output": ("OutputField", "", ""),
    "OutputField": ("Apply", "name dataType", "optype feature rank displayName"),
    "Apply": ("Apply FieldRef Constant", "function", ""),
    "FieldRef": ("", "field", ""),
    "Constant": ("", "", "dataType"),
    "Characteristics": ("Characteristic", "", ""),
    "Characteristic": ("Attribute", "", "name reasonCode baselineScore"),
    "Attribute": ("SimplePredicate CompoundPredicate", "", "reasonCode partialScore"),
    "SimplePredicate": ("", "field operator", "value"),
    "CompoundPredicate": ("SimplePredicate", "booleanOperator", ""),
    "ModelVerification": ("VerificationFields InlineTable", "", "recordCount fieldCount"),
    "VerificationFields": ("VerificationField", "", ""),
    "VerificationField": ("", "field", "column precision zeroThreshold"),
    "InlineTable": ("row", "", ""),
}
# Arguments of a function and the predicates of a bin have no order of kinds.
UNORDERED = ("Apply",)
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "equal": operator.eq,
    "notEqual": operator.ne,
    "lessThan": operator.lt,
    "lessOrEqual": operator.le,
    "greaterThan": operator.gt,
    "greaterOrEqual": operator.ge,
}
FUNCTIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "pow": operator.pow,
}
Firm = dict[str, float | None]


def tag(element: Xml.Element) -> str:
    assert element.tag.startswith(NAMESPACE), element.tag
    return element.tag.removeprefix(NAMESPACE)


def check_structure(element: Xml.Element) -> None:
    name = tag(element)
    if name == "row":
        return
    children, required, optional = (x.split() for x in STRUCTURE[name])
    found = [tag(child) for child in element]
    assert set(found) <= set(children), f"{name} has {found}"
    if name not in UNORDERED:
        assert found == sorted(found, key=children.index), f"{name} has {found} out of order"
    assert set(required) <= set(element.keys()) <= {*required, *optional}, name
    for child in element:
        check_structure(child)


def children(element: Xml.Element, name: str) -> list[Xml.Element]:
    return element.findall(f"{NAMESPACE}{name}")


def child(element: Xml.Element, name: str) -> Xml.Element:
    (found,) = children(element, name)
    return found


def holds(predicate: Xml.Element, firm: Firm) -> bool | None:
    """Whether a predicate holds; None where that can't be known for want of a value."""
    if tag(predicate) == "CompoundPredicate":
        assert predicate.get("booleanOperator") == "and"
        parts = [holds(part, firm) for part in predicate]
        return False if False in parts else None if None in parts else True
    value, name = firm[predicate.attrib["field"]], predicate.attrib["operator"]
    if name in ("isMissing", "isNotMissing"):
        assert "value" not in predicate.keys()  # noqa: SIM118
        return (value is None) == (name == "isMissing")
    return None if value is None else COMPARISONS[name](value, float(predicate.attrib["value"]))


def calculated(expression: Xml.Element, known: dict[str, float]) -> float:
    kind = tag(expression)
    if kind == "Constant":
        return float(expression.text or "")
    if kind == "FieldRef":
        return known[expression.attrib["field"]]
    return FUNCTIONS[expression.attrib["function"]](*(calculated(x, known) for x in expression))


@dataclass(frozen=True)
class Result:
    numbers: dict[str, float]
    reasons: list[str]


class PmmlScorecard:
    """A scorecard of a document."""

    def __init__(self, text: str) -> None:
        document = Xml.fromstring(text.encode())
        check_structure(document)
        assert document.get("version") == "4.4"
        self.dictionary = child(document, "DataDictionary")
        self.model = child(document, "Scorecard")
        fields = children(self.dictionary, "DataField")
        assert self.dictionary.get("numberOfFields") == str(len(fields))
        self.missing = {x.attrib["name"]: self._missing_words(x) for x in fields}
        used = children(child(self.model, "MiningSchema"), "MiningField")
        self.fields = [x.attrib["name"] for x in used]
        assert len(set(self.fields)) == len(self.fields)
        assert set(self.fields) <= set(self.missing)
        assert self.model.get("functionName") == "regression"
        assert self.model.get("useReasonCodes") == "true"
        assert self.model.get("reasonCodeAlgorithm") == "pointsBelow"
        assert self.model.get("baselineMethod") in ("max", "min", "mean", "neutral", "other")

    @staticmethod
    def _missing_words(field: Xml.Element) -> set[str]:
        values = children(field, "Value")
        return {x.attrib["value"] for x in values if x.get("property") == "missing"}

    def read(self, given: dict[str, str]) -> Firm:
        """A firm's values of their texts: not given, or declared as missing, is missing."""
        return {
            name: None
            if given.get(name) is None or given[name] in self.missing[name]
            else float(given[name])
            for name in self.fields
        }

    def score(self, firm: Firm) -> Result:
        total = float(self.model.get("initialScore", "0"))
        differences = []
        for characteristic in child(self.model, "Characteristics"):
            attribute = next(x for x in characteristic if holds(x[0], firm) is True)
            partial = float(attribute.attrib["partialScore"])
            total += partial
            baseline = characteristic.get("baselineScore", self.model.get("baselineScore"))
            assert baseline is not None
            code = attribute.get("reasonCode", characteristic.get("reasonCode"))
            assert code is not None
            differences.append((float(baseline) - partial, code))
        # Python's sort keeps the order of the document among equals.
        ranked = [code for _, code in sorted(differences, key=lambda x: -x[0])]
        numbers: dict[str, float] = {}
        reasons: dict[int, str] = {}
        for field in child(self.model, "Output"):
            name, feature = field.attrib["name"], field.get("feature", "predictedValue")
            if feature == "predictedValue":
                numbers[name] = total
            elif feature == "transformedValue":
                numbers[name] = calculated(field[0], numbers)
            else:
                assert feature == "reasonCode"
                rank = int(field.get("rank", "1"))
                reasons[rank] = ranked[rank - 1]
        return Result(numbers, [reasons[rank] for rank in sorted(reasons)])

    def self_tests(self) -> list[tuple[Firm, dict[str, float]]]:
        """The firms of the part for self-tests, with the numbers that must come out."""
        part = child(self.model, "ModelVerification")
        fields = [x.attrib["field"] for x in child(part, "VerificationFields")]
        rows = list(child(part, "InlineTable"))
        assert part.get("recordCount") == str(len(rows))
        assert part.get("fieldCount") == str(len(fields))
        found = []
        for row in rows:
            given = {tag(cell): cell.text or "" for cell in row}
            assert set(given) <= set(fields)
            expected = {x: float(given[x]) for x in fields if x not in self.fields}
            found.append((self.read(given), expected))
        return found
