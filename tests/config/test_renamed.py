"""Old names are answered with the new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from phytotron.config.compose import compose_experiment
from phytotron.config.renamed import RENAMED, RENAMED_CHOICES, renamed, renamed_experiment
from phytotron.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("override", "answer"),
    [
        ("resume.keep=3", "override 'resume.keep=3': 'resume.keep' is now 'checkpoint.keep'"),
        ("resume=null", "'resume' is now 'checkpoint'"),
        ("model.noise=3", "'model.noise' is now 'model.latent_dim'"),
        ("data=docs", "override 'data=docs': the data 'docs' is now 'paragraphs'"),
    ],
)
def test_an_old_name_in_an_override(override: str, answer: str) -> None:
    with pytest.raises(UserError) as caught:
        compose_experiment("router/textcnn", [override])
    assert str(caught.value) == answer or answer in str(caught.value)


def test_an_old_id_of_an_experiment() -> None:
    with pytest.raises(UserError, match="'docs/textcnn' is now 'router/textcnn'"):
        compose_experiment("docs/textcnn")


def test_an_old_key_in_a_file_is_answered_with_its_line(project: Path) -> None:
    path = project / "conf/experiment/router/cnn.yaml"
    path.write_text(path.read_text().replace("  width: 32", "  first_beta: 32"))
    with pytest.raises(UserError) as caught:
        compose_experiment("router/cnn")
    answer = "conf/experiment/router/cnn.yaml:7: 'model.first_beta' is now 'model.beta_start'"
    assert str(caught.value) == answer


def test_new_names_exist_and_are_not_old_ones() -> None:
    for new in RENAMED.values():
        assert renamed(new) is None
    for old, new in RENAMED_CHOICES.items():
        group = old.partition("/")[0]
        assert (ROOT / f"conf/{group}/{new}.yaml").is_file()
        assert not (ROOT / f"conf/{old}.yaml").exists()
    assert renamed_experiment("router/textcnn") is None
