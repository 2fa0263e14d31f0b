"""The model folder, read back: by us, and by those who did not write it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml

from phytotron.data.paragraphs import load_split
from phytotron.errors import UserError
from phytotron.training.fit import fit
from phytotron.training.model_folder import load_model


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """Model folders by experiment, trained once."""
    folders = {}

    def folder(config: dict, name: str):
        if name not in folders:
            path = tmp_path_factory.mktemp("models") / name
            fit(config, path, path.parent / "scratch")
            folders[name] = path
        return folders[name]

    return folder


@pytest.fixture
def textcnn(trained, compose, tmp_path):
    """A network's model folder, to do with as one likes."""
    folder = trained(compose("router/textcnn", "trainer.max_epochs=1"), "textcnn")
    return shutil.copytree(folder, tmp_path / "textcnn")


@pytest.fixture
def tfidf(trained, compose, tmp_path):
    return shutil.copytree(trained(compose("router/tfidf"), "tfidf"), tmp_path / "tfidf")


def test_the_batch_does_not_change_a_prediction(textcnn, data):
    model = load_model(textcnn)
    texts = load_split(data, "test").texts
    together = model.predict_proba(texts)
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    assert abs(together - alone).max() < 1e-6


def test_tokens_from_the_text_are_the_tokens_of_training(textcnn, data):
    split = load_split(data, "test")
    for i, encoding in enumerate(load_model(textcnn).tokenizer.encode_batch(split.texts)):
        expected = split.tokens[split.offsets[i] : split.offsets[i + 1]]
        assert encoding.ids == expected.tolist()


@pytest.mark.parametrize("kind", ["textcnn", "tfidf"])
def test_odd_texts_get_probabilities_too(kind, request):
    model = load_model(request.getfixturevalue(kind))
    odd = ["", " \n\t", "\x00", "漢字 🌱", "word " * 5000]
    probabilities = model.predict_proba(odd)
    assert probabilities.shape == (5, len(model.labels))
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert model.predict_proba([]).shape == (0, len(model.labels))


@pytest.mark.parametrize(
    "name", ["config.yaml", "labels.json", "tokenizer.json", "model.safetensors"]
)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped"])
def test_a_missing_or_damaged_file_is_named(name, damage, textcnn):
    path = textcnn / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        # a config is cut inside the model's arguments; what comes after is not needed
        end = content.index(b"filters") if name == "config.yaml" else len(content) // 2
        path.write_bytes(content[:end])
    else:
        path.write_bytes(b"\xff\xfe" + content[2:])
    with pytest.raises(UserError, match=name):
        load_model(textcnn)


def test_a_damaged_estimator_is_named(tfidf):
    path = tfidf / "model.skops"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"model\.skops"):
        load_model(tfidf)


def test_weights_of_another_network_are_refused(textcnn):
    config = yaml.safe_load((textcnn / "config.yaml").read_text())
    config["model"]["filters"] += 1
    (textcnn / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(UserError, match=r"model\.safetensors"):
        load_model(textcnn)


@pytest.mark.parametrize("nested", [False, True])
def test_a_config_cannot_name_any_function_as_the_model(nested, textcnn, tmp_path):
    """A model folder from somewhere else must not be able to run commands here."""
    config = yaml.safe_load((textcnn / "config.yaml").read_text())
    attack = {"_target_": "pathlib.Path.touch", "self": str(tmp_path / "touched")}
    config["model"] = config["model"] | {"widths": [attack]} if nested else attack
    (textcnn / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(UserError, match=r"pathlib\.Path\.touch"):
        load_model(textcnn)
    assert not (tmp_path / "touched").exists()


def test_prediction_needs_no_lightning(textcnn):
    code = (
        "import sys; from phytotron.training.model_folder import load_model; "
        f"load_model({str(textcnn)!r}).predict_proba(['a text']); "
        "print([m for m in ('pytorch_lightning', 'sklearn', 'hydra') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
