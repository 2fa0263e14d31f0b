import hashlib
import json
import threading
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from tests.fixtures.settings import leak_settings, preprocess_settings
from tokenizers import Tokenizer

from phytotron.errors import UserError
from phytotron.preprocess.pipeline import preprocess
from phytotron.preprocess.split import SPLITS

SETTINGS = preprocess_settings(
    workers=1,
    shard_paragraphs=25,
    tokenizer={"vocab_size": 300},
    leaks={"max_removed": 0.9},
)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(folder: Path, split: str) -> list[dict]:
    shards = sorted((folder / split).glob("*.parquet"))
    return [row for shard in shards for row in pq.read_table(shard).to_pylist()]


@pytest.fixture
def leaky(corpus):
    """Thirty pages of which many share a sentence, word for word or nearly."""
    corpus.fill(pages=10)
    shared = corpus.sentence()
    for number, row in enumerate(corpus.rows):
        if number % 4 == 0:
            row["paragraphs"].append(shared)
        elif number % 4 == 1:
            row["paragraphs"].append(shared + f" number{number}")
    return corpus


def test_folder_keeps_the_contract(leaky, tmp_path):
    folder = tmp_path / "processed"
    manifest = preprocess(leaky.write(), folder, SETTINGS)
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    assert json.loads((folder / "labels.json").read_text()) == ["a", "b", "c"]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    label_of_url = {row["url"]: row["label"] for row in leaky.rows}
    described = {"labels.json", "tokenizer.json", "manifest.json"}
    for split in SPLITS:
        facts = manifest["splits"][split]
        assert len(facts["shards"]) > 1
        rows = rows_of(folder, split)
        urls = [row["url"] for row in rows]
        assert urls == sorted(urls)
        assert facts["paragraphs"] == len(rows)
        assert facts["pages"] == len(set(urls))
        assert facts["labels"] == Counter(label_of_url[url] for url in urls)
        assert [row["label"] for row in rows] == ["abc".index(label_of_url[url]) for url in urls]
        for shard in facts["shards"]:
            path = folder / shard["name"]
            tokens = np.load(path.with_suffix(".tokens.npy"))
            offsets = np.load(path.with_suffix(".offsets.npy"))
            texts = pq.read_table(path.with_suffix(".parquet"))["text"].to_pylist()
            assert (tokens.dtype, offsets.dtype) == (np.uint16, np.int64)
            assert [tokens[a:b].tolist() for a, b in pairwise(offsets)] == [
                tokenizer.encode(text).ids for text in texts
            ]
            for suffix, digest in shard["sha256"].items():
                described.add(f"{shard['name']}.{suffix}")
                assert digests(folder)[f"{shard['name']}.{suffix}"] == digest
    assert set(digests(folder)) == described


def test_no_page_and_no_paragraph_in_two_splits(leaky, tmp_path):
    manifest = preprocess(leaky.write(), tmp_path / "processed", SETTINGS)
    rows = {split: rows_of(tmp_path / "processed", split) for split in SPLITS}
    urls = [{row["url"] for row in rows[split]} for split in SPLITS]
    assert all(one.isdisjoint(other) for one, other in combinations(urls, 2))
    # The shared sentence differs in one word at most.
    stems = [{" ".join(row["text"].split()[:14]) for row in rows[split]} for split in SPLITS]
    assert all(one.isdisjoint(other) for one, other in combinations(stems, 2))
    removed = manifest["leaks"]["removed"]
    lost = sum(len(row["paragraphs"]) for row in leaky.rows) - sum(map(len, rows.values()))
    assert sum(sum(counts.values()) for counts in removed.values()) == lost > 0
    assert removed["train"]["copies"] > 0
    assert removed["train"]["near_copies"] > 0
    assert manifest["leaks"]["verdict"] == "no leaks"


def test_tokenizer_knows_nothing_of_validation_and_test(corpus, tmp_path):
    corpus.fill()
    path, folder = corpus.write(), tmp_path / "processed"
    preprocess(path, folder, SETTINGS)
    before = (folder / "tokenizer.json").read_bytes()
    held_out = {row["url"] for split in ("validation", "test") for row in rows_of(folder, split)}
    for row in corpus.rows:
        if row["url"] in held_out:
            row["paragraphs"] = [text.upper() + " 索引" for text in row["paragraphs"]]
    preprocess(corpus.write(), folder, SETTINGS)
    assert (folder / "tokenizer.json").read_bytes() == before


def test_same_bytes_for_one_two_and_eight_workers(leaky, tmp_path):
    path = leaky.write()
    results = []
    for workers in (1, 2, 8):
        folder = tmp_path / f"{workers}"
        preprocess(path, folder, replace(SETTINGS, workers=workers))
        results.append(digests(folder))
    assert results[0] == results[1] == results[2]
    assert len(results[0]) > 20


def test_row_groups_of_the_input_do_not_matter(leaky, tmp_path):
    results = []
    for size in (3, 1000):
        preprocess(leaky.write(row_group_size=size), tmp_path / "processed", SETTINGS)
        results.append(digests(tmp_path / "processed"))
        del results[-1]["manifest.json"]  # holds the hash of the input
    assert results[0] == results[1]


def test_seed_changes_the_split(corpus, tmp_path):
    path = corpus.fill().write()
    preprocess(path, tmp_path / "0", SETTINGS)
    preprocess(path, tmp_path / "1", replace(SETTINGS, seed=1))
    assert digests(tmp_path / "0") != digests(tmp_path / "1")


def test_too_many_leaks_show_a_pair_and_leave_the_old_folder(leaky, tmp_path):
    folder = tmp_path / "processed"
    preprocess(leaky.write(), folder, SETTINGS)
    before = digests(folder)
    with pytest.raises(UserError) as error:
        preprocess(leaky.path, folder, replace(SETTINGS, leaks=leak_settings(max_removed=0.01)))
    assert "paragraphs of train" in str(error.value)
    assert str(error.value).count("http://docs.phytotron.test/") >= 2
    assert "preprocess.leaks.max_removed" in str(error.value)
    assert digests(folder) == before
    assert {path.name for path in tmp_path.iterdir()} == {"processed", "documents.parquet"}


def test_class_of_nothing_but_copies_is_an_error(corpus, tmp_path):
    corpus.fill("ab")
    for _ in range(5):
        corpus.add("c", ["nothing but this one sentence stands on these pages"])
    with pytest.raises(UserError, match="every train paragraph of 'c'"):
        preprocess(corpus.write(), tmp_path / "processed", SETTINGS)


def test_killed_worker_leaves_the_old_folder(leaky, tmp_path):
    folder = tmp_path / "processed"
    preprocess(leaky.write(), folder, SETTINGS)
    before = digests(folder)
    known = {child.pid for child in psutil.Process().children()}

    def kill_first_worker() -> None:
        while not stop.is_set():
            for child in psutil.Process().children():
                if child.pid not in known and "spawn_main" in " ".join(child.cmdline()):
                    child.kill()
                    return

    stop = threading.Event()
    killer = threading.Thread(target=kill_first_worker)
    killer.start()
    try:
        with pytest.raises(UserError, match="a worker process died"):
            preprocess(leaky.path, folder, replace(SETTINGS, workers=2))
    finally:
        stop.set()
        killer.join()
    assert digests(folder) == before
    assert {path.name for path in tmp_path.iterdir()} == {"processed", "documents.parquet"}
