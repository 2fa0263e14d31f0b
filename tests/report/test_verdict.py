import pytest

from phytotron.report import verdict


def test_a_winner_is_named_with_its_gain_its_evidence_and_the_baseline(project, read) -> None:
    inputs = read(project())
    assert verdict.headline(inputs) == (
        "`router/textcnn` wins with macro-F1 0.750 on 400 test paragraphs, 0.150 above the "
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
        "No contender beats the baseline: `router/tfidf` wins with macro-F1 0.600"
    )
    assert "The nearest, `router/textcnn`, is 0.150 above it" in said
    assert said.endswith("that may be chance.")
    assert verdict.others(inputs) is None
    assert verdict.roles(inputs, inputs.winner) == ["winner", "champion", "baseline"]


def test_a_contender_below_the_baseline_is_not_called_chance(project, read) -> None:
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
        ("promoted", "The registry made `router/textcnn` the champion of", ["winner", "champion"]),
        ("already champion", "was the champion of `router` already", ["winner", "champion"]),
        ("kept", "kept the present champion of `router`", ["winner"]),
        ("postponed", "decision on `router/textcnn`: postponed", ["winner"]),
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
    assert verdict.roles(inputs, inputs.winner) == roles
