"""Tokenising documents into shards: this pipeline against `datasets.map`, and 2 workers against 1.

    python -m benchmarks.preprocess --documents data/interim/documents.parquet

Every program does the same: read the pages, take the paragraphs out of them, tokenise them with
the same tokenizer, write text, label, page and token ids. Each run is a fresh process whose
libraries use one thread; its time starts after its imports and holds the start of its workers.
`datasets` may read the Parquet file into its own format beforehand, and uses the tokenizer's
fastest batch call. Rounds are interleaved, every other one backwards, so that other load on the
machine meets all alike; ratios are taken within a round. Processor seconds show what a busy
machine hides: where 2 workers need as many as 1, two free cores take half the time.

The corpus is the documents over and over, with one piece in fifty made new in each copy, so that
the vocabulary grows about as it does in natural text. It is large enough for the start of the
processes to matter little.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ONE_THREAD = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
RATIOS = [
    ("shards 2", "datasets 2", "2 workers against datasets.map(num_proc=2)", "1.5"),
    ("shards 2", "shards 1", "2 workers against 1", "1.7"),
]
STAGE = ("stage 2", "stage 1", "2 workers against 1, the whole stage", "none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=Path, default=Path("data/interim/documents.parquet"))
    parser.add_argument("--paragraphs", type=int, default=400_000, help="size of the corpus")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stage", action="store_true", help="time the whole stage, too")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        before = os.times()
        seconds = run(options.run[0], int(options.run[1]), options.folder)
        used = np.subtract(os.times()[:4], before[:4]).sum()  # of this process and its workers
        print(seconds, used)
        return
    with tempfile.TemporaryDirectory() as folder:
        prepare(options.documents, Path(folder), options.paragraphs)
        compare(Path(folder), options.rounds, [*RATIOS, STAGE] if options.stage else RATIOS)


def prepare(documents: Path, folder: Path, wanted: int) -> None:
    """Write the corpus and a tokenizer learned from the original documents."""
    from phytotron.preprocess.tokenizer import train_tokenizer

    rows = pq.read_table(documents).to_pylist()
    batches = [row["paragraphs"] for row in rows]
    tokenizer = train_tokenizer(batches, vocab_size=8192, min_frequency=2, lowercase=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    generator = np.random.default_rng(0)
    copies = max(1, round(wanted / sum(map(len, batches))))
    paragraphs = 0
    with pq.ParquetWriter(folder / "documents.parquet", _schema()) as writer:
        for start in range(0, len(rows), 64):
            changed = [
                _change(row, copy, generator)
                for row in rows[start : start + 64]
                for copy in range(copies)
            ]
            paragraphs += sum(len(row["paragraphs"]) for row in changed)
            writer.write_table(pa.Table.from_pylist(changed, _schema()))
    size = (folder / "documents.parquet").stat().st_size / 1e6
    print(f"corpus: {copies * len(rows)} pages, {paragraphs} paragraphs, {size:.0f} MB of Parquet")


def compare(folder: Path, rounds: int, wanted: list[tuple[str, str, str, str]]) -> None:
    """Run all programs in turn and print times and ratios."""
    names = list(dict.fromkeys(name for ratio in wanted for name in ratio[:2]))
    seconds: dict[str, list[float]] = {name: [] for name in names}
    processor: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            command = [sys.executable, "-m", "benchmarks.preprocess", "--run", *name.split()]
            child = subprocess.run(
                [*command, "--folder", str(folder)],
                env=os.environ | ONE_THREAD,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            wall, used = map(float, child.stdout.split()[-2:])
            seconds[name].append(wall)
            processor[name].append(used)
            print(f"round {number + 1}: {name}: {wall:.2f} s", flush=True)
    print("\nmedian (lowest to highest)")
    for name in names:
        print(f"{name:10}  {_spread(seconds[name])} s, {_spread(processor[name])} s of processor")
    for fast, slow, text, goal in wanted:
        ratios = [b / a for a, b in zip(seconds[fast], seconds[slow], strict=True)]
        print(f"{text}: {_spread(ratios)} times as fast (goal {goal})")


def run(program: str, workers: int, folder: Path) -> float:
    """Seconds of one program; what it writes is removed again."""
    with tempfile.TemporaryDirectory(dir=folder) as target:
        return {"shards": run_shards, "stage": run_stage, "datasets": run_datasets}[program](
            folder, Path(target), workers
        )


def run_shards(folder: Path, target: Path, workers: int) -> float:
    """Read, tokenise and write as the stage does, all of it as the train split."""
    from phytotron.preprocess.documents import cut_ranges, read_pages
    from phytotron.preprocess.shards import ShardTask, write_shards
    from phytotron.workers import Workers

    documents = folder / "documents.parquet"
    pages = read_pages(documents)
    (target / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    (target / "train").mkdir()
    start = time.perf_counter()
    tasks = [
        ShardTask(
            documents=documents,
            folder=target,
            range=one,
            labels=pages.labels[one.start : one.stop],
            counts=pages.counts[one.start : one.stop],
            split_of_paragraph=np.zeros(one.paragraphs, np.int8),
        )
        for one in cut_ranges(pages.counts, 8192)
    ]
    with Workers(workers) as pool:
        pool.map(write_shards, tasks)
    return time.perf_counter() - start


def run_stage(folder: Path, target: Path, workers: int) -> float:
    """The whole stage: split, leak check, tokenizer, shards."""
    from phytotron.config.experiments import load_yaml
    from phytotron.preprocess.pipeline import preprocess
    from phytotron.preprocess.settings import Settings

    # The copies of the corpus are near-duplicates of each other; only their groups keep them apart.
    config = load_yaml(Path("conf/preprocess/paragraphs.yaml"))
    leaks = config["leaks"] | {"max_removed": 1.0}
    settings = Settings.from_config(0, config | {"workers": workers, "leaks": leaks})
    start = time.perf_counter()
    preprocess(folder / "documents.parquet", target / "processed", settings)
    return time.perf_counter() - start


def run_datasets(folder: Path, target: Path, workers: int) -> float:
    """The same with `datasets.map`, batched, writing its Arrow files."""
    import datasets
    from tokenizers import Tokenizer

    datasets.disable_progress_bars()
    pages = datasets.Dataset.from_parquet(
        str(folder / "documents.parquet"), cache_dir=str(target / "cache")
    )
    names = sorted(set(pages["label"]))
    number = {name: position for position, name in enumerate(names)}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def tokenise(batch: dict[str, list]) -> dict[str, list]:
        counts = [len(paragraphs) for paragraphs in batch["paragraphs"]]
        texts = [text for paragraphs in batch["paragraphs"] for text in paragraphs]
        labels = [number[label] for label in batch["label"]]
        return {
            "text": texts,
            "label": np.repeat(labels, counts),
            "url": [url for url, n in zip(batch["url"], counts, strict=True) for _ in range(n)],
            "tokens": [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)],
        }

    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.Value("int64"),
            "url": datasets.Value("string"),
            "tokens": datasets.Sequence(datasets.Value("uint16")),
        }
    )
    start = time.perf_counter()
    pages.map(
        tokenise,
        batched=True,
        batch_size=256,
        num_proc=workers,
        remove_columns=pages.column_names,
        features=features,
        cache_file_name=str(target / "tokens.arrow"),
    )
    return time.perf_counter() - start


def _schema() -> pa.Schema:
    return pa.schema(
        {
            "url": pa.string(),
            "title": pa.string(),
            "label": pa.string(),
            "group": pa.int64(),
            "paragraphs": pa.list_(pa.string()),
        }
    )


def _change(row: dict, copy: int, generator: np.random.Generator) -> dict:
    if copy == 0:
        return row
    paragraphs = []
    for text in row["paragraphs"]:
        pieces = text.split()
        for place in np.flatnonzero(generator.random(len(pieces)) < 0.02):
            pieces[place] += str(generator.integers(10**6))
        paragraphs.append(" ".join(pieces))
    return row | {"url": f"{row['url']}?copy={copy}", "paragraphs": paragraphs}


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
