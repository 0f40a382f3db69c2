"""Verdicts a second of the rules of the catalogue, beside zen-engine on the same rules.

Run from the repository: python bench/rules_speed.py. One core; the values of enterprises are
random, a tenth missing. Seconds are those of the processor, so that other programs on the machine
count little. Both keep of each firing the rule and the values that made it fire; what writing
the reasons in two languages costs besides is told too. Both answers are compared, firing by firing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

import numpy as np
import pyarrow.compute as pc
import typer
import zen
from zen_rules import decision_table, divides

from loomline.enterprise_inputs import EnterpriseInputs
from loomline.known_inputs import KnownInput, known_inputs
from loomline.rules.catalogue import load_rules
from loomline.rules.firings import Explainer
from loomline.rules.verdicts import CompiledRules
from loomline.settings import PROJECT_ROOT

AS_OF_DATE = date(2024, 6, 30)
TRADES = ("13", "17", "29", "30", "34", "")
MISSING_SHARE = 0.1
Result = TypeVar("Result")


def random_inputs(known: dict[str, KnownInput], count: int, seed: int) -> EnterpriseInputs:
    """Values about 0 of every input, by its unit: shares, days, amounts of money."""
    random = np.random.default_rng(seed)
    values = {}
    for one in known.values():
        drawn = random.normal(0, 0.4, count)
        if one.unit == "days":
            drawn = np.abs(np.round(drawn * 100))
        elif one.unit != "ratio":
            drawn = np.round(drawn * 1e5, 2)
        values[one.name] = np.where(random.random(count) < MISSING_SHARE, np.nan, drawn)
    trades = [TRADES[place] for place in random.integers(0, len(TRADES), count)]
    return EnterpriseInputs([f"E{place}" for place in range(count)], trades, AS_OF_DATE, values)


def measured(work: Callable[[], Result], rounds: int) -> tuple[float, Result]:
    """Processor seconds of the best round, and the result."""
    best = float("inf")
    for _ in range(rounds):
        clock = time.process_time()
        result = work()
        best = min(best, time.process_time() - clock)
    return best, result


def contexts(
    inputs: EnterpriseInputs, names: tuple[str, ...], count: int
) -> list[dict[str, object]]:
    """The first enterprises as zen-engine reads them: an object each, null where missing."""
    columns = {name: inputs.values[name][:count].tolist() for name in names}
    return [
        {name: None if np.isnan(values[row]) else values[row] for name, values in columns.items()}
        | {"trade": inputs.trades[row] or None}
        for row in range(count)
    ]


def main(
    enterprises: Annotated[int, typer.Option(help="How many enterprises.")] = 10_000,
    sample: Annotated[int, typer.Option(help="Those of them that zen-engine judges.")] = 200,
    rounds: Annotated[int, typer.Option(help="Rounds, of which the best counts.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the values.")] = 1,
) -> None:
    """Measure and print a table."""
    catalog = PROJECT_ROOT / "catalog"
    known, every = known_inputs(catalog), load_rules(catalog).effective(AS_OF_DATE)
    rules = [rule for rule in every if not divides(rule.condition)]
    inputs = random_inputs(known, enterprises, seed)
    compiled, words = CompiledRules(rules), Explainer(rules, known)
    print("| what | rules | enterprises | processor seconds | verdicts a second |")
    print("| --- | --- | --- | --- | --- |")

    def row(what: str, seconds: float, count: int) -> float:
        speed = len(rules) * count / seconds
        print(f"| {what} | {len(rules):,} | {count:,} | {seconds:.3f} | {speed:,.0f} |")
        return speed

    seconds, verdicts = measured(lambda: compiled.judge(inputs), rounds)
    row("verdicts alone", seconds, enterprises)
    seconds, firings = measured(lambda: words.firings(compiled.judge(inputs), inputs), rounds)
    ours = row("verdicts, and the values that made rules fire", seconds, enterprises)
    seconds, _ = measured(lambda: words.explain(compiled.judge(inputs), inputs), rounds)
    row("the same, and reasons in two languages", seconds, enterprises)
    decision = zen.ZenEngine().create_decision(decision_table(rules))
    given = contexts(inputs, compiled.names, sample)
    seconds, answers = measured(lambda: [decision.evaluate(one)["result"] for one in given], 1)
    theirs = row("zen-engine, a decision table that collects", seconds, sample)
    found = {
        (row["enterprise"], rules[row["rule"]].name): dict(row["input_values"])
        for row in firings.filter(pc.field("enterprise") < sample).to_pylist()
    }
    expected = {
        (place, fired["rule"]): {k: v for k, v in fired["values"].items() if v is not None}
        for place, answer in enumerate(answers)
        for fired in answer
    }
    if found.keys() != expected.keys():
        raise SystemExit(f"The answers differ: {sorted(found.keys() ^ expected.keys())[:5]}")
    for key, values in expected.items():
        np.testing.assert_allclose([found[key][name] for name in values], list(values.values()))
    print(
        f"\nThe answers agree on {len(expected):,} firings; "
        f"ours is {ours / theirs:,.0f} times as fast. "
        f"{verdicts.fired.mean():.1%} fired, {verdicts.cannot_say.mean():.1%} cannot say; "
        f"{len(every) - len(rules):,} rules that divide are left out."
    )


if __name__ == "__main__":
    typer.run(main)
