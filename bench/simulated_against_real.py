"""Draw simulated against real: the figures that the simulator was set from, and how near it is.

Run from the repository: python bench/simulated_against_real.py --data FOLDER_OF_THE_PUBLIC_SETS.
It simulates a year, compares, writes docs/images/simulated-against-real.png and prints a table of
medians and shares for docs/simulator.md. Of the real sets only aggregates are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from simulator.day.invoicing import VALID
from simulator.day.opening import open_state
from simulator.day.step import step
from simulator.dialects.facts import Facts, make_directory
from simulator.dialects.meters_csv import QUARTERS, quarter_weights
from simulator.disorder import Outbox
from simulator.frame import Frame, joined
from simulator.randomness import Draws
from simulator.world.draw import World, draw_world
from simulator.world.relations import RAW_PURCHASE
from simulator.world.trades import MACHINERY

Values = NDArray[np.float64]
SHARES = np.linspace(0.01, 0.99, 99)
DAYS = 365
WEDNESDAY = 9
IMAGE = Path("docs/images/simulated-against-real.png")
EVENTS = ("invoices", "payments", "shipments", "receipts", "orders", "work_orders")


@dataclass(frozen=True)
class Panel:
    """One comparison: values of both, how to show them, and what to say."""

    title: str
    real: Values
    simulated: Values
    is_logarithmic: bool = False
    is_profile: bool = False


def _sales(data: Path) -> pd.DataFrame:
    parts = [
        pd.read_csv(data / "sme_invoices" / f"{group}credit_sales_invoices.csv.gz")
        for group in ("", "no")
    ]
    return pd.concat(parts)


def real_values(data: Path) -> Mapping[str, Values]:
    """What is measured on the public sets."""
    sales = _sales(data)
    day = pd.to_datetime(sales["开票日期"], format="%Y/%m/%d")
    voided = sales["发票状态"].str.strip() == "作废发票"
    total = sales["价税合计"]
    firm = sales["企业代号"]
    months = [firm, day.dt.to_period("M")]
    receivables = pd.read_csv(data / "receivables" / "WA_Fn-UseC_-Accounts-Receivable.csv")
    orders = pd.read_csv(data / "supplier_orders" / "orders_m3.csv").iloc[:, 2:].to_numpy(float)
    came = pd.read_csv(data / "supplier_orders" / "deliveries_m3.csv").iloc[:, 2:].to_numpy(float)
    lines = pd.read_csv(
        data / "purchase_deliveries" / "SCMS_Delivery_History_Dataset.csv", encoding="utf-8-sig"
    )
    planned, delivered = (
        pd.to_datetime(lines[name].str.replace("Sept", "Sep"), format="%d-%b-%y")
        for name in ("Scheduled Delivery Date", "Delivered to Client Date")
    )
    late = (delivered - planned).dt.days.to_numpy(float)
    energy = pd.read_csv(data / "plant_energy" / "Steel_industry_data.csv")["Usage_kWh"]
    dates = pd.read_csv(data / "plant_energy" / "Steel_dates_reference.csv")["date"]
    at = pd.to_datetime(dates, format="%d/%m/%y %H:%M")
    weekday = at.dt.dayofweek < 5
    hourly = energy[weekday].groupby(at[weekday].dt.hour).mean().to_numpy(float)
    teams = pd.read_csv(data / "factory_output" / "garments_worker_productivity.csv")
    return {
        "amount": total[~voided & (total > 0)].to_numpy(float),
        "count": sales.groupby(months).size().to_numpy(float),
        "customers": sales.groupby(firm)["购方单位代号"].nunique().to_numpy(float),
        "voided": voided.groupby(firm).mean().to_numpy(float) * 100,
        "late": receivables["DaysLate"].to_numpy(float),
        "filled": np.minimum(came.sum(axis=1) / np.maximum(orders.sum(axis=1), 1), 1.5) * 100,
        "delivery": np.clip(late[late > 0], 0, 60),
        "load": hourly / hourly.mean(),
        "output": (teams["actual_productivity"] / teams["targeted_productivity"]).to_numpy(float)
        * 100,
    }


def simulated_year(enterprises: int, seed: int) -> tuple[World, Mapping[str, Frame], Values]:
    """A simulated year: world, events, and the load of machine shops on a Wednesday, by hour."""
    world = draw_world(seed, enterprises)
    state = open_state(world)
    kept: dict[str, list[Frame]] = {name: [] for name in EVENTS}
    load = np.zeros(24)
    for day in range(DAYS):
        state, events = step(world, state, day)
        for name in EVENTS:
            frame = events[name]
            kept[name].append(frame.with_columns(day=np.full(len(frame), day, dtype=np.int64)))
        if day == WEDNESDAY:
            facts = Facts(world, make_directory(world), day, state, events)
            weights = quarter_weights(facts, "meter noise", Outbox(Draws(seed, day), {}))
            shops = weights[world.firms.trade == MACHINERY].sum(axis=0)
            load = shops.reshape(24, QUARTERS // 24).sum(axis=1) / shops.mean() / 4
    return world, {name: joined(frames) for name, frames in kept.items()}, load


def simulated_values(
    world: World, events: Mapping[str, Frame], load: Values
) -> Mapping[str, Values]:
    """The same measures on the simulated year."""
    count = len(world.firms)
    sales = events["invoices"].take(events["invoices"]["supplier"] < count)
    firm, month = sales["supplier"], sales["issue_day"] * 12 // DAYS
    cells = np.bincount(firm * 12 + month, minlength=count * 12)
    pairs = np.unique(np.column_stack([firm, sales["customer"]]), axis=0)
    voided = np.bincount(firm, weights=sales["status"] != VALID, minlength=count)
    every = np.maximum(np.bincount(firm, minlength=count), 1)
    valid = sales.take((sales["status"] == VALID) & (sales["total_fen"] > 0))
    paid = events["payments"].take(
        (events["payments"]["payer"] >= count) & (events["payments"]["is_final"] > 0)
    )
    relations, shipments = world.relations, events["shipments"]
    raw = relations.kind == RAW_PURCHASE
    ordered, came = (
        np.bincount(frame["relation"], weights=frame["quantity"], minlength=len(relations))[raw]
        for frame in (events["orders"], shipments)
    )
    late = shipments["arrival_day"] - shipments["planned_day"]
    work = events["work_orders"].take(events["work_orders"]["target"] > 20)
    made = work["good"] + work["scrap"]
    return {
        "amount": valid["total_fen"] / 100,
        "count": cells[cells > 0].astype(float),
        "customers": np.bincount(pairs[:, 0], minlength=count)[every > 1].astype(float),
        "voided": voided / every * 100,
        "late": np.maximum(paid["day"] - paid["due_day"], 0).astype(float),
        "filled": came[ordered > 0] / ordered[ordered > 0] * 100,
        "delivery": late[late > 0].astype(float),
        "load": load,
        "output": made / work["target"] * 100,
    }


TITLES = {
    "amount": ("sales invoice, yuan", True, False),
    "count": ("sales invoices a firm and month", True, False),
    "customers": ("customers of a firm", True, False),
    "voided": ("voided invoices of a firm, %", False, False),
    "late": ("days that payments are late", False, False),
    "filled": ("delivered of ordered, a supplier, %", False, False),
    "delivery": ("days that late deliveries are late", True, False),
    "load": ("load by hour of a working day, mean 1", False, True),
    "output": ("output of target, %", False, False),
}


def draw(panels: list[Panel], path: Path) -> None:
    """A figure of all panels: the quantile functions of both, or their profiles."""
    figure, axes = plt.subplots(3, 3, figsize=(12, 9), layout="constrained")
    for panel, axis in zip(panels, axes.ravel(), strict=True):
        for values, name, colour in (
            (panel.real, "real", "#1f4e79"),
            (panel.simulated, "simulated", "#c55a11"),
        ):
            if panel.is_profile:
                axis.step(np.arange(24), values, label=name, color=colour, where="mid")
            else:
                axis.plot(SHARES * 100, np.quantile(values, SHARES), label=name, color=colour)
        axis.set_title(panel.title, fontsize=10)
        axis.set_xlabel("hour" if panel.is_profile else "% of all below", fontsize=8)
        if panel.is_logarithmic:
            axis.set_yscale("log")
        axis.grid(alpha=0.3)
    axes[0, 0].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the library's version, so that the same figures give the same file.
    figure.savefig(path, dpi=90, metadata={"Software": None})


def main(
    data: Annotated[Path, typer.Option(help="Folder of the public data sets.")],
    enterprises: Annotated[int, typer.Option(help="How many enterprises to simulate.")] = 600,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 7,
) -> None:
    """Compare, draw and print."""
    real = real_values(data)
    simulated = simulated_values(*simulated_year(enterprises, seed))
    panels = []
    print("| | real: 25 %, 50 %, 75 %, 95 % | simulated |\n| --- | --- | --- |")
    for name, (title, is_logarithmic, is_profile) in TITLES.items():
        panels.append(Panel(title, real[name], simulated[name], is_logarithmic, is_profile))
        shown = [
            ", ".join(f"{value:,.3g}" for value in np.quantile(values, (0.25, 0.5, 0.75, 0.95)))
            for values in (real[name], simulated[name])
        ]
        print(f"| {title} | {shown[0]} | {shown[1]} |")
    draw(panels, IMAGE)
    print(IMAGE)


if __name__ == "__main__":
    typer.run(main)
