from __future__ import annotations

from dataclasses import replace

import pytest

from phytotron.errors import UserError
from phytotron.evaluation.comparison import Measured
from phytotron.evaluation.comparison import compare as compare_measured
from phytotron.evaluation.evaluate import scores

SETTINGS = {
    "metric": "macro_f1",
    "goal": "max",
    "alpha": 0.05,
    "permutations": 499,
    "resamples": 300,
    "seed": 7,
}


def compare(experiments, baseline, *, metric, **others):
    """Compare predictions."""
    return compare_measured(
        {
            name: Measured(float(each.metrics[metric](each.statistics().total())), each)
            for name, each in experiments.items()
        },
        baseline,
        metric=metric,
        **others,
    )


def row(comparison, experiment):
    return next(each for each in comparison["experiments"] if each["experiment"] == experiment)


def test_a_clearly_better_experiment_is_selected(make_predictions):
    experiments = {
        "base": make_predictions(1, 0.4),
        "worse": make_predictions(2, 0.1),
        "best": make_predictions(3, 0.95),
        "good": make_predictions(4, 0.7),
    }
    found = compare(experiments, "base", **SETTINGS)
    assert found["baseline"] == "base"
    assert found["selected"] == "best"
    assert found["test_set"] == experiments["base"].test_set()
    assert [each["experiment"] for each in found["experiments"]] == [
        "best",
        "good",
        "base",
        "worse",
    ]
    best, worse, base = (row(found, name) for name in ("best", "worse", "base"))
    assert best["better"]
    assert best["p_value"] == 1 / 500
    assert 0 < best["difference_low"] < best["difference"] < best["difference_high"]
    assert best["difference"] == pytest.approx(best["macro_f1"] - base["macro_f1"])
    # as far from the baseline as can be told, but on the wrong side
    assert worse["p_value"] == 1 / 500
    assert worse["difference_high"] < 0
    assert not worse["better"]
    assert {base[key] for key in base if key.startswith(("difference", "p_"))} == {None}
    assert not base["better"]


def test_the_baseline_is_selected_if_nothing_is_better(make_predictions):
    experiments = {
        "base": make_predictions(1, 0.6),
        "same": make_predictions(1, 0.6),
        "lucky": make_predictions(2, 0.61),
    }
    found = compare(experiments, "base", **SETTINGS)
    same = row(found, "same")
    assert (same["difference"], same["difference_low"], same["difference_high"]) == (0, 0, 0)
    assert same["p_value"] == 1
    assert found["selected"] == "base"
    # equal scores stand in the order of params.yaml
    order = [each["experiment"] for each in found["experiments"]]
    assert order.index("base") < order.index("same")


def test_a_higher_score_that_may_be_chance_is_not_selected(make_predictions):
    experiments = {"base": make_predictions(1, 0.6), "lucky": make_predictions(5, 0.63)}
    found = compare(experiments, "base", **SETTINGS)
    lucky = row(found, "lucky")
    assert lucky["difference"] > 0
    assert lucky["p_value"] > 0.05
    assert found["selected"] == "base"


def test_many_experiments_need_stronger_evidence_each(make_predictions):
    base, other = make_predictions(1, 0.6), make_predictions(5, 0.68)
    p_value = row(compare({"b": base, "c": other}, "b", **SETTINGS), "c")["p_value"]
    settings = SETTINGS | {"alpha": 1.5 * p_value}
    alone = compare({"b": base, "c": other}, "b", **settings)
    assert alone["selected"] == "c"
    crowd = compare({"b": base, "c": other, "same": base}, "b", **settings)
    assert row(crowd, "c")["p_value"] == p_value  # what is said about it alone stays
    assert crowd["selected"] == "b"


def test_the_intervals_are_those_of_the_metrics(make_predictions):
    predictions = make_predictions(3)
    found = row(compare({"only": predictions}, "only", **SETTINGS), "only")
    metrics = scores(predictions, resamples=SETTINGS["resamples"], seed=SETTINGS["seed"])
    for key in ("accuracy", "macro_f1", "macro_f1_low", "macro_f1_high"):
        assert found[key] == pytest.approx(metrics[key])


def test_the_same_seed_gives_the_same_comparison(make_predictions):
    experiments = {"base": make_predictions(1), "other": make_predictions(2)}
    first = compare(experiments, "base", **SETTINGS)
    assert compare(experiments, "base", **SETTINGS) == first
    assert compare(experiments, "base", **SETTINGS | {"seed": 8}) != first


@pytest.mark.parametrize(("baseline", "reported"), [("only", "only"), ("another", None)])
def test_a_single_experiment_is_selected_without_a_test(make_predictions, baseline, reported):
    found = compare({"only": make_predictions()}, baseline, **SETTINGS)
    assert found["selected"] == "only"
    assert found["baseline"] == reported
    assert row(found, "only")["p_value"] is None


def test_different_test_sets_are_refused_by_name_and_hash(make_predictions):
    first = make_predictions(1)
    second = replace(first, texts=["another", *first.texts[1:]])
    with pytest.raises(UserError) as error:
        compare({"one": first, "two": second}, "one", **SETTINGS)
    assert f"one {first.test_set()[:12]}, two {second.test_set()[:12]}" in str(error.value)


def test_a_misspelt_baseline_is_answered(make_predictions):
    experiments = {"router/tfidf": make_predictions(1), "router/textcnn": make_predictions(2)}
    with pytest.raises(UserError, match="did you mean 'router/tfidf'"):
        compare(experiments, "router/tfdif", **SETTINGS)


def test_too_few_permutations_to_show_anything_are_refused(make_predictions):
    experiments = {name: make_predictions(seed) for seed, name in enumerate("abc")}
    with pytest.raises(UserError, match=r"38 permutations can never .*\n  allowed: 39 or more"):
        compare(experiments, "a", **SETTINGS | {"permutations": 38})
    compare(experiments, "a", **SETTINGS | {"permutations": 39})


def test_an_impossible_level_is_refused(make_predictions):
    experiments = {"a": make_predictions(1), "b": make_predictions(2)}
    with pytest.raises(UserError, match=r"compare\.alpha: alpha is 5"):
        compare(experiments, "a", **SETTINGS | {"alpha": 5})
