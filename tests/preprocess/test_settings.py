import pytest
from tests.fixtures.settings import shipped

from phytotron.config.schema import check_group
from phytotron.errors import UserError
from phytotron.preprocess.settings import Settings


def check(changes):
    config = shipped("preprocess/paragraphs")
    for key, value in changes.items():
        nested = key in ("tokenizer", "leaks")
        config[key] = config[key] | value if nested else value
    check_group("preprocess", config, lambda key: None)
    return Settings.from_config(0, config)


def test_the_shipped_config_is_valid():
    settings = check({})
    assert settings.tokenizer.vocab_size == 8192
    assert settings.fractions == {"train": 0.7, "validation": 0.15, "test": 0.15}


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"fractions": {"train": 0.7, "validation": 0.15}}, "fractions.test"),
        ({"fractions": {"train": 0.7, "validation": 0.2, "test": 0.2}}, "fractions"),
        ({"fractions": {"train": 1, "validation": 0, "test": 0}}, "fractions.train"),
        ({"fractions": {"train": "most", "validation": 0.1, "test": 0.1}}, "fractions.train"),
        ({"workers": 0}, "workers"),
        ({"workers": True}, "workers"),
        ({"shard_paragraphs": 0.5}, "shard_paragraphs"),
        ({"tokenizer": {"vocab_size": 65537}}, "tokenizer.vocab_size"),
        ({"tokenizer": {"min_frequency": 0}}, "tokenizer.min_frequency"),
        ({"tokenizer": {"lowercase": "yes"}}, "tokenizer.lowercase"),
        ({"leaks": {"threshold": 1.5}}, "leaks.threshold"),
        ({"leaks": {"shingle_words": 0}}, "leaks.shingle_words"),
        ({"leaks": {"max_removed": -0.1}}, "leaks.max_removed"),
    ],
)
def test_wrong_value_names_the_key_and_what_is_allowed(config, key):
    with pytest.raises(UserError, match=rf"preprocess\.{key}\b.*\n  allowed: "):
        check(config)


@pytest.mark.parametrize(
    ("config", "meant"),
    [({"worker": 2}, "workers"), ({"leaks": {"treshold": 0.9}}, "leaks.threshold")],
)
def test_unknown_key_is_answered_with_the_nearest(config, meant):
    with pytest.raises(UserError, match=f"did you mean 'preprocess.{meant}'"):
        check(config)
