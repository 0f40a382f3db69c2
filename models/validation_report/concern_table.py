"""What a reader has to decide on, at the head of a report."""

from __future__ import annotations

from collections.abc import Sequence

from models.validation_report.concerns import Concern
from models.validation_report.document import Column, Section, Table, Words

TO_DECIDE = Words(
    "What the figures show beyond a stated bound, for a person to decide on. This report "
    "recommends nothing: whether the version may be used is decided by an approval with a reason.",
    "以下为超出既定界限、需由人判断的事项。本报告不作建议，是否使用须经有理由的审批决定。",
)
NOTHING_RAISED = ("Nothing lies beyond a stated bound.",)


def concern_tables(raised: Sequence[Concern], sections: Sequence[Section]) -> tuple[Table, ...]:
    """The concerns with the titles of the sections that they are of; no table without any."""
    if not raised:
        return ()
    titles = {x.key: f"{x.title.english} {x.title.chinese}" for x in sections}
    return (
        Table(
            Words("To decide on", "待判断事项"),
            (
                Column(Words("Section", "章节"), is_number=False),
                Column(Words("Finding", "发现"), is_number=False),
            ),
            tuple((titles[x.section], x.text) for x in raised),
        ),
    )
