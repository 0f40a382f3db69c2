"""Work in a process of its own, so that an engine can be killed under it and leave the tests alive.

`python -m tests.integration.child run NAME[,NAME...] [FOLDER] [--date DATE]` runs jobs;
`python -m tests.integration.child hashes CONDITION TABLE...` prints content hashes as JSON;
`python -m tests.integration.child query SQL` prints rows as JSON, every value as text.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.runner import run_job
from loomline.settings import load_settings
from tests.integration.content import content_hash

AS_OF_DATE = date(2020, 2, 29)


def main(arguments: list[str]) -> int:
    command, first, *rest = arguments
    if command == "hashes":
        spark = open_session(load_settings())
        print(json.dumps({table: content_hash(spark, table, first) for table in rest}))
        return 0
    if command == "query":
        rows = open_session(load_settings()).sql(first).collect()
        print(
            json.dumps(
                [
                    {k: None if v is None else str(v) for k, v in row.asDict().items()}
                    for row in rows
                ]
            )
        )
        return 0
    as_of_date = AS_OF_DATE
    if "--date" in rest:
        *rest, _, day = rest
        as_of_date = date.fromisoformat(day)
    try:
        for job in first.split(","):
            run_job(job, as_of_date, Path(rest[0]) if rest else None)
    except LoomlineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
