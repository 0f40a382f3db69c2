"""Links of planted records: spellings, traps and people's decisions, judged moment by moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from loomline.identity import load_identity, load_name_words, model_path
from spark_jobs.linking.history import Ruling
from spark_jobs.linking.link import KEY, Key, Linking, link
from spark_jobs.linking.model import BLOCKS, COMPARISONS, VERSION
from spark_jobs.linking.names import NameReader
from tests.unit.parties import FIRMS, OUTSIDER, RELATED, lists, party

DAY = pd.Timestamp("2020-01-01 16:00:00")


@pytest.fixture(scope="module")
def linking(catalog: Path) -> Linking:
    words = load_name_words(catalog)
    return Linking("tax", NameReader(words), model_path(catalog), {})


def links(
    records: Sequence[dict[str, object]], linking: Linking, catalog: Path, day: int = 30
) -> dict[str, str]:
    """The enterprise of each code that is linked on a day."""
    frame = pd.DataFrame(records).sort_values([*KEY, "known_at"], ignore_index=True)
    least = load_identity(catalog).link_probability
    moment = (DAY + timedelta(days=day)).to_pydatetime().replace(tzinfo=UTC)
    found = {}
    for one in link(frame, linking):
        for stretch in one.stretches:
            best = stretch.verdicts[0] if stretch.verdicts else None
            is_linked = best and best.enterprise_id and best.probability >= least
            if best and is_linked and stretch.span.holds_at(moment):
                found[str(frame.at[one.place, "party_code"])] = str(best.enterprise_id)
    return {code: of for code, of in found.items() if of != code}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"credit_code": FIRMS["E1"]["credit_code"], "party_name": "别的名字"}, "E1"),
        ({"party_name": "绍兴市大恒通纺织有限公司"}, "E1"),
        ({"party_name": "大恒通纺织（绍兴）有限公司"}, "E1"),
        ({"party_name": "Shaoxing Daruitong Glass Co., Ltd."}, "E2"),
        ({"party_name": "大恒通纺织", "city": "绍兴"}, "E1"),
        # A check character that fails is no code, and the name decides.
        ({"credit_code": "91330600" + "0" * 10, "party_name": "绍兴大瑞通玻璃"}, "E2"),
        # A slip needs more than the place to go with it.
        ({"party_name": "绍兴大横通纺织有限公司"}, None),
        ({"party_name": "绍兴大横通纺织有限公司", "phone": FIRMS["E1"]["phone"]}, "E1"),
        # Traps: another place, another trade, a brand with a sign more, a firm of no list.
        ({"party_name": "苏州大恒通纺织有限公司"}, None),
        ({"party_name": "绍兴大恒通贸易有限公司"}, None),
        ({"party_name": "绍兴恒通纺织有限公司"}, None),
        ({"party_name": OUTSIDER["party_name"]}, None),
        ({"party_name": None}, None),
    ],
)
def test_a_record_is_linked_with_the_firm_that_it_means_or_with_none(
    linking: Linking, catalog: Path, record: dict[str, object], expected: str | None
) -> None:
    found = links([*lists(DAY), party("bank", "A1", DAY, **record)], linking, catalog)
    assert found.get("A1") == expected


@pytest.mark.parametrize("name", ["绍兴恒达贸易有限公司", "绍兴大恒通贸易有限公司"])
def test_a_related_party_with_the_owners_phone_address_and_person_is_another_firm(
    linking: Linking, catalog: Path, name: str
) -> None:
    record = party("sap", "K1", DAY, **(RELATED | {"party_name": name}))
    assert "K1" not in links([*lists(DAY), record], linking, catalog)


def test_two_firms_of_one_name_are_left_to_a_person(linking: Linking, catalog: Path) -> None:
    twin = party("tax", "E9", DAY, party_name=FIRMS["E1"]["party_name"])
    record = party("bank", "A1", DAY, party_name="绍兴大恒通纺织")
    assert "A1" not in links([*lists(DAY), twin, record], linking, catalog)


def test_what_becomes_known_later_changes_no_earlier_answer(
    linking: Linking, catalog: Path
) -> None:
    later, last = DAY + timedelta(days=10), DAY + timedelta(days=20)
    records = [
        *lists(DAY),
        party("bank", "A1", DAY, party_name="绍兴大恒通纺织"),
        party("bank", "A2", later, party_name="绍兴大瑞通玻璃公司"),
        party("bank", "A3", DAY, last, party_name="绍兴大瑞通玻璃公司"),
        party("bank", "A3", last, party_name="绍兴大恒通纺织公司"),
        party("tax", "E9", last, party_name=FIRMS["E1"]["party_name"]),
    ]
    for day in (0, 9, 10, 19, 20, 30):
        moment = DAY + timedelta(days=day)
        by_then = [record for record in records if record["known_at"] <= moment]
        assert links(records, linking, catalog, day) == links(by_then, linking, catalog, day)
    assert links(records, linking, catalog, 15) == {
        **{"A1": "E1", "A2": "E2", "A3": "E2"},
        **{str(FIRMS[firm]["credit_code"]): firm for firm in FIRMS},
    }
    assert links(records, linking, catalog, 20).keys() & {"A1", "A2", "A3"} == {"A2"}


def test_a_person_decides_from_then_on(linking: Linking, catalog: Path) -> None:
    since = datetime(2020, 1, 11, 16, tzinfo=UTC)
    rulings: dict[Key, list[Ruling]] = {
        ("bank", "*", "enterprise", "A1"): [Ruling("E1", since, is_confirmed=False)],
        ("bank", "*", "enterprise", "A2"): [Ruling("E1", since, is_confirmed=True)],
    }
    decided = Linking(linking.enterprise_code_system, linking.reader, linking.model_file, rulings)
    records = [
        *lists(DAY),
        party("bank", "A1", DAY, credit_code=FIRMS["E1"]["credit_code"]),
        party("bank", "A2", DAY, party_name="另一家"),
    ]
    before, after = (links(records, decided, catalog, day) for day in (9, 10))
    assert (before.get("A1"), before.get("A2")) == ("E1", None)
    assert (after.get("A1"), after.get("A2")) == (None, "E1")


def test_the_stored_model_is_that_of_the_code(catalog: Path) -> None:
    model = json.loads(model_path(catalog).read_text(encoding="utf-8"))
    assert model["linker_uid"] == VERSION
    rules = model["blocking_rules_to_generate_predictions"]
    assert [rule["blocking_rule"] for rule in rules] == list(BLOCKS)
    for comparison, (name, (left_out, levels)) in zip(
        model["comparisons"], COMPARISONS.items(), strict=True
    ):
        assert comparison["output_column_name"] == name.replace(" ", "_")
        stored = comparison["comparison_levels"]
        assert [level["sql_condition"] for level in stored] == [
            left_out,
            *(condition for _, condition, _ in levels),
        ]
        for kind in ("m_probability", "u_probability"):
            assert sum(level[kind] for level in stored[1:]) == pytest.approx(1)


def test_a_spelling_is_linked_to_nobody_where_no_list_has_an_enterprise(
    linking: Linking, catalog: Path
) -> None:
    assert (
        links([party("bank", "P1", DAY, party_name="绍兴大恒通纺织有限公司")], linking, catalog)
        == {}
    )
