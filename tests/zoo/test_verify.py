"""`phytotron verify`: separate processes, results, figures and exit status."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from phytotron.config.presets import choose
from phytotron.errors import UserError
from phytotron.runs.results import last_result
from phytotron.runs.verdict import interval
from phytotron.zoo import measure
from phytotron.zoo.measure import weakness
from phytotron.zoo.verify import verify

# Kills itself as the system does when memory runs out, and a target that nothing reaches.
KILLED = """\
        import os, signal

        from sklearn.linear_model import LogisticRegression


        class Killed(LogisticRegression):
            def fit(self, X, y):
                os.kill(os.getpid(), signal.SIGKILL)
        """


@pytest.fixture
def experiments(garden: Path, write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Experiments that reach their target, miss it, and are killed."""
    path = garden / "conf/experiment/tiny/iris.yaml"
    text = path.read_text()
    for name, old, new in [
        ("missed", "target: 0.8", "target: 1.5"),
        ("killed", "model: logistic", "model: killed"),
    ]:
        assert old in text
        path.with_stem(name).write_text(text.replace(old, new))
    write("killed.py", KILLED)
    write("conf/model/killed.yaml", "_target_: killed.Killed\n")
    monkeypatch.setenv("PYTHONPATH", str(garden))
    return garden


@pytest.mark.slow
def test_each_ends_by_itself_and_the_worst_decides(
    experiments: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status = verify(["tiny/*"], seeds=2, jobs=2)
    said = capfd.readouterr().out
    assert status == 1
    assert "1 of 3 reached" in said
    assert "tiny/killed: killed by SIGKILL" in said
    assert "tiny/missed: target missed" in said
    assert "tiny/iris: seed 1: test/accuracy" in said
    assert "fitted in" not in said
    assert "fitted in" in Path("build/zoo/logs/tiny/iris.log").read_text()

    result = last_result("tiny/iris")
    assert result.verdict == "reached"
    assert result.seeds == [0, 1]
    assert result.interval == list(interval(result.score.values))
    assert (result.target, result.origin, result.choices) == (0.8, "ours", "none")
    assert result.source == "far above chance"
    assert result.baselines["majority"] == pytest.approx(1 / 3, abs=0.15)
    assert result.baselines["nearest_neighbour"] > 0.8
    assert result.score.mean > 0.8
    assert result.parameters == 15  # 4 weights and a bias for each of 3 classes
    assert result.peak_memory_mb > 50
    assert last_result("tiny/missed").verdict == "missed"
    assert last_result("tiny/killed") is None
    assert Path("zoo/figures/tiny/iris/history.csv").exists()
    assert not list(Path("zoo").rglob(".*"))


def test_a_missed_target_can_be_recorded_as_no_failure(experiments: Path) -> None:
    assert verify(["tiny/missed"], record_misses=True) == 0
    assert last_result("tiny/missed").verdict == "missed"


def test_a_trial_with_fewer_seeds_records_nothing(
    garden: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert verify(["tiny/iris"], seeds=1) == 0
    assert "not recorded: 1 of the 2 seeds that the card asks for" in capfd.readouterr().out
    assert last_result("tiny/iris") is None
    assert not Path("zoo").exists()


def test_a_baseline_that_is_not_there_is_answered_before_anything_is_trained(
    garden: Path, change, capfd: pytest.CaptureFixture[str]
) -> None:
    change("conf/experiment/tiny/iris.yaml", "[majority, n", "[majorty, n")
    assert measure.main(["tiny/iris"]) == 2
    said = capfd.readouterr()
    assert "card.baselines: no baseline 'majorty'" in said.err
    assert "did you mean 'majority'?" in said.err
    assert "seed 0" not in said.out


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, None),
        ({"seeds": [0, 1]}, "2 of the 3 seeds that the card asks for"),
        ({"dirty": True}, "the working tree has changes"),
        # What the record says of other code or of another target is no reason to keep it.
        ({"dirty": True, "fingerprint": "e" * 64}, None),
        ({"dirty": True, "target": 0.95}, None),
    ],
)
def test_a_weaker_result_does_not_replace_the_record(make_result, fields, why) -> None:
    found = weakness(make_result(**fields), make_result(), 3)
    assert found == why if why is None else why in found


def test_a_record_with_more_seeds_stays(make_result) -> None:
    record = make_result(seeds=[0, 1, 2, 3, 4])
    assert weakness(make_result(), record, 3) == "the record has 5 seeds"
    assert weakness(make_result(), None, 3) is None


def test_a_mistake_in_an_experiment_ends_with_2_and_leaves_no_result(
    garden: Path, change, capfd: pytest.CaptureFixture[str]
) -> None:
    change("conf/experiment/tiny/iris.yaml", "test/accuracy", "test/acuracy")
    change("conf/experiment/tiny/iris.yaml", "  baselines: [majority, nearest_neighbour]\n", "")
    assert measure.main(["tiny/iris", "--seeds", "1"]) == 2
    said = capfd.readouterr().err
    assert "tiny/iris: error: tiny/iris: card.metric: the run has no metric" in said
    assert "did you mean 'test/accuracy'?" in said
    assert not Path("zoo").exists()


def test_two_verifications_of_one_experiment_at_once_are_refused(garden: Path) -> None:
    lock = Path("build/zoo/locks/tiny/iris.lock")
    lock.parent.mkdir(parents=True)
    with FileLock(lock), pytest.raises(UserError, match="another process is verifying"):
        measure.measure("tiny/iris")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_verification_that_is_ended_ends_its_processes(garden: Path, write) -> None:
    write("conf/model/logistic.yaml", "_target_: sleeper.Sleeper\n")
    write(
        "sleeper.py",
        """\
        import os, time

        from sklearn.linear_model import LogisticRegression


        class Sleeper(LogisticRegression):
            def fit(self, X, y):
                os.write(1, f"tiny/iris: pid {os.getpid()}\\n".encode())
                time.sleep(600)
        """,
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", "from phytotron.cli import main; main()", "verify", "tiny/iris"],
        env=os.environ | {"PYTHONPATH": str(garden)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = next(int(line.split()[-1]) for line in parent.stdout if " pid " in line)
    parent.send_signal(signal.SIGTERM)
    assert parent.stdout.read() == ""  # closed when both have ended
    assert parent.wait() == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_what_was_asked_for_is_checked_before_anything_runs(experiments: Path, change) -> None:
    change("conf/experiment/tiny/missed.yaml", "  goal: max\n", "")
    with pytest.raises(UserError, match=r"tiny/missed\.yaml:\d+: 'card\.goal' is missing"):
        verify(["tiny/*"])
    assert not Path("build").exists()


@pytest.mark.parametrize(
    ("patterns", "preset", "part", "answer"),
    [
        ([], None, None, "verify what"),
        (["tiny/irsi"], None, None, "did you mean 'tiny/iris'"),
        (["router/tfidf"], None, None, "dvc repro"),
        (["tiny/iris"], "ful", None, "did you mean 'full'"),
        (["tiny/iris"], None, "4/3", "K/N"),
    ],
)
def test_a_wrong_request_is_answered(
    garden: Path, write, patterns: list[str], preset: str | None, part: str | None, answer: str
) -> None:
    write("conf/experiment/router/tfidf.yaml", "card: {metric: test/macro_f1, goal: max}\n")
    with pytest.raises(UserError, match=answer):
        verify(patterns, preset=preset, part=part)


def test_only_what_is_not_up_to_date_can_be_verified(
    experiments: Path, change, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("iris", "missed"):
        measure.measure(f"tiny/{name}")
    started = []
    monkeypatch.setattr(
        "phytotron.zoo.verify._all_processes",
        lambda processes, jobs: (
            started.append([each.experiment for each in processes]) or [1] * len(processes)
        ),
    )

    def verified(*patterns: str) -> list[str]:
        """What a call of verify starts."""
        started.clear()
        assert verify(patterns or ["tiny/iris", "tiny/missed"], stale=True) == bool(started)
        return [name for names in started for name in names]

    capfd.readouterr()
    assert verified() == []  # a missed target has been measured, too
    assert "2 of 2 up to date" in capfd.readouterr().out
    change("conf/experiment/tiny/iris.yaml", "A text", "The text")
    assert verified() == []
    change("conf/experiment/tiny/iris.yaml", "target: 0.8", "target: 0.7")
    assert verified() == ["tiny/iris"]
    change("conf/experiment/tiny/iris.yaml", "target: 0.7", "target: 0.8")
    change("conf/experiment/tiny/iris.yaml", "seeds: 2", "seeds: 3")
    assert verified() == ["tiny/iris"]
    change("conf/experiment/tiny/iris.yaml", "seeds: 3", "seeds: 2")
    change("conf/model/logistic.yaml", "C: 1.0", "C: 2.0")
    assert verified() == ["tiny/iris", "tiny/missed"]
    assert verified("tiny/missed") == ["tiny/missed"]
    change("conf/model/logistic.yaml", "C: 2.0", "C: 1.0")
    assert verified() == []
    shutil.rmtree("zoo/figures/tiny/iris")
    assert verified() == ["tiny/iris"]
    change("conf/experiment/tiny/missed.yaml", "metric: test/accuracy", "metric: test/other")
    Path("zoo/results/tiny/iris.json").unlink()
    assert verified() == ["tiny/iris", "tiny/missed"]


def test_the_parts_make_up_the_whole(project: Path, write) -> None:
    for number in range(5):
        write(f"conf/experiment/more/e{number}.yaml", "card: {target: 0.9}\n")
    parts = [choose([], (k, 3)) for k in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == choose([])
    assert {len(part) for part in parts} <= {2, 3}


def test_a_preset_is_verified_with_its_overrides_target_and_seeds(garden: Path, change) -> None:
    change("conf/experiment/tiny/iris.yaml", "target: 0.9}", "target: 0.9, seeds: [7, 4]}")
    result = measure.measure("tiny/iris", "full")
    assert (result.preset, result.target, result.seeds) == ("full", 0.9, [7, 4])
    assert last_result("tiny/iris") is None
    assert last_result("tiny/iris", "full") == result


def test_a_long_history_is_thinned_and_keeps_its_end(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    measure._write_history(path, [{"epoch": number, "loss": 1.0} for number in range(1001)])
    rows = path.read_text().splitlines()
    assert rows[0] == "epoch,loss"
    assert 100 < len(rows) <= 201
    assert rows[-1] == "1000,1.0"
