"""Section: whether the data add up, what was set aside, and what the gates found."""

from __future__ import annotations

from reports.answers import Lake, Question
from reports.kinds import CENTS, COUNT, LONG_TEXT, SEVERITY, YES_NO, coded
from reports.parts import Column, Section, Table, Words

RECONCILIATION = Question(
    ("quality.reconciliation",),
    """
select
    source,
    source_file,
    landed_rows,
    conformed_rows,
    duplicate_rows,
    quarantined_rows,
    dead_lettered_rows,
    landed_total,
    conformed_total,
    duplicate_total,
    quarantined_total,
    unreadable_total_rows,
    is_reconciled
from quality.reconciliation
order by is_reconciled, source, source_file, file_sha256
""",
)
SET_ASIDE = Question(
    ("quality.quarantine",),
    """
with

reasons as (
    select
        source,
        disposition,
        control_total,
        explode(reasons) as reason
    from quality.quarantine
    where disposition <> 'refused'
)

select
    source,
    disposition,
    split_part(reason, ':', 1) as rule,
    count(*) as row_count,
    sum(control_total) as control_total,
    min(reason) as example
from reasons
group by source, disposition, split_part(reason, ':', 1)
order by disposition desc, row_count desc, source, rule
""",
)
REFUSED = Question(
    ("quality.quarantine",),
    """
select
    source,
    source_file,
    array_join(reasons, '; ') as reasons
from quality.quarantine
where disposition = 'refused'
order by source, source_file, file_sha256
""",
)
GATES = Question(
    ("quality.validation_result",),
    """
select
    gate,
    table_name,
    count(*) as expectation_count,
    count_if(is_met) as met_count,
    count_if(not is_met and severity = 'warning') as warning_count,
    count_if(not is_met and severity = 'critical') as critical_count,
    max(checked_rows) as checked_rows
from quality.validation_result
where as_of_date = :as_of_date
group by gate, table_name
order by array_position(array('silver', 'scores', 'marts'), gate), table_name
""",
)
UNMET = Question(
    ("quality.validation_result",),
    """
select
    gate,
    table_name,
    severity,
    expectation,
    unexpected_rows,
    observed_value
from quality.validation_result
where
    as_of_date = :as_of_date
    and not is_met
order by severity, gate, table_name, expectation
""",
)
DISPOSITION = coded({"duplicate": "duplicate 重复", "quarantined": "quarantined 隔离"})

ROW_COLUMNS = (
    Column("source_file", Words("File", "文件")),
    Column("is_reconciled", Words("Adds up", "是否平衡"), YES_NO),
    Column("landed_rows", Words("Rows landed", "落地行数"), COUNT),
    Column("conformed_rows", Words("conformed", "入库"), COUNT),
    Column("duplicate_rows", Words("duplicate", "重复"), COUNT),
    Column("quarantined_rows", Words("quarantined", "隔离"), COUNT),
    Column("dead_lettered_rows", Words("dead-lettered", "死信"), COUNT),
)
TOTAL_COLUMNS = (
    Column("source_file", Words("File", "文件")),
    Column("landed_total", Words("Total landed", "落地金额"), CENTS),
    Column("conformed_total", Words("conformed", "入库"), CENTS),
    Column("duplicate_total", Words("duplicate", "重复"), CENTS),
    Column("quarantined_total", Words("quarantined", "隔离"), CENTS),
    Column(
        "unreadable_total_rows", Words("Rows without a readable total", "金额无法读取行"), COUNT
    ),
)
SET_ASIDE_COLUMNS = (
    Column("source", Words("Source", "来源")),
    Column("disposition", Words("Set aside as", "处置"), DISPOSITION),
    Column("rule", Words("Column or rule", "字段或规则")),
    Column("row_count", Words("Rows", "行数"), COUNT),
    Column("control_total", Words("Total", "金额"), CENTS),
    Column("example", Words("Example", "示例"), LONG_TEXT),
)
REFUSED_COLUMNS = (
    Column("source", Words("Source", "来源")),
    Column("source_file", Words("File", "文件")),
    Column("reasons", Words("Why it was refused", "拒收原因"), LONG_TEXT),
)
GATE_COLUMNS = (
    Column("gate", Words("Gate", "检查点")),
    Column("table_name", Words("Table", "表")),
    Column("expectation_count", Words("Expectations", "检查项"), COUNT),
    Column("met_count", Words("met", "通过"), COUNT),
    Column("warning_count", Words("warnings", "警告"), COUNT),
    Column("critical_count", Words("critical", "严重"), COUNT),
    Column("checked_rows", Words("Rows checked", "检查行数"), COUNT),
)
UNMET_COLUMNS = (
    Column("severity", Words("Severity", "级别"), SEVERITY),
    Column("table_name", Words("Table", "表")),
    Column("expectation", Words("Expectation", "检查内容"), LONG_TEXT),
    Column("unexpected_rows", Words("Rows that break it", "违反行数"), COUNT),
    Column("observed_value", Words("Found", "实际"), LONG_TEXT),
)
NO_FILES = Words("No file was reconciled on this date.", "该日无对账文件。")


def build(lake: Lake) -> Section:
    """Reconciliation of every file, rows set aside by reason, refused files, gates."""
    return Section(
        key="quality",
        title=Words("Data quality", "数据质量"),
        introduction=Words(
            "Every landed row is conformed, a duplicate, or quarantined with its reasons; rows "
            "and totals must add up exactly. A row with two reasons counts under both.",
            "每一落地行要么入库，要么为重复，要么附原因隔离；行数与金额须分毫不差。有两个原因的行分别计入。",
        ),
        tables=(
            Table(
                Words("Reconciliation in rows, by file", "逐文件行数对账"),
                *("Reconciliation", ROW_COLUMNS, lake.ask(RECONCILIATION), NO_FILES),
            ),
            Table(
                Words("Reconciliation in cents, by file", "逐文件金额对账"),
                *("Reconciliation in cents", TOTAL_COLUMNS, lake.ask(RECONCILIATION), NO_FILES),
            ),
            Table(
                Words("Rows set aside, by reason", "按原因统计隔离与重复"),
                *("Set aside", SET_ASIDE_COLUMNS, lake.ask(SET_ASIDE)),
                Words("No row was set aside.", "无隔离或重复行。"),
            ),
            Table(
                Words("Refused files", "拒收文件"),
                *("Refused files", REFUSED_COLUMNS, lake.ask(REFUSED)),
                Words("No file was refused.", "无拒收文件。"),
            ),
            Table(
                Words("Gates", "质量检查"),
                *("Gates", GATE_COLUMNS, lake.ask(GATES)),
                Words("No gate ran for this date.", "该日未运行质量检查。"),
            ),
            Table(
                Words("Expectations not met", "未通过检查项"),
                *("Not met", UNMET_COLUMNS, lake.ask(UNMET)),
                Words("Every expectation was met.", "全部检查通过。"),
            ),
        ),
    )
