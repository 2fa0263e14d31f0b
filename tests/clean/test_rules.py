"""Rules change what they match, are counted, cannot hang, and are named when they are wrong."""

from __future__ import annotations

import time

import pytest

from phytotron.clean.rules import Rules
from phytotron.config.schema import check_group
from phytotron.errors import UserError


def rule(**changes) -> dict:
    return {"name": "digits", "pattern": r"(\d+)", "replacement": "", "why": "because"} | changes


def test_rules_apply_in_their_order_and_are_counted():
    rules = Rules(
        [
            rule(name="years", pattern=r"\b(\d{4})\b", replacement=r"<\1>"),
            rule(name="brackets", pattern="[<>]", replacement=""),
            rule(name="case", pattern="NO", replacement="no", flags=["IGNORECASE"]),
        ],
        timeout=1.0,
    )
    assert rules.apply("No, in 1998 and 1999") == "no, in 1998 and 1999"
    assert rules.apply("nothing") == "nothing"
    assert rules.changed == {"years": 1, "brackets": 1, "case": 1}


def test_the_shipped_rules_remove_their_marks(clean_config):
    rules = Rules(clean_config["rules"], 1.0)
    for before, after in {
        "Added foo(). (Contributed by A. B (x) and C in bpo-123.)": "Added foo().",
        "Changed in version 3.8: Added the x parameter.": "Added the x parameter.",
        "Deprecated since version 3.11, will be removed in version 3.13: Use y.": "Use y.",
        "Opens it. Raises an auditing event os.open with arguments path.": "Opens it. ",
        "Return value: New reference. Part of the Stable ABI since version 3.7.": "",
        "It rewrites. Available in Apache HTTP Server 2.4.60 and later.": "It rewrites. ",
        "Table 9.95. Conversion functions": "Conversion functions",
        "Set it (see Section 20.5.5) as Chapter 39 says.": "Set it as Chapter says.",
        "In version 3 of the file, Section 4 of RFC 822 holds.": (
            "In version 3 of the file, Section 4 of RFC 822 holds."
        ),
    }.items():
        assert rules.apply(before) == after
    assert set(rules.changed) == {entry["name"] for entry in clean_config["rules"]} - {
        "issue-numbers"
    }


def test_a_rule_that_runs_out_of_time_leaves_the_text_and_is_counted():
    rules = Rules([rule(name="slow", pattern="(a|aa)+$")], timeout=0.05)
    text = "a" * 60 + "b"
    started = time.perf_counter()
    assert rules.apply(text) == text
    assert time.perf_counter() - started < 10
    assert rules.timeouts == {"slow": 1}
    assert not rules.changed


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (rule(pattern="(a"), r"rules\[0\]\.pattern: '\(a': missing \)"),
        (rule(replacement=r"\2"), r"rules\[0\]\.replacement: .*invalid group reference"),
        (rule(replacement=r"\g<year>"), r"rules\[0\]\.replacement: .*unknown group"),
        (rule(pattern="(?x)(a) # (b)", replacement=r"\2"), "invalid group reference"),
        (rule(patern="x"), r"rules\[0\]\.patern'(.|\n)*did you mean 'clean\.rules\[0\]\.pattern'"),
        (rule(flags=["IGNORCASE"]), r"rules\[0\]\.flags\[0\]' is 'IGNORCASE'"),
        (rule(why=None), r"rules\[0\]\.why' is null"),
        ({"name": "empty"}, r"rules\[0\]\.pattern' is missing"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_key(clean_config, entry, message):
    with pytest.raises(UserError, match=message) as caught:
        check_group("clean", clean_config | {"rules": [entry]}, lambda _: "conf/clean/my.yaml:3")
    assert str(caught.value).startswith("conf/clean/my.yaml:3: ")


def test_a_rule_with_flags_is_compiled_with_them(clean_config):
    verbose = rule(pattern="(a) # (b)", replacement=r"\1", flags=["VERBOSE"])
    check_group("clean", clean_config | {"rules": [verbose]}, lambda _: None)
    wrong = verbose | {"replacement": r"\2"}
    with pytest.raises(UserError, match="invalid group reference"):
        check_group("clean", clean_config | {"rules": [wrong]}, lambda _: None)


def test_two_rules_of_one_name_are_refused(clean_config):
    with pytest.raises(UserError, match="two rules are called 'digits'"):
        check_group("clean", clean_config | {"rules": [rule(), rule()]}, lambda _: None)
