"""Mistakes in `clean` and in `site.content` are answered with the key."""

from __future__ import annotations

import pytest

from phytotron.clean.settings import CleanConfig, ContentRules
from phytotron.errors import UserError


def test_the_shipped_configs_are_valid(clean_config, site_config):
    assert CleanConfig.from_config(clean_config).unicode_form == "NFKC"
    contents = ContentRules(site_config["content"])
    rule = contents.of("http://docs.phytotron.test/python/library/os.html")
    assert rule is not None
    assert rule.select == "div.body"
    assert contents.of("http://docs.phytotron.test/index.html") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_chrs": 3}, r"clean\.min_chrs: unknown key(.|\n)*did you mean 'min_chars'"),
        ({"min_chars": 0}, r"clean\.min_chars: 0 is not possible"),
        ({"min_chars": "many"}, r"clean\.min_chars: 'many' is not possible"),
        ({"max_chars": 10}, r"clean\.max_chars: is below"),
        ({"paragraph_similarity": 1.5}, r"clean\.paragraph_similarity(.|\n)*from 0 to 1"),
        ({"unicode_form": "NFX"}, r"clean\.unicode_form(.|\n)*NFC, NFKC"),
        ({"bands": 7}, r"clean\.bands: 7 bands cannot share 125"),
        ({"workers": -1}, r"clean\.workers: -1"),
        ({"language": 3}, r"clean\.language"),
    ],
)
def test_a_wrong_value_names_its_key(clean_config, changes, message):
    with pytest.raises(UserError, match=message):
        CleanConfig.from_config(clean_config | changes)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"match": "("}, "'select' must be a text"),
        ({"match": "(", "select": "p"}, r"site\.content\[0\]: '\('"),
        ({"match": "x", "select": "p:("}, "is no CSS selector"),
        ({"match": "x", "select": "p", "drop": ["a["]}, "'a\\[' is no CSS selector"),
        ({"match": "x", "select": "p", "dorp": []}, "did you mean 'drop'"),
    ],
)
def test_a_wrong_content_entry_names_its_place(entry, message):
    with pytest.raises(UserError, match=message):
        ContentRules([entry])
