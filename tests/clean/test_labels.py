"""Labels by rule, and the answers to rules that cannot be meant."""

from __future__ import annotations

import re
import tarfile
from collections import Counter
from pathlib import Path

import pytest
import yaml
from selectolax.lexbor import LexborHTMLParser

from phytotron.clean.labels import LabelRules
from phytotron.config.schema import check_group
from phytotron.config.yaml_positions import set_at
from phytotron.errors import UserError

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "conf/site/router.yaml"
RULES = [
    {"match": "^/guide/old/", "label": None},
    {"match": "^/guide/", "label": "guide"},
    {"match": r"\.html$", "label": "other"},
]
PAGES = [f"http://site.test{path}" for path in ("/guide/old/a", "/guide/b.html", "/c.html")]


def test_the_first_match_decides() -> None:
    rules = LabelRules(RULES)
    assert [rules.label(url) for url in PAGES] == [None, "guide", "other"]
    assert rules.label("http://site.test/d.pdf") is None
    assert rules.names == ["guide", "other"]
    rules.check_coverage(PAGES)


def test_only_the_path_counts() -> None:
    rules = LabelRules([{"match": "guide", "label": "guide"}])
    assert rules.label("http://guide.test/a?guide#guide") is None


@pytest.mark.parametrize("known_file", [True, False])
def test_a_rule_without_pages_is_named(tmp_path: Path, known_file: bool) -> None:
    rules = [{"match": "^/giude/", "label": "x"}, {"match": "^/guide/", "label": "guide"}]
    source = tmp_path / "site.yaml"
    if known_file:
        source.write_text("labels:\n" + "".join(f"  - {rule}\n" for rule in rules))
    with pytest.raises(UserError) as raised:
        LabelRules(rules, source).check_coverage(PAGES)
    text = str(raised.value)
    assert text.startswith(f"{source}:2: " if known_file else "site.labels[0]: ")
    assert "'^/giude/' matches none of 3 pages" in text
    assert "/guide/b.html" in text, "the nearest path is suggested"


def test_a_rule_that_is_never_reached_is_named(tmp_path: Path) -> None:
    rules = [{"match": "^/guide/", "label": "guide"}, {"match": "^/guide/b", "label": "b"}]
    source = tmp_path / "site.yaml"
    source.write_text("labels:\n" + "".join(f"  - {rule}\n" for rule in rules))
    with pytest.raises(UserError, match=r"'\^/guide/b' is never reached") as raised:
        LabelRules(rules, source).check_coverage(PAGES)
    assert f"{source}:3: " in str(raised.value)
    assert f"{source}:2: '^/guide/' comes first" in str(raised.value)


def test_an_empty_crawl_is_no_reason_to_fail_otherwise() -> None:
    with pytest.raises(UserError, match="matches none of 0 pages"):
        LabelRules(RULES).check_coverage([])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("[{match: (, label: x}]", r"site\.labels\[0\]\.match: '\(': .*\n  allowed: a regular exp"),
        ("[{match: 5, label: x}]", r"'site\.labels\[0\]\.match' is 5"),
        ("[{mach: a, label: x}]", r"'site\.labels\[0\]\.mach'\n.*match, label\n.*mean 'site\.l"),
        ("[{match: a}]", r"'site\.labels\[0\]\.label' is missing"),
        ("[guide]", r"'site\.labels\[0\]' is 'guide'"),
        ("[{match: a, label: [x]}]", r"'site\.labels\[0\]\.label' is \['x'\]"),
        ("[{match: a, label: null}]", "site.labels: no rule gives a label"),
        ("[]", "site.labels: no rule gives a label"),
    ],
)
def test_impossible_rules_are_refused_at_their_line(
    tmp_path: Path, labels: str, message: str
) -> None:
    head = DOCS.read_text(encoding="utf-8").partition("\nlabels:")[0]
    path = tmp_path / "site.yaml"
    ends = "min_pages_per_label: 1\nmin_paragraphs_per_label: 1\n"
    path.write_text(f"{head}\nlabels: {labels}\n{ends}")
    with pytest.raises(UserError, match=message) as caught:
        check_group(
            "site", yaml.safe_load(path.read_text()), lambda key: set_at([(path, "site")], key)
        )
    assert str(caught.value).startswith(f"{path}:{head.count(chr(10)) + 2}: ")


def test_scarce_labels_are_named_with_their_counts() -> None:
    rules = LabelRules(RULES, DOCS)
    rules.check_counts({"guide": 5, "other": 5}, "min_pages_per_label", 5)
    with pytest.raises(UserError) as raised:
        rules.check_counts({"guide": 4}, "min_pages_per_label", 5)
    for part in ("min_pages_per_label", "guide has 4, other has 0", "at least 5 pages"):
        assert part in str(raised.value)


@pytest.fixture(scope="module")
def site() -> dict[str, bytes]:
    """The bundled pages by address."""
    with tarfile.open(ROOT / "data/site/router.tar.xz") as tar:
        return {
            f"http://docs.phytotron.test/{entry.name}": tar.extractfile(entry).read()
            for entry in tar
            if entry.name.endswith(".html")
        }


def test_labels_of_the_bundled_site(site: dict[str, bytes]) -> None:
    config = yaml.safe_load(DOCS.read_text(encoding="utf-8"))
    rules = LabelRules(config["labels"], DOCS)
    rules.check_coverage(site)
    counts = Counter(label for url in site if (label := rules.label(url)))
    rules.check_counts(counts, "min_pages_per_label", config["min_pages_per_label"])
    assert counts == {
        "httpd/developer": 12,
        "httpd/guides": 62,
        "httpd/modules": 134,
        "httpd/programs": 19,
        "libreoffice/base": 85,
        "libreoffice/basic": 420,
        "libreoffice/calc": 424,
        "libreoffice/chart": 56,
        "libreoffice/draw": 48,
        "libreoffice/impress": 198,
        "libreoffice/math": 81,
        "libreoffice/writer": 406,
        "postgresql/administration": 142,
        "postgresql/catalogs": 169,
        "postgresql/clients": 86,
        "postgresql/commands": 184,
        "postgresql/extending": 114,
        "postgresql/functions": 31,
        "postgresql/internals": 106,
        "postgresql/language": 138,
        "postgresql/modules": 70,
        "postgresql/procedural": 50,
        "python/c-api": 71,
        "python/howto": 20,
        "python/library": 317,
        "python/reference": 11,
        "python/tutorial": 17,
        "python/whatsnew": 21,
    }


def test_every_labelled_page_has_its_content(site: dict[str, bytes]) -> None:
    config = yaml.safe_load(DOCS.read_text(encoding="utf-8"))
    rules = LabelRules(config["labels"], DOCS)
    used: Counter[str] = Counter()
    for url, body in list(site.items())[::5]:
        if rules.label(url) is None:
            continue
        content = next(item for item in config["content"] if re.search(item["match"], url[26:]))
        found = LexborHTMLParser(body).css(content["select"])
        assert len(found) == 1, url
        for selector in content["drop"]:
            used[content["match"] + selector] += len(found[0].css(selector))
    unused = [
        item["match"] + selector
        for item in config["content"]
        for selector in item["drop"]
        if not used[item["match"] + selector]
    ]
    assert unused == []


def test_the_template_has_every_key() -> None:
    docs, example = (
        yaml.safe_load((ROOT / f"conf/site/{name}.yaml").read_text(encoding="utf-8"))
        for name in ("router", "example")
    )
    assert list(docs) == list(example)
    assert LabelRules(example["labels"]).names == ["guide", "reference"]
    assert (example["archive"], example["allow_private"], example["name"]) == (
        None,
        False,
        "example",
    )
