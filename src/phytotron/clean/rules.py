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

from phytotron.errors import UserError, did_you_mean

_REQUIRED = ("name", "pattern", "replacement", "why")
_KEYS = (*_REQUIRED, "flags")
_FLAGS = {
    "ASCII": regex.ASCII,
    "DOTALL": regex.DOTALL,
    "IGNORECASE": regex.IGNORECASE,
    "MULTILINE": regex.MULTILINE,
    "VERBOSE": regex.VERBOSE,
}


@dataclass(frozen=True)
class Rule:
    """A pattern and the replacement of its matches."""

    name: str
    pattern: regex.Pattern[str]
    replacement: str


class Rules:
    """The rules of `clean.rules`, applied in their order.

    Args:
        entries: the rules as in the config.
        timeout: seconds that one rule may take on one text.
        where: the config file, for errors.

    Attributes:
        changed: for each rule, the number of texts that it changed so far.
        timeouts: for each rule, the number of texts on which it ran out of time; they stay as they
            are.

    Raises:
        UserError: an entry is wrong; the error names the file and the rule.
    """

    def __init__(
        self, entries: Sequence[Mapping[str, Any]], timeout: float, where: str = "clean"
    ) -> None:
        self.rules: list[Rule] = []
        for index, entry in enumerate(entries):
            rule = _rule(entry, f"{where}: rules[{index}] '{entry.get('name', '')}'")
            if rule.name in (other.name for other in self.rules):
                raise UserError(f"two rules are called '{rule.name}'", where=f"{where}: rules")
            self.rules.append(rule)
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


def _rule(entry: Mapping[str, Any], where: str) -> Rule:
    for key in entry:
        if key not in _KEYS:
            hint = did_you_mean(str(key), _KEYS)
            raise UserError(
                f"unknown key '{key}'", where=where, allowed=", ".join(_KEYS), hint=hint
            )
    for key in _REQUIRED:
        if not isinstance(entry.get(key), str) or (not entry[key] and key != "replacement"):
            raise UserError(f"'{key}' must be a text", where=where)
    flags = 0
    for flag in entry.get("flags") or ():
        if flag not in _FLAGS:
            hint = did_you_mean(str(flag), _FLAGS)
            raise UserError(f"no flag '{flag}'", where=where, allowed=", ".join(_FLAGS), hint=hint)
        flags |= _FLAGS[flag]
    try:
        pattern = regex.compile(entry["pattern"], flags)
    except regex.error as error:
        raise UserError(f"'{entry['pattern']}': {error}", where=where) from error
    try:
        # A replacement is checked only when the pattern matches. So add an empty alternative, which
        # matches the empty text. The line break ends a comment in a verbose pattern.
        regex.compile(f"|(?:{entry['pattern']}\n)", flags).sub(entry["replacement"], "")
    except (regex.error, IndexError) as error:
        raise UserError(f"replacement '{entry['replacement']}': {error}", where=where) from error
    return Rule(entry["name"], pattern, entry["replacement"])
