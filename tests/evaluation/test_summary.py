from __future__ import annotations

import subprocess
import sys

import pytest

from phytotron.errors import UserError
from phytotron.evaluation.summary import summary
from phytotron.files import write_json

REGISTRATION = {
    "model": "router",
    "experiment": "router/textcnn",
    "decision": "promoted",
    "reason": "the first model",
}


def row(experiment, macro_f1, p_value=None, better=False):
    return {
        "experiment": experiment,
        "macro_f1": macro_f1,
        "macro_f1_low": macro_f1 - 0.04,
        "macro_f1_high": macro_f1 + 0.04,
        "accuracy": 0.7,
        "difference": None if p_value is None else 0.02,
        "difference_low": None,
        "difference_high": None,
        "p_value": p_value,
        "better": better,
    }


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    comparison = {
        "metric": "macro_f1",
        "goal": "max",
        "baseline": "router/tfidf",
        "selected": "router/textcnn",
        "test_set": "0" * 64,
        "experiments": [
            row("router/textcnn", 0.571, 0.0005, better=True),
            row("router/fasttext", 0.56, 0.2134),
            row("router/tfidf", 0.55),
        ],
    }
    write_json("results/comparison.json", comparison)
    write_json("results/router/textcnn/metrics.json", {"size_bytes": 1_234_567})
    write_json("results/router/tfidf/metrics.json", {"size_bytes": 45_600})
    write_json("build/timing/train/router/textcnn.json", {"seconds": 192.3})
    write_json("build/registration.json", REGISTRATION)
    (tmp_path / "build/report").mkdir(parents=True)
    (tmp_path / "build/report/index.html").touch()
    return comparison


def test_the_whole_summary(project):
    assert (
        summary()
        == """\
experiment       accuracy       macro-F1 [95 %]  training     size  p
---------------  --------  --------------------  --------  -------  --------
router/textcnn      0.700  0.571 [0.531, 0.611]  3 m 12 s   1.2 MB  0.0005 *
router/fasttext     0.700  0.560 [0.520, 0.600]                     0.2134
router/tfidf        0.700  0.550 [0.510, 0.590]            45.6 kB  baseline

p        paired test over groups of the difference in macro-F1 to router/tfidf
         *: better, corrected for the number of tests (Holm)
selected router/textcnn: the highest macro-F1 that beats the baseline
champion router: router/textcnn, promoted
         the first model
report   build/report/index.html
runs     make ui"""
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0.0 s"), (9.4, "9.4 s"), (59.4, "59 s"), (60, "1 m 00 s"), (7325, "2 h 02 m")],
)
def test_durations(project, seconds, shown):
    write_json("build/timing/train/router/textcnn.json", {"seconds": seconds})
    row = next(line for line in summary().splitlines() if line.startswith("router/textcnn"))
    assert f"  {shown}   1.2 MB" in row


def test_it_says_plainly_that_no_experiment_is_better(project):
    write_json("results/comparison.json", project | {"selected": "router/tfidf"})
    assert "selected router/tfidf: no experiment is better than the baseline" in summary()


def test_a_single_row(project):
    only = {"baseline": None, "selected": "only", "experiments": [row("only", 0.5)]}
    write_json("results/comparison.json", project | only)
    assert "selected only, the only experiment" in summary()
    assert "paired" not in summary()


def test_a_champion_that_stays(project):
    write_json("build/registration.json", REGISTRATION | {"decision": "kept"})
    assert "champion router: router/textcnn is its candidate, kept the one before" in summary()


def test_what_is_not_there_yet(project, tmp_path):
    (tmp_path / "build/registration.json").unlink()
    (tmp_path / "build/report/index.html").unlink()
    assert "champion nothing is registered yet\nreport   not written yet" in summary()


def test_without_results_the_next_step_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no results yet\n  run: make repro"):
        summary()
    command = [sys.executable, "-m", "phytotron.evaluation.summary"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: results")
    assert "Traceback" not in done.stderr


def test_it_imports_nothing_heavy(project):
    code = (
        "import sys, phytotron.evaluation.summary as s; print(s.summary().isascii());"
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " - set(sys.stdlib_module_names)))"
    )
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True", "['__main__', 'phytotron']"]
