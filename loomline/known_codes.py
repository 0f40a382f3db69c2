"""Whose a code of a system is, as it was known at an instant, as SQL."""

from __future__ import annotations

from datetime import datetime

from loomline.identity import MACHINE_CODES, OWN_CODE
from loomline.lake import known_condition

LINK, MACHINE = "silver.enterprise_link", "silver.machine"


def known_codes(as_of_end: datetime) -> str:
    """The query of all codes that were known to be an enterprise's own or its machine's.

    Columns are code_system, enterprise_code and enterprise_id. The code of a machine is that of its
    owner; before its system stands `MACHINE_CODES`.
    """
    is_own = f"{OWN_CODE} and {known_condition(as_of_end, 'links')}"
    return f"""
        select code_system, party_code as enterprise_code, enterprise_id
        from {LINK} as links
        where {is_own}
        union all
        select
            concat('{MACHINE_CODES}', machine.code_system) as code_system,
            machine.machine_code as enterprise_code,
            links.enterprise_id
        from {MACHINE} as machine
        inner join {LINK} as links
            on machine.code_system = links.code_system
            and machine.enterprise_name = links.party_code
        where {is_own} and {known_condition(as_of_end, "machine")}
    """
