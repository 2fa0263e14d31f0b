from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

WORDS = [first + second for first in "bdfgklmnprst" for second in "aeiou"]


class Corpus:
    """Pages of made-up prose, written as `clean` writes them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "documents.parquet"
        self.rows: list[dict] = []
        self.generator = np.random.default_rng(0)

    def sentence(self, words: int = 14) -> str:
        pairs = self.generator.choice(WORDS, (words, 3))
        return " ".join("".join(pair) for pair in pairs)

    def add(self, label: str, paragraphs: list[str], group: int | None = None) -> None:
        number = len(self.rows)
        self.rows.append(
            {
                "url": f"http://docs.phytotron.test/{number:04d}.html",
                "title": "",
                "label": label,
                "group": number if group is None else group,
                "paragraphs": paragraphs,
            }
        )

    def fill(self, labels: str = "abc", pages: int = 10) -> "Corpus":
        for label in labels:
            for _ in range(pages):
                length = int(self.generator.integers(1, 9))
                self.add(label, [self.sentence() for _ in range(length)])
        return self

    def write(self, row_group_size: int = 7) -> Path:
        pq.write_table(pa.Table.from_pylist(self.rows), self.path, row_group_size=row_group_size)
        return self.path


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)
