"""The command line as a person meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from phytotron.cli import main

ROOT = Path(__file__).parents[1]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert {"list", "show", "explain", "train", "scrape", "predict", "promote", "rollback"} <= set(
        out.split()
    )


def test_a_misspelt_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, err = run(capsys, "explian", "seed")
    assert (status, out) == (2, "")
    assert "did you mean 'explain'?" in err


def test_list_names_every_experiment_with_its_card(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "list", "--json")
    rows = {row["id"]: row for row in json.loads(out)}
    assert status == 0
    assert rows["router/textcnn"]["data"] == "paragraphs"
    assert rows["router/textcnn"]["metric"] == "test/macro_f1"


def test_show_prints_the_config_with_overrides(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "show", "router/textcnn", "trainer.max_epochs=17", "--json")
    (shown,) = json.loads(out)
    assert status == 0
    assert shown["id"] == "router/textcnn"
    assert shown["config"]["trainer"]["max_epochs"] == 17


def test_explain_names_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "explain", "compare.alpha")
    assert status == 0
    assert "compare.alpha = 0.05" in out
    assert "conf/pipeline.yaml:" in out


def test_a_mistake_ends_with_status_2_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "show", "router/textcn")
    assert (status, out) == (2, "")
    assert err.startswith("error: no experiment 'router/textcn'")
    assert "did you mean 'router/textcnn'?" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["list"],
        ["list", "--catalogue"],
        ["list", "--source", "001"],
        ["show", "router/textcnn"],
        ["explain", "seed", "-e", "router/textcnn"],
    ],
)
def test_the_quick_commands_import_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys\n"
        "from phytotron.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'torch', 'mlflow', 'pandas', 'sklearn', 'numpy', 'pytorch_lightning'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program, *words], check=True, cwd=ROOT, timeout=60)


def test_a_misspelt_kind_of_component_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, _, err = run(capsys, "list", "activatons")
    assert status == 2
    assert "did you mean 'activations'?" in err
