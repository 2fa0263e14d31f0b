from __future__ import annotations

import shutil

import numpy as np
import pytest

from phytotron.errors import UserError
from phytotron.predict.predict import predict
from phytotron.registry.promotion import promote
from phytotron.training.model_folder import load_model

QUESTION = "Which index does the SELECT query of this transaction use on the table?"
OTHER = "The formula of the cell sums a range of the worksheet in a pivot chart."
MODEL = "router"


def test_the_champion_of_the_pipeline_answers(three):
    promote(MODEL, "3")
    predictions = predict(QUESTION, top=2)
    assert predictions[0].label == "database"
    assert len(predictions) == 2
    assert predictions[0].probability >= predictions[1].probability
    assert sum(item.probability for item in predict(QUESTION, top=99)) == pytest.approx(1)


def test_a_document_gets_the_mean_of_its_paragraphs(three):
    promote(MODEL, "3")
    model = load_model("build/models/router/strong")
    mean = model.predict_proba([QUESTION, OTHER]).mean(axis=0)
    found = {item.label: item.probability for item in predict(f"{QUESTION}\n\n{OTHER}", top=9)}
    assert np.allclose([found[label] for label in model.labels], mean)


def test_any_version_and_alias_can_be_asked(three):
    three.store.client.set_registered_model_alias(MODEL, "candidate", "3")
    assert predict(QUESTION, f"{MODEL}@candidate") == predict(QUESTION, f"{MODEL}/3")
    assert predict(QUESTION, f"{MODEL}/2") != predict(QUESTION, f"{MODEL}/3")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (None, "phytotron promote router VERSION"),
        ("ruoter@champion", "did you mean 'router'"),
        ("router@candidat", "allowed: router@candidate\n  did you mean 'candidate'"),
        ("router/7", "allowed: 1, 2, 3"),
        ("a@b@c", "NAME@ALIAS"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(three, model, message):
    three.store.client.set_registered_model_alias(MODEL, "candidate", "3")
    with pytest.raises(UserError, match=message):
        predict(QUESTION, model)


def test_before_the_first_registration_the_way_there_is_named(project, monkeypatch, tmp_path):
    with pytest.raises(UserError, match="make repro"):
        predict(QUESTION)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="make repro"):
        predict(QUESTION)


def test_a_version_whose_artifacts_are_gone_is_answered(project):
    project.register(project.evaluated("router/strong"))
    shutil.rmtree("mlartifacts")
    with pytest.raises(UserError, match="cannot be loaded"):
        predict(QUESTION, f"{MODEL}/1")


def test_no_label_is_no_answer(three):
    with pytest.raises(UserError, match="1 or more"):
        predict(QUESTION, top=0)
