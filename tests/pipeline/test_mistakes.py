"""What a person gets to read who made a mistake; and that nothing is lost by it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(600)


def answer(project, *command: str) -> str:
    """What a failing command prints, which is no traceback."""
    done = project.run(*command, check=False)
    assert done.returncode != 0
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed
    return printed


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"experiments": ["router/fastext"]}, "did you mean 'router/fasttext'?"),
        ({"experiments": []}, "at least one experiment"),
        ({"experiments": ["router/tfidf"], "overrides": ["trainer.max_epochs=1"]}, "unknown key"),
        ({"overrides": ["trainer.max_epochs=many"]}, "a whole number"),
        ({"overrides": ["optimizer.learning_rate=1"]}, "unknown key 'optimizer.learning_rate'"),
        ({"site": "ruoter"}, "did you mean 'router'?"),
    ],
)
def test_a_mistake_in_params_is_answered_by_the_first_stage(project, params, said) -> None:
    before = project.hashes()
    project.change("params.yaml", **params)
    assert said in answer(project, "dvc", "repro")
    assert project.run("python", "-m", "phytotron.stages.compose", check=False).returncode == 2
    assert project.hashes() == before


def test_a_key_of_params_that_nothing_reads_is_answered_before_dvc_starts(project) -> None:
    project.change("params.yaml", seeds=1)
    done = project.run("python", "-m", "phytotron.config.experiments", check=False)
    assert done.returncode == 2
    assert "did you mean 'seed'?" in done.stderr


def test_a_label_rule_that_matches_nothing_is_named_and_the_documents_stay(project) -> None:
    documents = project.root / "data/interim/documents.parquet"
    before = documents.read_bytes()
    project.replace("conf/site/router.yaml", "^/httpd/programs/", "^/httpd/program/")
    assert project.run("python", "-m", "phytotron.stages.compose").returncode == 0
    done = project.run("python", "-m", "phytotron.stages.clean", check=False)
    assert done.returncode == 2
    assert "^/httpd/program/" in done.stderr
    assert documents.read_bytes() == before


@pytest.mark.slow
def test_a_class_with_too_few_pages_is_named_with_its_count(project) -> None:
    project.replace("conf/site/router.yaml", "min_pages_per_label: 10", "min_pages_per_label: 15")
    project.run("python", "-m", "phytotron.stages.compose")
    done = project.run("python", "-m", "phytotron.stages.clean", check=False)
    assert done.returncode == 2
    assert "httpd/developer" in done.stderr
    assert "15" in done.stderr


@pytest.mark.slow
def test_a_corrupt_site_archive_is_named_with_both_hashes(project) -> None:
    archive = project.root / "data/site/router.tar.xz"
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    done = project.run("python", "-m", "phytotron.stages.scrape", check=False)
    assert done.returncode == 2
    assert "router.tar.xz" in done.stderr
    assert "Traceback" not in done.stderr
