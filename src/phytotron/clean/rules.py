"""Named regular expressions that clean texts, counted and with a time limit.

A rule is an entry of `clean.rules`:

    - name: section-numbers        # for the counts and for errors
      pattern: '\\(see Section [\\d.]+\\)'
      replacement: ''              # \\1 or \\g<name> stands for a group
      why: the number says which manual it is
      flags: [IGNORECASE]          # optional
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex


@dataclass(frozen=True)
class Rule:
    """A pattern and the replacement of its matches."""

    name: str
    pattern: regex.Pattern[str]
    replacement: str


class Rules:
    """The rules of `clean.rules`, applied in their order.

    Args:
        entries: the rules as in the config, which the schema has checked.
        timeout: seconds that one rule may take on one text.

    Attributes:
        changed: for each rule, the number of texts that it changed so far.
        timeouts: for each rule, the number of texts on which it ran out of time; they stay as they
            are.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]], timeout: float) -> None:
        self.rules = [_rule(entry) for entry in entries]
        self._timeout = timeout
        self.reset()

    def reset(self) -> None:
        """Reset the counts."""
        self.changed: Counter[str] = Counter()
        self.timeouts: Counter[str] = Counter()

    def apply(self, text: str) -> str:
        """The text after all rules."""
        for rule in self.rules:
            try:
                after = rule.pattern.sub(rule.replacement, text, timeout=self._timeout)
            except TimeoutError:
                self.timeouts[rule.name] += 1
                continue
            if after != text:
                self.changed[rule.name] += 1
                text = after
        return text


def _rule(entry: Mapping[str, Any]) -> Rule:
    flags = 0
    for name in entry.get("flags") or ():
        flags |= regex.RegexFlag[name]
    return Rule(entry["name"], regex.compile(entry["pattern"], flags), entry["replacement"])
