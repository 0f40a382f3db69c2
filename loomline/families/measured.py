"""What the rows of a canonical table add to a measure, as Spark SQL."""

from __future__ import annotations

from loomline.families.model import Measure
from loomline.identity import MACHINE_CODES


def step_structs(measure: Measure, has_system: bool, zone: str) -> list[str]:
    """One struct of what a row adds, or two where it is taken away again.

    Their fields are measure, code_system, enterprise_code, event_date and value; value is null
    where the row does not count. `has_system` says whether the table has a code_system.
    """
    code = f"coalesce({measure.code}, {measure.spelling})" if measure.spelling else measure.code
    # An enterprise_id needs no system; whose a code is, the links of its system say.
    system = "code_system" if has_system else "''"
    if measure.ids_of:
        system = f"if(code_system = '{measure.ids_of}', '', code_system)"
    if measure.code_is == "machine":
        # A system may call a machine and an enterprise by the same code.
        system = f"concat('{MACHINE_CODES}', {system})"
    turns = [(measure.day, "")] + ([(measure.until, "-")] if measure.until else [])
    structs = [
        f"struct('{measure.name}' as measure, {system} as code_system, {code} as enterprise_code, "
        f"date({day}) as event_date, cast(if({measure.where or 'true'}, {sign}({measure.value}), "
        "null) as decimal(28,6)) as value)"
        for day, sign in turns
    ]
    return [struct.replace(":time_zone", f"'{zone}'") for struct in structs]
