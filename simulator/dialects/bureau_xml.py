"""The credit bureau's monthly report and the courts' daily notices, as XML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.calendar import date_of, is_month_end
from simulator.dialects.facts import Delivery, Facts, spelled
from simulator.disorder import Outbox
from simulator.frame import Frame, joined, make_frame
from simulator.randomness import Integers
from simulator.text import Texts, chosen, dates, decimal, lines, listed, padded, whole
from simulator.world.firms import BANKS
from simulator.world.trades import REGIONS

BUREAU_CLERK, COURT_CLERK = 60_001, 60_002
# The five classes of loans by days past due.
CLASSES = listed(["正常", "关注", "次级", "可疑", "损失"])
CLASS_FROM_DAYS = np.array([1, 91, 181, 361])
LENDERS = listed([f"B{bank + 1}" for bank in range(BANKS)])
LAWSUIT, FAILURE = 0, 1
NOTICES = listed(["买卖合同纠纷立案公告", "破产清算公告"])


def element(name: str, value: Texts) -> list[Texts]:
    """The parts of an element around a value that holds no markup."""
    return [f"<{name}>", value, f"</{name}>"]


def document(root: str, attributes: str, records: bytes) -> bytes:
    """A document around records."""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {attributes}>\n'
    return head.encode() + records + f"</{root}>\n".encode()


def _report(facts: Facts, outbox: Outbox) -> Delivery:
    """What every borrower owes, and since how many days it is late."""
    world, state, day = facts.world, facts.state, facts.day
    loans = world.loans
    every = np.arange(len(loans))
    since = state.loan_unpaid_since
    loan = make_frame(
        len(loans),
        loan=every,
        day=day,
        firm=loans.firm,
        left_fen=state.loan_left_fen + state.loan_due_fen,
        due_fen=state.loan_due_fen,
        limit_fen=loans.facility_fen,
        used_fen=state.facility_used_fen[loans.firm],
        late=np.where(since >= 0, day - since, 0),
    )
    rows = outbox.rows("credit_bureau", "bureau/credit_report", loan, "due_fen")
    firm, clerk = rows["firm"], np.full(len(rows), BUREAU_CLERK, dtype=np.int64)
    parts: Sequence[Texts] = [
        '  <Record id="', padded(rows["loan"] + 1, 8), '" correction="',
        chosen(listed(["false", "true"]), rows["is_correction"]), '">',
        *element("CreditCode", chosen(facts.directory.credit_codes, firm)),
        *element("Name", spelled(facts.directory, clerk, firm)),
        *element("ReportDate", dates(rows["day"])),
        *element("Lender", chosen(LENDERS, loans.bank[rows["loan"]])),
        "<TermLoan>",
        *element("Balance", decimal(rows["left_fen"], 2)),
        *element("Overdue", decimal(rows["due_fen"], 2)),
        *element("DaysPastDue", whole(rows["late"])),
        *element("Class", chosen(CLASSES, np.digitize(rows["late"], CLASS_FROM_DAYS))),
        "</TermLoan><Facility>",
        *element("Limit", decimal(rows["limit_fen"], 2)),
        *element("Used", decimal(rows["used_fen"], 2)),
        "</Facility></Record>",
    ]  # fmt: skip
    attributes = f'date="{date_of(day)}" count="{len(rows)}" currency="CNY"'
    content = document("CreditReport", attributes, lines(parts))
    return Delivery(f"bureau/credit_report_{facts.stamp}.xml", content)


def _notices(facts: Facts) -> Frame:
    """Lawsuits over unpaid invoices, and firms that cease."""
    claims, failures = facts.events["claims"], facts.events["failures"]
    sued = make_frame(
        len(claims),
        kind=LAWSUIT,
        number=claims["claim"],
        day=facts.day,
        plaintiff=claims["plaintiff"],
        defendant=claims["defendant"],
        amount_fen=claims["amount_fen"],
    )
    ceased = make_frame(
        len(failures),
        kind=FAILURE,
        number=facts.day * 1000 + np.arange(len(failures)),
        day=facts.day,
        plaintiff=-1,
        defendant=failures["firm"],
        amount_fen=0,
    )
    return joined([sued, ceased])


def _or_empty(is_there: Integers, value: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(is_there > 0), value, "")


def _court(facts: Facts, outbox: Outbox) -> Delivery:
    """The day's notices; a court writes names, and codes only of some."""
    directory, parties = facts.directory, facts.world.parties
    rows = outbox.rows("court", "court/notices", _notices(facts))
    clerk = np.full(len(rows), COURT_CLERK, dtype=np.int64)
    defendant, has_plaintiff = rows["defendant"], (rows["plaintiff"] >= 0).astype(np.int64)
    plaintiff = np.maximum(rows["plaintiff"], 0)
    cities = listed([city for _, _, city in REGIONS])
    city = chosen(cities, parties.regions[defendant])
    code = chosen(directory.credit_codes, defendant)
    parts: Sequence[Texts] = [
        "  <Notice>",
        *element("CaseNumber", pc.binary_join_element_wise(
            "(", dates(rows["day"], "%Y"), ")", city, "民初", padded(rows["number"], 8), "号", "")),
        *element("Type", chosen(NOTICES, rows["kind"])),
        *element("Court", pc.binary_join_element_wise(city, "市中级人民法院", "")),
        *element("PublishedOn", dates(rows["day"], "%Y年%m月%d日")),
        *element("Plaintiff", _or_empty(has_plaintiff, spelled(directory, clerk, plaintiff))),
        "<Defendant>",
        *element("Name", spelled(directory, clerk, defendant)),
        *element("CreditCode", _or_empty((rows["number"] % 2 == 0).astype(np.int64), code)),
        "</Defendant>",
        *element("Amount", decimal(rows["amount_fen"], 2)),
        "</Notice>",
    ]  # fmt: skip
    attributes = f'date="{date_of(facts.day)}" count="{len(rows)}"'
    content = document("CourtNotices", attributes, lines(parts))
    return Delivery(f"court/notices_{facts.stamp}.xml", content)


def bureau_xml(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Notices of every day; the bureau's report at month ends."""
    yield _court(facts, outbox)
    if is_month_end(facts.day):
        yield _report(facts, outbox)
