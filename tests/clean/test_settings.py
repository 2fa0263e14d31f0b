"""Mistakes in `clean` and in `site.content` are answered with the key."""

from __future__ import annotations

import pytest

from phytotron.clean.settings import CleanConfig, ContentRules
from phytotron.config.schema import check_group
from phytotron.errors import UserError

RULE = {"name": "note", "pattern": "^Note: ", "replacement": "", "why": "a test"}


def test_the_shipped_configs_are_valid(clean_config, site_config):
    check_group("clean", clean_config, lambda key: None)
    assert CleanConfig.from_config(clean_config).unicode_form == "NFKC"
    contents = ContentRules(site_config["content"])
    rule = contents.of("http://docs.phytotron.test/python/library/os.html")
    assert rule is not None
    assert rule.select == "div.body"
    assert contents.of("http://docs.phytotron.test/index.html") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_chrs": 3}, r"unknown key 'clean\.min_chrs'(.|\n)*did you mean 'clean\.min_chars'"),
        ({"min_chars": 0}, r"'clean\.min_chars' is 0\n  allowed: a whole number from 1"),
        ({"min_chars": "many"}, r"'clean\.min_chars' is 'many'"),
        ({"max_chars": 10}, r"'clean\.max_chars' is 10\n  allowed: at least clean\.min_chars, 30"),
        ({"paragraph_similarity": 1.5}, r"clean\.paragraph_similarity(.|\n)*from 0 to 1"),
        ({"unicode_form": "NFX"}, r"clean\.unicode_form(.|\n)*NFC, NFKC"),
        ({"bands": 7}, r"clean\.bands: 7 bands cannot share 125"),
        ({"workers": -1}, r"'clean\.workers' is -1"),
        ({"language": 3}, r"clean\.language"),
        ({"page_timeout": 0}, r"clean\.page_timeout(.|\n)*a number above 0"),
        ({"rules": [RULE | {"nme": "x"}]}, r"unknown key 'clean\.rules\[0\]\.nme'"),
        ({"rules": [RULE | {"flags": ["IGNORE"]}]}, r"'clean\.rules\[0\]\.flags\[0\]' is 'IGNORE'"),
        ({"rules": [RULE, RULE]}, r"clean\.rules\[1\]\.name: two rules are called 'note'"),
    ],
)
def test_a_wrong_value_names_its_key(clean_config, changes, message):
    with pytest.raises(UserError, match=message):
        check_group("clean", clean_config | changes, lambda key: None)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"match": "x"}, r"'site\.content\[0\]\.select' is missing"),
        ({"match": "(", "select": "p"}, r"site\.content\[0\]\.match: '\('"),
        ({"match": "x", "select": "p:("}, "is no CSS selector"),
        ({"match": "x", "select": "p", "drop": ["a["]}, "'a\\[' is no CSS selector"),
        ({"match": "x", "select": "p", "dorp": []}, "did you mean 'site.content\\[0\\].drop'"),
    ],
)
def test_a_wrong_content_entry_names_its_place(site_config, entry, message):
    with pytest.raises(UserError, match=message):
        check_group("site", site_config | {"content": [entry]}, lambda key: None)
