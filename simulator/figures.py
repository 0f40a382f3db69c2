"""Figures measured on the public data sets, from which the simulated distributions are set.

Only aggregates: tables of quantiles at 0, 1, 5, 10, 25, 50, 75, 90, 95, 99 and 100 % and shares.
docs/simulator.md says which set each is from, and bench/simulated_against_real.py draws both.
"""

from __future__ import annotations

# sme_invoices, sales of 425 firms: turnover of a firm in a month in which it sells, in yuan. The
# ends are cut: a firm below 20,000 a month runs no machines.
TURNOVER_CNY_A_MONTH = (
    20_000,
    30_000,
    60_000,
    90_000,
    220_000,
    700_000,
    2_380_000,
    4_870_000,
    6_960_000,
    15_000_000,
    23_000_000,
)
# sme_invoices: different customers of a firm over the whole set, cut at 400.
CUSTOMERS = (2, 2, 4, 5, 15, 39, 121, 310, 350, 400, 400)
# sme_invoices: share of a firm's sales invoices that it voids, in thousandths.
VOIDED_PERMILLE = (0, 0, 15, 30, 59, 93, 143, 225, 250, 280, 300)
# sme_invoices: of the voided invoices, those with a valid twin of the same amount and customer.
VOIDED_WITH_TWIN_PERMILLE = 560
# sme_invoices: negative (red-letter) invoices among valid sales invoices.
RED_LETTER_PERMILLE = 31
# sme_invoices: gross amount of one small purchase (expenses at 3 and 6 %), in fen.
EXPENSE_FEN = (
    800,
    1_300,
    6_700,
    11_900,
    20_000,
    35_000,
    67_000,
    190_000,
    480_000,
    2_000_000,
    9_000_000,
)
# sme_invoices: purchase invoices of a firm in a month, about two thirds of them small.
EXPENSES_A_MONTH = (1, 1, 1, 1, 4, 12, 36, 83, 126, 330, 490)
# sme_invoices: the caps of the tax machine show as heaps at 10,000, 100,000 and 1,000,000 yuan.
INVOICE_CAPS_FEN = (1_000_000, 10_000_000, 100_000_000)

# receivables, 2,466 invoices: share paid late by customer habit, days late of those late, disputes.
LATE_PERMILLE = 356
DAYS_LATE = (1, 1, 1, 2, 4, 8, 14, 20, 24, 30, 45)
DISPUTED_PERMILLE = 227
LATE_IF_DISPUTED_PERMILLE = 683
LATE_IF_NOT_DISPUTED_PERMILLE = 259

# supplier_orders, 402 suppliers over 240 weeks: 75 % of the ordered volume is delivered, half of
# the suppliers deliver less than half. Cut at the top: nobody delivers more than was ordered.
DELIVERED_PERMILLE = (20, 40, 150, 300, 620, 900, 1000, 1000, 1000, 1000, 1000)
# supplier_orders, 8 carriers over 240 weeks: loss in hundred-thousandths of what is carried; a
# quarter of the weeks has none.
CARRIER_LOSS_PER_100_000 = (0, 0, 0, 0, 10, 330, 1_000, 1_740, 2_300, 4_300, 5_000)

# purchase_deliveries, 10,324 lines: share late and share early, and days late of those late.
DELIVERY_LATE_PERMILLE = 115
DELIVERY_EARLY_PERMILLE = 273
DELIVERY_DAYS_LATE = (1, 1, 1, 2, 5, 12, 25, 51, 70, 90, 120)

# factory_output, 1,197 team days: output against target in thousandths. At 25 % it is 987 and at
# 27 % already 1000; the table has 1000, so that as many meet their target as there.
OUTPUT_PERMILLE = (240, 387, 547, 731, 1000, 1001, 1125, 1250, 1330, 1500, 1600)

# plant_energy, one year of quarter hours: load of a working day by hour against the year's mean, in
# hundredths, and idle load of a plant at rest against its load at work in thousandths.
WEEKDAY_LOAD = (
    30, 22, 16, 16, 16, 16, 16, 17, 166, 261, 247, 253,
    82, 173, 248, 245, 248, 212, 159, 186, 183, 63, 37, 34,
)  # fmt: skip
IDLE_LOAD_PERMILLE = 62

# machine_events, 100 machines over a year: failures and maintenance a machine and year.
FAILURES_A_YEAR = 8
MAINTENANCE_A_YEAR = 33
