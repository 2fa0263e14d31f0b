from hypothesis import given
from hypothesis import strategies as st

from phytotron.report.differences import compare_configs

scalars = st.one_of(
    st.none(), st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2)
)
configs = st.dictionaries(
    st.sampled_from("abc"),
    st.one_of(scalars, st.dictionaries(st.sampled_from("xyz"), scalars, max_size=3)),
    max_size=3,
)


def test_only_what_differs_is_said_to_differ() -> None:
    differing, common = compare_configs(
        [
            {"seed": 0, "model": {"_target_": "A", "width": [1, 2]}},
            {"seed": 0, "model": {"_target_": "B", "depth": 3}},
        ]
    )
    assert [(setting.key, setting.texts) for setting in differing] == [
        ("model._target_", ["A", "B"]),
        ("model.depth", [None, "3"]),
        ("model.width", ["[1, 2]", None]),
    ]
    assert [(setting.key, setting.value) for setting in common] == [("seed", "0")]


def test_an_experiment_without_a_group_differs_in_its_class_alone() -> None:
    adam = {"_target_": "Adam", "lr": 0.1}
    differing, common = compare_configs(
        [{"optimizer": adam}, {"optimizer": None}, {"optimizer": adam}]
    )
    assert [setting.key for setting in differing] == ["optimizer._target_"]
    assert [(setting.key, setting.value, setting.absent) for setting in common] == [
        ("optimizer.lr", "0.1", [1])
    ]


def test_null_differs_from_a_value_and_from_its_text() -> None:
    differing, _ = compare_configs([{"a": {"x": None}}, {"a": {"x": 1}}])
    assert [setting.texts for setting in differing] == [["null", "1"]]


def test_a_card_is_no_setting() -> None:
    assert compare_configs([{"card": {"goal": "max"}}, {"card": {"goal": "min"}}]) == ([], [])


@given(configs)
def test_a_config_does_not_differ_from_itself(config) -> None:
    differing, _ = compare_configs([config, config])
    assert differing == []


@given(st.lists(configs, min_size=1, max_size=4))
def test_every_key_is_shown_once(each) -> None:
    differing, common = compare_configs(each)
    keys = [setting.key for setting in [*differing, *common]]
    assert len(keys) == len(set(keys))
    assert all(setting.value is not None for setting in [*differing, *common])
