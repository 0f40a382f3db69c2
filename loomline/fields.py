"""The fields of bronze rows: the items that a row holds, and the text of each named value.

A row of a file is one item, but for formats that say `items` or `unpivot`. An item without its
values is an item too: nothing of a file gets lost here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.contracts.model import KEY, VALUE, Contract, JsonLinesFormat, Matching

# Blanks that people and systems leave around values, the ideographic and no-break space included.
BLANKS = " \t\r\n\u00a0\u3000\ufeff"


def json_path(path: str) -> str:
    """A path of the contract language as one of Spark: `stops.2.actual` is `$['stops'][2]...`."""
    parts = [part if part.isdigit() else f"'{part}'" for part in path.split(".")]
    return "$" + "".join(f"[{part}]" for part in parts)


class Fields:
    """Bronze rows of a contract as items, one row each, with a `text` for every named value.

    `others` are the contracts that read the same files; it can be asked whose a row is.
    """

    def __init__(
        self, bronze: DataFrame, contract: Contract, others: Sequence[Contract] = ()
    ) -> None:
        self._contract, self._others = contract, others
        self._is_json = isinstance(contract.file_format, JsonLinesFormat)
        names = [name for names in contract.mapped_from() for name in names]
        names += [name for other in others for name in other.where]
        rows = self._with_json(bronze) if self._is_json else bronze
        entries = self._entries(names)
        self._rows = (
            rows.withColumn("item_number", F.lit(1).cast("bigint"))
            if entries is None
            else self._exploded(rows, entries)
        )

    def rows(self) -> DataFrame:
        """All rows, with `item_number`, and whether the row `is_own`: the contract's own.

        The contract that has the files gets the rows that none takes as well, with that as their
        `problem`.
        """
        takes = self._takes(self._contract.where)
        if self._contract.rows_of is not None:
            return self._rows.withColumn("is_own", takes)
        others = [self._takes(other.where) for other in self._others]
        taken = reduce(lambda left, right: left | right, others, takes)
        nobody = F.when(~taken, F.lit("row: no contract takes a row of this kind"))
        problem = F.coalesce(F.col("problem"), nobody)
        return self._rows.withColumns({"is_own": takes | ~taken, "problem": problem})

    def own_rows(self) -> DataFrame:
        """The rows that are the contract's own."""
        return self.rows().where("is_own").drop("is_own")

    def text(self, name: str) -> SparkColumn:
        """The text of a value without the blanks around it; null where there is none."""
        text = F.btrim(self._raw(name), F.lit(BLANKS))
        return F.when(text != "", text)

    def text_of(self, origins: tuple[str, ...], joined: bool = False) -> SparkColumn:
        """The first text of several names; or all of them joined, null where one is missing."""
        texts = [self.text(name) for name in origins]
        if joined:
            missing = reduce(lambda left, right: left | right, [text.isNull() for text in texts])
            return F.when(~missing, F.concat_ws(" ", *texts))
        return F.coalesce(*texts)

    def _takes(self, where: dict[str, tuple[str, ...] | Matching]) -> SparkColumn:
        condition = F.col("problem").isNull()
        for name, wanted in where.items():
            text = self.text(name)
            pattern = f"^(?:{wanted.matches})$" if isinstance(wanted, Matching) else None
            is_wanted = text.isin(*wanted) if pattern is None else text.rlike(pattern)
            condition &= F.coalesce(is_wanted, F.lit(False))
        return condition

    def _raw(self, name: str) -> SparkColumn:
        if name == KEY:
            return F.col("item")["key"]
        if not self._is_json:
            return F.col("item")["value"] if name == VALUE else F.col("fields")[name]
        if name == VALUE:
            return F.try_variant_get(F.col("item")["value"], "$", "string")
        items = self._contract.items
        if items is not None and name.startswith(f"{items}."):
            below = json_path(name.removeprefix(f"{items}."))
            return F.try_variant_get(F.col("item"), below, "string")
        return F.try_variant_get(F.col("json"), json_path(name), "string")

    @staticmethod
    def _with_json(bronze: DataFrame) -> DataFrame:
        """Rows with `json`, a variant: of all that parses JSON it alone keeps decimals exact."""
        rows = bronze.withColumn("json", F.try_parse_json("raw_text"))
        fields = F.try_variant_get(F.col("json"), "$", "map<string,variant>")
        broken = F.when(fields.isNull(), F.lit("row: is not a JSON object"))
        return rows.withColumn("problem", F.coalesce(F.col("problem"), broken))

    def _entries(self, names: list[str]) -> SparkColumn | None:
        """The array of a row's items; None where the row is the one item."""
        if self._contract.unpivot is not None:
            pattern = f"^(?:{self._contract.unpivot})$"
            every = F.map_entries("fields")
            return F.filter(every, lambda entry: entry["key"].rlike(pattern))
        if self._contract.items is None:
            return None
        path, json = json_path(self._contract.items), F.col("json")
        if KEY in names or VALUE in names:
            return F.map_entries(F.try_variant_get(json, path, "map<string,variant>"))
        return F.try_variant_get(json, path, "array<variant>")

    def _exploded(self, rows: DataFrame, entries: SparkColumn) -> DataFrame:
        exploded = rows.select("*", F.posexplode_outer(entries).alias("position", "item"))
        what = self._contract.items or self._contract.unpivot
        lacks = F.when(F.col("position").isNull(), F.lit(f"row: has no items in {what}"))
        number = F.coalesce(F.col("position") + 1, F.lit(1)).cast("bigint")
        return exploded.withColumns(
            {"problem": F.coalesce(F.col("problem"), lacks), "item_number": number}
        ).drop("position")
