"""The contract of the documents, checked before another stage reads them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from phytotron.errors import UserError

_SHOWN = 10  # rows that an error lists
_WIDTH = 80  # characters of a value that an error shows


def schema(labels: Sequence[str], min_chars: int, max_chars: int) -> pa.DataFrameSchema:
    """The contract of documents.parquet; docs/pipeline.md says what the columns mean.

    Args:
        labels: the known labels.
        min_chars: least length of a paragraph, in characters.
        max_chars: greatest length of a paragraph, in characters.
    """
    return pa.DataFrameSchema(
        {
            "url": pa.Column(
                str,
                [
                    pa.Check.str_length(min_value=1, error="an empty address"),
                    pa.Check(_ascending, error="not sorted by url"),
                ],
                unique=True,
            ),
            "title": pa.Column(str),
            "label": pa.Column(str, pa.Check.isin(list(labels), error="an unknown label")),
            "group": pa.Column("int64", pa.Check.ge(0, error="a negative group")),
            "paragraphs": pa.Column(
                object,
                pa.Check(
                    lambda paragraphs: _well_formed(paragraphs, min_chars, max_chars),
                    element_wise=True,
                    error=f"not a list of texts of {min_chars} to {max_chars} characters",
                ),
            ),
        },
        strict=True,
        ordered=True,
    )


def check(
    documents: pandas.DataFrame, labels: Sequence[str], min_chars: int, max_chars: int
) -> None:
    """Raise a `UserError` that lists the rows which break the contract, if any do."""
    try:
        schema(labels, min_chars, max_chars).validate(documents, lazy=True)
    except SchemaErrors as error:
        rows = [_row(case, documents) for case in error.failure_cases.itertuples()]
        more = f"\n  ... and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        raise UserError(
            "the documents break their contract:\n  " + "\n  ".join(rows[:_SHOWN]) + more,
            where="clean",
            hint="the rules of conf/site and conf/clean made these rows",
        ) from error


def _ascending(urls: pandas.Series) -> pandas.Series:
    return ~(urls < urls.shift())


def _well_formed(paragraphs: object, min_chars: int, max_chars: int) -> bool:
    return (
        isinstance(paragraphs, list)
        and len(paragraphs) > 0
        and all(
            isinstance(text, str) and min_chars <= len(text) <= max_chars for text in paragraphs
        )
    )


def _row(case, documents: pandas.DataFrame) -> str:
    if case.index is None or pandas.isna(case.index):
        return f"column {case.column}: {case.check}: {_short(case.failure_case)}"
    url = documents["url"].iloc[int(case.index)] if "url" in documents else f"row {case.index}"
    return f"{url}: {case.column}: {case.check}: {_short(case.failure_case)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."
