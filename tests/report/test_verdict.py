import json

import pytest

from phytotron.report import verdict


def test_the_selected_one_is_named_with_its_gain_its_evidence_and_the_baseline(
    project, read
) -> None:
    inputs = read(project())
    assert verdict.headline(inputs) == (
        "`router/textcnn` is selected with macro-F1 0.750 on 400 test samples, 0.150 above the "
        "baseline `router/tfidf` (95 % interval +0.130 to +0.170, p = 0.0005)."
    )
    assert (
        verdict.others(inputs)
        == "`router/bilstm` and `router/transformer` do not beat the baseline."
    )


def test_if_none_beats_the_baseline_that_is_said_first(project, read) -> None:
    inputs = read(project(better=[]))
    said = verdict.headline(inputs)
    assert said.startswith(
        "No experiment beats the baseline: `router/tfidf` is selected with macro-F1 0.600"
    )
    assert "The nearest, `router/textcnn`, is 0.150 above it" in said
    assert said.endswith("that may be chance.")
    assert verdict.others(inputs) is None
    assert verdict.roles(inputs, inputs.selected) == ["selected", "champion", "baseline"]


def test_an_experiment_below_the_baseline_is_not_called_chance(project, read) -> None:
    inputs = read(project(experiments=["router/tfidf", "router/transformer"], better=[]))
    said = verdict.headline(inputs)
    assert "is 0.200 below it" in said
    assert "chance" not in said


def test_the_others_that_beat_the_baseline_are_named(project, read) -> None:
    inputs = read(project(better=["router/textcnn", "router/bilstm"]))
    assert verdict.others(inputs) == (
        "`router/bilstm` beats the baseline too; `router/transformer` does not beat it."
    )


@pytest.mark.parametrize("experiment", ["router/tfidf", "router/textcnn"])
def test_a_single_experiment_is_compared_with_nothing(project, read, experiment) -> None:
    inputs = read(project(experiments=[experiment], better=[]))
    said = verdict.headline(inputs)
    assert said.startswith(f"`{experiment}` reaches macro-F1 0.")
    assert "no baseline to compare it with" in said


@pytest.mark.parametrize(
    ("decision", "said", "roles"),
    [
        (
            "promoted",
            "The registry made `router/textcnn` the champion of",
            ["selected", "champion"],
        ),
        ("already champion", "was the champion of `router` already", ["selected", "champion"]),
        ("kept", "kept the present champion of `router`", ["selected"]),
        ("postponed", "decision on `router/textcnn`: postponed", ["selected"]),
    ],
)
def test_the_registry_s_decision_comes_with_its_reason(
    project, read, change, decision, said, roles
) -> None:
    root = project()
    change(root / "build/registration.json", decision=decision, reason="gain of +0.15.")
    inputs = read(root)
    assert said in verdict.registry(inputs)
    assert verdict.registry(inputs).endswith(": gain of +0.15.")
    assert verdict.roles(inputs, inputs.selected) == roles


def test_of_a_metric_that_must_be_low_a_lower_value_is_a_gain(project, read, change) -> None:
    root = project(experiments=["router/tfidf", "router/transformer"], better=[])
    comparison = root / "results/comparison.json"
    change(comparison, metric="rmse", goal="min")
    for name, value in (("tfidf", 0.6), ("transformer", 0.4)):
        change(root / f"results/router/{name}/metrics.json", rmse=value)
    text = verdict.headline(read(root))
    assert "`router/tfidf` is selected with RMSE 0.600" in text
    assert "is 0.200 below it" in text
    assert text.endswith("that may be chance.")


def test_what_is_not_known_of_a_difference_is_not_said(project, read, change) -> None:
    root = project()
    comparison = json.loads((root / "results/comparison.json").read_text())
    for row in comparison["experiments"]:
        for key in ("difference_low", "difference_high", "p_value"):
            del row[key]
    change(root / "results/comparison.json", **comparison)
    assert verdict.headline(read(root)).endswith("0.150 above the baseline `router/tfidf`.")
