"""Cards: what they must say, and how mistakes in them are answered."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from phytotron.config.cards import check_card
from phytotron.errors import UserError

CARD = """\
# A network.
card:
  catalogue: [C25, C26]
  reference: "A course"
  metric: test/accuracy
  goal: max
  target: 0.9
  origin: book
  source: "A course, p. 12"
  choices: validation
  seeds: 3
  tiny: [model.steps=200]
  presets:
    full:
      overrides: [trainer.max_epochs=75]
      target: 0.95
  skip:
    overfit: "nothing is learned"
  exports: true
  notes: "On a stand-in."
"""
FILE = "conf/experiment/scratch/planar.yaml"


def check(folder: Path, text: str, name: str = FILE) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    check_card(Path(name), (yaml.safe_load(text) or {}).get("card"))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_whole_card_is_fine(tmp_path: Path) -> None:
    check(tmp_path, CARD)


def test_a_target_of_the_catalogue_needs_no_other_source(tmp_path: Path) -> None:
    text = CARD.replace("origin: book", "origin: catalogue")
    check(tmp_path, text.replace('  source: "A course, p. 12"\n', ""))


def test_an_experiment_that_is_not_verified_needs_no_target(tmp_path: Path) -> None:
    check(tmp_path, "card:\n  metric: test/macro_f1\n  goal: max\n")
    with pytest.raises(UserError, match=r"planar\.yaml:1: 'card.goal' is missing"):
        check(tmp_path, "card:\n  metric: test/macro_f1\n")
    with pytest.raises(UserError, match=r"'card\.metric' is missing"):
        check(tmp_path, "# nothing\n")


@pytest.mark.parametrize(
    ("old", "new", "line", "answers"),
    [
        ("  metric: test/accuracy\n", "", 2, ["'card.metric' is missing", "a text"]),
        ("  catalogue: [C25, C26]\n", "", 2, ["'card.catalogue' is missing, beside a target"]),
        ('  reference: "A course"\n', "", 2, ["'card.reference' is missing, beside a target"]),
        ("  metric:", "  metrik:", 5, ["unknown key 'card.metrik'", "did you mean 'card.metric'?"]),
        ("test/accuracy", "accuracy", 5, ["test/...", "did you mean 'test/accuracy'?"]),
        ("test/accuracy", "tset/accuracy", 5, ["did you mean 'test/accuracy'?"]),
        ("goal: max", "goal: maxx", 6, ["max, min", "did you mean 'max'?"]),
        ("target: 0.9\n", 'target: "0.9"\n', 7, ["a number"]),
        ("target: 0.9", "target: true", 7, ["a number"]),
        ("target: 0.9", "target: .nan", 7, ["a number"]),
        ("  origin: book\n", "", 2, ["'card.origin' is missing, beside a target"]),
        ('  source: "A course, p. 12"\n', "", 2, ["'card.source' is missing, beside a target"]),
        ("  choices: validation\n", "", 2, ["'card.choices' is missing, beside a target"]),
        ("origin: book", "origin: boook", 8, ["book, paper, catalogue, ours", "mean 'book'?"]),
        ("choices: validation", "choices: val", 10, ["none, validation, test"]),
        ("seeds: 3", "seeds: 0", 11, ["a whole number from 1"]),
        ("seeds: 3", "seeds: [1, two]", 11, ["how many, or a list of seeds"]),
        ("[C25, C26]", "[C25, C266]", 3, ["'C266' is not in the catalogue", "'C26'?"]),
        ("[C25, C26]", "C25", 3, ["a list of texts"]),
        ('"A course"', "2012", 4, ["a text"]),
        ("model.steps=200", "model.steps", 12, ["overrides such as"]),
        ("      target: 0.95\n", "", 14, ["'card.presets.full.target' is missing"]),
        (
            "      target: 0.95",
            "      targt: 0.95",
            16,
            ["did you mean 'card.presets.full.target'?"],
        ),
        ("      target: 0.95", "      target: high", 16, ["a number"]),
        ("    overfit:", "    overfitt:", 18, ["no such check", "did you mean 'overfit'?"]),
        ('"nothing is learned"', '""', 18, ["a text"]),
        ("exports: true", "exports: onnx", 19, ["true or false"]),
    ],
)
def test_a_mistake_names_file_line_and_key(
    tmp_path: Path, old: str, new: str, line: int, answers: list[str]
) -> None:
    assert old in CARD
    with pytest.raises(UserError) as caught:
        check(tmp_path, CARD.replace(old, new))
    said = str(caught.value)
    assert said.startswith(f"{FILE}:{line}: ")
    assert "card." in said.splitlines()[0]
    assert all(answer in said for answer in answers)
