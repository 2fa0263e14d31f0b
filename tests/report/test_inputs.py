import pytest

from phytotron.errors import UserError
from phytotron.report.inputs import OTHERS, read_inputs, short_names, slot_numbers

EXPERIMENTS = ["router/tfidf", "router/textcnn", "router/bilstm", "router/transformer"]
MADE_BY = {
    "results/comparison.json": "dvc repro compare",
    "build/registration.json": "dvc repro register",
    "build/models/router/textcnn/config.yaml": "dvc repro train@router/textcnn",
    "build/models/router/textcnn/history.csv": "dvc repro train@router/textcnn",
    "build/evaluation/router/textcnn/mistakes.json": "dvc repro evaluate@router/textcnn",
    "results/router/tfidf/metrics.json": "dvc repro evaluate@router/tfidf",
}


@pytest.mark.parametrize("file", MADE_BY)
def test_a_missing_file_is_answered_with_the_command_that_makes_it(project, file) -> None:
    root = project()
    (root / file).unlink()
    with pytest.raises(UserError, match=MADE_BY[file]) as error:
        read_inputs(root, "title", EXPERIMENTS, 10)
    assert file in error.value.args[0].replace("\\", "/")


@pytest.mark.parametrize("file", [file for file in MADE_BY if not file.endswith(".csv")])
def test_a_broken_file_is_answered_too(project, file) -> None:
    root = project()
    (root / file).write_text("{ broken")
    with pytest.raises(UserError, match="cannot be read") as error:
        read_inputs(root, "title", EXPERIMENTS, 10)
    assert MADE_BY[file] in str(error.value)


def test_a_comparison_of_other_experiments_is_refused(project) -> None:
    with pytest.raises(UserError, match="dvc repro compare"):
        read_inputs(project(), "title", ["router/tfidf", "router/lstm"], 10)


def test_unknown_values_of_a_history_are_none(project, read) -> None:
    root = project()
    history = root / "build/models/router/textcnn/history.csv"
    history.write_text("epoch,step,val_loss,val_macro_f1\n0,,nan,0.5\n1,7,inf,\n")
    textcnn = read(root).selected
    assert textcnn.history == [
        {"epoch": 0.0, "step": None, "val_loss": None, "val_macro_f1": 0.5},
        {"epoch": 1.0, "step": 7.0, "val_loss": None, "val_macro_f1": None},
    ]


def test_experiments_are_in_the_order_of_the_comparison(project, read) -> None:
    inputs = read(project(), mistakes=3)
    assert [each.name for each in inputs.experiments] == [
        "textcnn", "bilstm", "tfidf", "transformer",
    ]  # fmt: skip
    assert sum(inputs.selected.confusion.values()) == 400
    assert len(inputs.selected.mistakes) == 3


def test_short_names_stay_unique() -> None:
    assert short_names(["router/cnn", "router/rnn"]) == {"router/cnn": "cnn", "router/rnn": "rnn"}
    assert short_names(["a/cnn", "b/cnn", "c"]) == {"a/cnn": "a/cnn", "b/cnn": "b/cnn", "c": "c"}


def test_the_baseline_is_neutral_and_the_selected_one_first() -> None:
    names = ["a", "b", "c", "base"]
    assert slot_numbers(names, "b", "base") == {"b": 1, "a": 2, "c": 3, "base": 0}
    assert slot_numbers(names, "base", "base") == {"a": 1, "b": 2, "c": 3, "base": 0}
    assert slot_numbers(["a"], "a", None) == {"a": 1}


def test_of_many_experiments_the_figures_show_selected_baseline_and_the_best() -> None:
    names = [f"x{index:02}" for index in range(20)]
    slots = slot_numbers(names, "x15", "x19")
    shown = [name for name in names if slots[name] != OTHERS]
    assert shown == ["x00", "x01", "x02", "x03", "x04", "x05", "x15", "x19"]
    assert len({slots[name] for name in shown}) == len(shown)


def test_files_of_classifiers_and_pages_may_be_absent_together(project, read) -> None:
    root = project()
    for file in (root / "build/evaluation/router/textcnn").iterdir():
        file.unlink()
    for file in ("data/raw/crawl.json", "data/processed/manifest.json"):
        (root / file).unlink()
    inputs = read(root)
    assert (inputs.crawl, inputs.manifest) == ({}, {})
    found = inputs.selected
    assert not any([found.classes, found.confusion, found.calibration, found.mistakes])
    assert inputs.experiments[1].classes
