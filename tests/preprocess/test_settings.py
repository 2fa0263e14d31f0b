from pathlib import Path

import pytest
import yaml

from phytotron.errors import UserError
from phytotron.preprocess.settings import Settings

SHIPPED = Path(__file__).parents[2] / "conf/preprocess/paragraphs.yaml"


def test_shipped_config_names_every_setting_with_its_default():
    config = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    assert Settings.from_config(0, config) == Settings()
    own = {"workers", "shard_paragraphs", "fractions", "tokenizer", "leaks"}
    assert set(config) == own


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"fractions": {"train": 0.7, "validation": 0.15}}, "fractions"),
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
    with pytest.raises(UserError, match=rf"preprocess\.{key}: .* not allowed\n  allowed: "):
        Settings.from_config(0, config)


@pytest.mark.parametrize(
    ("config", "meant"),
    [({"worker": 2}, "workers"), ({"leaks": {"treshold": 0.9}}, "threshold")],
)
def test_unknown_key_is_answered_with_the_nearest(config, meant):
    with pytest.raises(UserError, match=f"did you mean '{meant}'"):
        Settings.from_config(0, config)
