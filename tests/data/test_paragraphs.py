import hashlib

import numpy as np
import pytest

from phytotron.data.paragraphs import load_labels, load_split
from phytotron.data.tiny_paragraphs import tiny
from phytotron.errors import UserError
from phytotron.files import read_json

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("tiny") / "processed")


@pytest.mark.parametrize("split", SPLITS)
def test_split_comes_back_as_the_manifest_counts_it(processed, split):
    facts = read_json(processed / "manifest.json")["splits"][split]
    data = load_split(processed, split)
    assert len(facts["shards"]) > 1
    assert len(data) == len(data.texts) == len(data.urls) == len(data.labels) == facts["paragraphs"]
    assert len(set(data.urls)) == facts["pages"]
    assert (data.labels.dtype, data.tokens.dtype, data.offsets.dtype) == (
        np.int64,
        np.uint16,
        np.int64,
    )
    assert data.offsets[0] == 0
    assert data.offsets[-1] == len(data.tokens) == facts["tokens"]
    assert (np.diff(data.offsets) > 0).all()
    names = load_labels(processed)
    assert {names[label]: n for label, n in enumerate(np.bincount(data.labels))} == facts["labels"]
    assert all(
        f"/{names[label]}/" in url for label, url in zip(data.labels, data.urls, strict=True)
    )


def test_tokens_belong_to_their_text(processed):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(processed / "tokenizer.json"))
    data = load_split(processed, "train")
    for row in (0, 7, len(data) - 1):
        tokens = data.tokens[data.offsets[row] : data.offsets[row + 1]].tolist()
        assert tokens == tokenizer.encode(data.texts[row]).ids


def test_a_classifier_can_learn_the_tiny_folder(processed):
    train, test = load_split(processed, "train"), load_split(processed, "test")

    def counts(split):
        rows = np.repeat(np.arange(len(split)), np.diff(split.offsets))
        table = np.zeros((len(split), 256))
        np.add.at(table, (rows, split.tokens), 1)
        return table

    by_class = np.stack([counts(train)[train.labels == label].sum(0) for label in range(4)])
    log_likelihood = np.log((by_class + 1) / (by_class + 1).sum(1, keepdims=True))
    predicted = (counts(test) @ log_likelihood.T).argmax(1)  # naive Bayes
    assert (predicted == test.labels).mean() > 0.9


def test_tiny_depends_on_the_seed_alone(processed, tmp_path):
    def digest(folder):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]

    assert digest(tiny(tmp_path / "again")) == digest(processed)
    assert digest(tiny(tmp_path / "other", seed=1)) != digest(processed)


def test_unknown_split(processed):
    with pytest.raises(UserError, match="did you mean 'validation'"):
        load_split(processed, "validate")


def test_missing_folder(tmp_path):
    with pytest.raises(UserError, match="dvc repro preprocess"):
        load_split(tmp_path, "train")
    with pytest.raises(UserError, match="dvc repro preprocess"):
        load_labels(tmp_path)


def test_missing_shard(tmp_path):
    folder = tiny(tmp_path / "processed")
    (folder / "test" / "001.offsets.npy").unlink()
    with pytest.raises(UserError, match="test/001"):
        load_split(folder, "test")
