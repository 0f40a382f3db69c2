"""Which machines there are, whose they are, and which readings are of which."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

SYSTEM_MACHINE = ["code_system", "machine_code"]
REPORTED = ["code_system", "enterprise_code", "machine_code"]
UNSAID = "*"
OF_ENTERPRISE = ["enterprise_id", "machine_code"]


@dataclass(frozen=True, eq=False)
class Machines:
    """Machines, and what is read of them.

    `listed` has `machine_id`, `code_system`, `enterprise_code` (* where unsaid), `machine_code`,
    `enterprise_id` (null where linked to none), `owner` and `tells_failures`, sorted by machine. An
    owner is an enterprise, by whatever name it is known, or the machine itself. `read` has the
    `machine_id` by system and code of what is read.
    """

    listed: pd.DataFrame
    read: pd.DataFrame


def _once(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The rows whose key is whole and stands once."""
    whole = rows.dropna(subset=key)
    return whole.loc[~whole.duplicated(key, keep=False)]


def _owner(listed: pd.DataFrame) -> pd.Series[str]:
    by_code = (listed.code_system + "/" + listed.enterprise_code).where(
        listed.enterprise_code != UNSAID, listed.machine_id
    )
    return listed.enterprise_id.fillna(by_code)


def find_machines(
    reports: pd.DataFrame, readings: pd.DataFrame, sites: pd.DataFrame, links: pd.DataFrame
) -> Machines:
    """The machines of reports and readings.

    Args:
        reports: `REPORTED` and `kind`, which is `event` for a stop or failure.
        readings: `SYSTEM_MACHINE` of what was read.
        sites: `SYSTEM_MACHINE` and `enterprise_name` of the machines that systems list.
        links: `code_system`, `party_code` (a code, or a name as spelled) and `enterprise_id`.
    """
    linked = links.drop_duplicates(["code_system", "party_code"]).rename(
        columns={"party_code": "enterprise_code"}
    )
    reporting = reports[REPORTED].drop_duplicates()
    reporting = reporting.merge(linked, "left", ["code_system", "enterprise_code"])
    reporting["machine_id"] = reporting[REPORTED].agg("/".join, axis=1) if len(reporting) else ""
    # A system that never tells of a stop can't show that a machine had none.
    telling = set(reports.code_system[reports.kind == "event"])
    reporting["tells_failures"] = reporting.code_system.isin(telling)
    owners = sites.rename(columns={"enterprise_name": "enterprise_code"}).merge(
        linked, "left", ["code_system", "enterprise_code"]
    )
    read = readings[SYSTEM_MACHINE].drop_duplicates()
    read = read.merge(_once(owners, SYSTEM_MACHINE)[[*SYSTEM_MACHINE, "enterprise_id"]], "left")
    # Of the system that reports it where that reads it too, else of the enterprise's one namesake.
    own = _once(reporting, SYSTEM_MACHINE).set_index(SYSTEM_MACHINE).machine_id
    namesakes = _once(reporting, OF_ENTERPRISE)[[*OF_ENTERPRISE, "machine_id"]]
    joined = _once(read, OF_ENTERPRISE).merge(namesakes, "inner", OF_ENTERPRISE)
    of_namesake = joined.set_index(SYSTEM_MACHINE).machine_id
    key = pd.MultiIndex.from_frame(read[SYSTEM_MACHINE])
    alone = read.code_system + f"/{UNSAID}/" + read.machine_code
    of_key = pd.concat([own, of_namesake]).pipe(lambda both: both[~both.index.duplicated()])
    found = pd.Series(of_key.reindex(key).to_numpy(dtype=object), read.index)
    read = read.assign(machine_id=found.where(found.notna(), alone))
    only_read = read.loc[~read.machine_id.isin(set(reporting.machine_id))]
    listed = pd.concat(
        [reporting, only_read.assign(enterprise_code=UNSAID, tells_failures=False)]
    ).drop_duplicates("machine_id")
    listed = listed.sort_values("machine_id", ignore_index=True)
    listed["owner"] = _owner(listed)
    return Machines(listed, read[[*SYSTEM_MACHINE, "machine_id"]])
