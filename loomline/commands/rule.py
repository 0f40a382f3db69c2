"""`loomline rule`: the risk rules, by name; what is wrong with them; what they found."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from loomline.commands.rule_history import print_history, print_replay
from loomline.commands.shown import print_table
from loomline.errors import LoomlineError
from loomline.known_inputs import known_inputs
from loomline.rules.catalogue import load_rules
from loomline.rules.checks import check_catalogue
from loomline.rules.model import Rule
from loomline.rules.pages import write_rule_pages
from loomline.rules.tree import inputs_of, text_of
from loomline.settings import PROJECT_ROOT, load_settings

app = typer.Typer(help="Risk rules (catalog/rules, catalog/signs).", no_args_is_help=True)
DATE_FORMATS = ["%Y-%m-%d"]


@app.command("list")
def list_rules(
    domain: Annotated[str | None, typer.Option(help="Only those of a domain.")] = None,
) -> None:
    """Print the name of every rule that holds today, one a line."""
    for rule in load_rules(load_settings().catalog).effective(date.today()):
        if domain is None or rule.domain == domain:
            print(rule.name)


@app.command()
def check() -> None:
    """Say what is wrong with the rules before any data is seen; fails where anything is."""
    catalog = load_settings().catalog
    catalogue = load_rules(catalog)
    findings = check_catalogue(catalogue, known_inputs(catalog))
    for finding in findings:
        print(f"{finding.kind}: {finding.name}: {finding.message}")
    if findings:
        raise LoomlineError(f"{len(findings):,} findings in {len(catalogue.rules):,} rules.")
    print(f"{len(catalogue.rules):,} rules in {len(catalogue.tables):,} decision tables hold.")


def _find(rules: tuple[Rule, ...], name: str) -> Rule:
    """The last version of a rule."""
    versions = [rule for rule in rules if rule.name == name]
    if not versions:
        raise LoomlineError(f"There is no rule {name!r}.", "`loomline rule list` has the names.")
    return max(versions, key=lambda rule: rule.version)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the rule; see `loomline rule list`.")],
    as_of: Annotated[
        datetime | None,
        typer.Option("--date", formats=DATE_FORMATS, help="Also what it found as of a date."),
    ] = None,
    enterprise: Annotated[
        str | None, typer.Option(help="With --date: the values of this enterprise.")
    ] = None,
) -> None:
    """Say what a rule asks, where it comes from and what it found.

    Example: loomline rule show energy_fall_30d_severe --date 2020-02-29
    """
    settings = load_settings()
    rule, known = _find(load_rules(settings.catalog).rules, name), known_inputs(settings.catalog)
    article = f", {rule.source.article}" if rule.source.article else ""
    until = f" until {rule.effective_to}" if rule.effective_to else ""
    rows = [
        ("says", f"{rule.name_en}\n{rule.name_zh}"),
        ("fires where", text_of(rule.condition)),
        *(
            (one, f"{known[one].description_en}\n{known[one].description_zh}")
            for one in inputs_of(rule.condition)
        ),
        ("value missing", rule.when_missing.replace("_", " ")),
        ("then", f"{rule.action}, {rule.severity}"),
        ("reason", f"{rule.reason_en}\n{rule.reason_zh}"),
        ("products", ", ".join(rule.products)),
        ("trades", ", ".join(rule.trades) or "all"),
        ("source", f"{rule.source.kind}: {rule.source.document}{article}\n{rule.source.says}"),
        ("owner", rule.owner),
        ("version", f"{rule.version}, from {rule.effective_from}{until}"),
    ]
    print_table(("rule", rule.name), rows)
    if as_of is not None:
        print_history(settings, rule, as_of.date(), enterprise)


@app.command()
def replay(
    enterprise: Annotated[str, typer.Argument(help="Identity of the enterprise, such as E1.")],
    as_of: Annotated[
        datetime, typer.Option("--date", formats=DATE_FORMATS, help="As-of date of the case.")
    ],
) -> None:
    """Judge a past case by the rules of that day and by today's, on that day's values.

    That day's rules are those that were run for it, as they were stored then.
    """
    print_replay(load_settings(), enterprise, as_of.date())


@app.command()
def pages(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = PROJECT_ROOT / "docs/rules",
) -> None:
    """Write the pages that list all rules."""
    write_rule_pages(load_rules(load_settings().catalog).rules, out)
    print(f"Wrote {out}")
