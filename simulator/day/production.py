"""Production: work orders within capacity and material, output and scrap, machines and energy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator import figures
from simulator.day.accounts import FINISHED_GOODS, MAKING_COST, MATERIALS, PRODUCTION, document
from simulator.day.context import Context, Result, is_alive, numbered
from simulator.frame import make_frame, total_by
from simulator.randomness import MILLION, Integers
from simulator.state import State

STOCK_DAYS = 5
RUN_MINUTES_A_DAY = 960
SCRAP_PER_MILLION = 9_000
SCRAP_BY_WEAR_PER_MILLION = 50_000
# Targets are set below what material and machines allow, so that a good team exceeds them.
TARGET_PERMILLE = 780
# Wear of a full day at the mean rate, in millionths of a worn-out machine.
WEAR_A_MINUTE = 12
FAILURE_PER_MILLION = 20_000
FAILURE_BY_WEAR_PER_MILLION = 70_000
INSPECTION_DAYS = 11
OVERHAUL_AT = 600_000
# Why a machine stopped, and what was done to it.
BREAKDOWN, JAM, INSPECTION, OVERHAUL = range(4)


def capacity_units(context: Context, state: State) -> Integers:
    """What each product's machines can make today; units, shape (products,)."""
    machines, firms = context.world.machines, context.world.firms
    able = (machines.product >= 0) & (state.down_until < context.day)
    able &= is_alive(state)[machines.firm]
    staffing = np.minimum(state.wage_permille, 1000)[machines.firm[able]]
    left_by_epidemic = np.minimum(context.demand, 1000)[firms.trade[machines.firm[able]]]
    milli = machines.units_milli_a_day[able] * context.work // 1000 * staffing // 1000
    milli = milli * np.maximum(left_by_epidemic, 400) // 1000
    return total_by(machines.product[able], milli, len(context.world.products)) // 1000


def _limited_by_material(context: Context, state: State, wanted: Integers) -> Integers:
    """What can be made of `wanted` with the material in stock; units, shape (products,)."""
    recipes = context.world.recipes
    need = -(-wanted[recipes.product] * recipes.per_thousand // 1000)
    total = total_by(recipes.material, need, len(context.world.materials))
    share = np.minimum(state.material_units * MILLION // np.maximum(total, 1), MILLION)
    limit = np.full(len(wanted), MILLION, dtype=np.int64)
    np.minimum.at(limit, recipes.product, share[recipes.material])
    possible: Integers = wanted * limit // MILLION
    return possible


def produce(context: Context, state: State) -> Result:
    """Work orders of the day: what is asked, what came of it, what it used."""
    world, draws = context.world, context.draws
    products, recipes, machines = world.products, world.recipes, world.machines
    count = len(products)
    orders = state.book("orders")
    asked_of = world.relations.product[orders["relation"]]
    open_sales = asked_of >= 0
    backlog = total_by(asked_of[open_sales], orders["remaining"][open_sales], count)
    stock_wanted = state.order_rate_milli * STOCK_DAYS // 1000
    capacity = capacity_units(context, state)
    wanted = np.clip(backlog + stock_wanted - state.product_units, 0, capacity)
    possible = _limited_by_material(context, state, wanted)
    target = possible * TARGET_PERMILLE // 1000
    skill = world.firms.skill_permille[products.firm]
    ratio = draws.from_table("output", figures.OUTPUT_PERMILLE, count)
    made = np.minimum(possible, target * ratio // 1000)
    worn = state.wear // np.maximum(np.bincount(machines.firm, minlength=1)[machines.firm], 1)
    wear = total_by(machines.firm, worn, context.enterprises)[products.firm]
    scrap_rate = SCRAP_PER_MILLION + SCRAP_BY_WEAR_PER_MILLION * wear // MILLION
    # A skilled firm spoils less: a fifth more skill is half of the scrap.
    scrap_rate = scrap_rate * (3_500 - 5 * skill // 2) // 1000
    scrap = np.minimum(draws.rounded("scrap", made * scrap_rate, MILLION), made)
    good = made - scrap
    used = made[recipes.product] * recipes.per_thousand // 1000
    used_by_material = total_by(recipes.material, used, len(world.materials))
    run = np.flatnonzero(target > 0)
    number, state = numbered(state, "work_order", len(run))
    minutes = made * RUN_MINUTES_A_DAY // np.maximum(capacity, 1) * context.work // 1000
    work_orders = make_frame(
        len(run),
        work_order=number,
        product=run,
        target=target[run],
        good=good[run],
        scrap=scrap[run],
        minutes=minutes[run],
    )
    material_value = total_by(
        recipes.product, used * world.materials.cost_fen[recipes.material], count
    )
    made_value = good * products.cost_fen
    postings = document(
        PRODUCTION,
        products.firm[run],
        number,
        [
            (FINISHED_GOODS, made_value[run]),
            (MATERIALS, -material_value[run]),
            (MAKING_COST, (material_value - made_value)[run]),
        ],
    )
    taken = np.flatnonzero(used_by_material)
    consumption = make_frame(len(taken), material=taken, quantity=used_by_material[taken])
    state = replace(
        state,
        material_units=state.material_units - used_by_material,
        product_units=state.product_units + good,
    )
    result = run_machines(context, state, minutes)
    events = {"work_orders": work_orders, "consumption": consumption, "postings": postings}
    return Result(result.state, {**events, **result.events})


def _run_minutes(context: Context, state: State, product_minutes: Integers) -> Integers:
    """Minutes that each machine ran; services follow the day's demand."""
    machines, firms = context.world.machines, context.world.firms
    demand = np.minimum(context.demand[firms.trade[machines.firm]], 1200)
    service = 560 * demand // 1000 * max(context.work, 300) // 1000
    service = np.where(firms.is_shell[machines.firm], 20, service)
    minutes = np.where(machines.product >= 0, product_minutes[machines.product], service)
    up = (state.down_until < context.day) & is_alive(state)[machines.firm]
    ran: Integers = np.where(up, minutes, 0)
    return ran


def run_machines(context: Context, state: State, product_minutes: Integers) -> Result:
    """Wear, breakdowns, maintenance and energy of a day."""
    world, draws, day = context.world, context.draws, context.day
    machines, firms = world.machines, world.firms
    count = len(machines)
    minutes = _run_minutes(context, state, product_minutes)
    wear = np.minimum(state.wear + minutes * machines.wear_rate * WEAR_A_MINUTE // 1000, MILLION)
    cubed = wear // 100 * (wear // 100) // 100 * (wear // 100)
    chance = FAILURE_PER_MILLION + FAILURE_BY_WEAR_PER_MILLION * (cubed // MILLION) // 10_000
    fails = draws.happens("failure", chance, count) & (minutes > 60)
    is_long = draws.happens("long failure", 350_000, count)
    down = draws.integers("down days", 0, 4, count)
    can_pay = (state.unpaid_since < 0)[machines.firm] & is_alive(state)[machines.firm]
    place = np.arange(count)
    inspected = ((day + 7 * place) % INSPECTION_DAYS == 0) & can_pay & (context.work > 0) & ~fails
    care = firms.care_permille[machines.firm]
    overhauled = inspected & (wear > OVERHAUL_AT + 300_000 - 300 * care)
    eased = wear * (1000 - 120 * care // 1000) // 1000
    after = np.select([overhauled, fails, inspected], [wear // 20, wear * 7 // 10, eased], wear)
    length = np.where(is_long, 240 + down * 180, draws.integers("jam minutes", 10, 120, count))
    stopped = np.flatnonzero(fails)
    tended = np.flatnonzero(inspected)
    number, state = numbered(state, "machine_event", len(stopped) + len(tended))
    start = draws.integers("stop start", 480, 1200, count)
    events = make_frame(
        len(number),
        machine_event=number,
        machine=np.concatenate([stopped, tended]),
        kind=np.concatenate(
            [
                np.where(is_long, BREAKDOWN, JAM)[stopped],
                np.where(overhauled, OVERHAUL, INSPECTION)[tended],
            ]
        ),
        start_minute=np.concatenate([start[stopped], start[tended]]),
        minutes=np.concatenate([length[stopped], np.where(overhauled, 300, 45)[tended]]),
    )
    idle = machines.watts * figures.IDLE_LOAD_PERMILLE // 1000
    energy = (machines.watts * minutes + idle * (1440 - minutes)) // 60
    energy = np.where(is_alive(state)[machines.firm], energy, 0)
    runs = make_frame(
        count, machine=place, minutes=minutes, watt_hours=energy, wear=after, stopped=fails
    )
    state = replace(
        state,
        wear=after,
        down_until=np.where(fails & is_long, day + down, state.down_until),
        month_watt_hours=state.month_watt_hours + total_by(machines.firm, energy, len(firms)),
    )
    return Result(state, {"machine_runs": runs, "machine_events": events})
