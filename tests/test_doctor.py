"""The doctor finds what is wrong and names what repairs it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
from filelock import FileLock

from phytotron import doctor
from phytotron.tracking.sqlite_file import is_healthy, newest_revision

ROOT = Path(__file__).parents[1]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_matches_the_committed_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert list(doctor.check_lock()) == []


def test_a_package_at_another_version_is_found(here: Path) -> None:
    version = metadata.version("requests")
    (here / "requirements.lock").write_text(
        f"requests=={version} \\\n    --hash=sha256:00\n"
        "pyyaml==0.0.1 \\\n    --hash=sha256:00\n"
        "no-such-package==1 ; python_version >= '3'\n"
        "another-one==1 ; sys_platform == 'amiga'\n"
    )
    (finding,) = doctor.check_lock()
    assert "pyyaml" in finding.problem
    assert "no-such-package is missing" in finding.problem
    assert "requests" not in finding.problem
    assert "another-one" not in finding.problem
    assert "make env" in finding.repair


def test_a_missing_lock_is_found(here: Path) -> None:
    assert [item.name for item in doctor.check_lock()] == ["lock"]


def test_hydra_switched_on_in_dvc_is_found(here: Path) -> None:
    (here / ".dvc").mkdir()
    assert list(doctor.check_dvc()) == []
    (here / ".dvc/config.local").write_text("[hydra]\n    enabled = true\n")
    (finding,) = doctor.check_dvc()
    assert finding.repair == "dvc config --unset hydra.enabled"


def test_the_lock_that_dvc_left_half_written_is_found(here: Path) -> None:
    lock = here / ".dvc/tmp/rwlock"
    assert list(doctor.check_dvc_lock()) == []
    lock.parent.mkdir(parents=True)
    lock.write_text("{}")
    assert list(doctor.check_dvc_lock()) == []
    lock.write_text("")
    (finding,) = doctor.check_dvc_lock()
    subprocess.run(finding.repair.split(), check=True)
    assert list(doctor.check_dvc_lock()) == []


def test_a_checkpoint_inside_an_out_is_found(here: Path) -> None:
    assert list(doctor.check_checkpoints()) == []
    path = here / "build/models/router/cnn/last.ckpt"
    path.parent.mkdir(parents=True)
    path.touch()
    (finding,) = doctor.check_checkpoints()
    assert "last.ckpt" in finding.problem


def test_a_training_that_died_unseen_is_found(here: Path) -> None:
    assert list(doctor.check_journals()) == []
    program = (
        "from phytotron.tracking import journal\n"
        "journal.Journal(journal.FOLDER / '0123' / journal.FILE).start('my/net', '0123', {})"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    (finding,) = doctor.check_journals()
    assert "build/tracking/0123" in finding.problem
    assert finding.repair == "python -m phytotron.tracking.sender --all"


def test_a_mistake_in_the_configs_is_found(here: Path) -> None:
    (finding,) = doctor.check_configs()
    assert "params.yaml" in finding.problem


def test_configs_that_have_passed_are_composed_again_when_one_has_changed(here: Path) -> None:
    for name in ("conf", "params.yaml", "dvc.yaml"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, here / name)
    assert list(doctor.check_configs()) == []
    # The note is trusted ...
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("phytotron.config.compose.compose_all", lambda _: pytest.fail("composed"))
        assert list(doctor.check_configs()) == []
    # ... but for the files that it was made for.
    pipeline = here / "conf/pipeline.yaml"
    pipeline.write_text(pipeline.read_text().replace("\nregister:", "\nregistre:"))
    (finding,) = doctor.check_configs()
    assert "regist" in finding.problem
    (finding,) = doctor.check_configs()
    assert "regist" in finding.problem


def test_a_healthy_store_is_recognised_and_another_one_looked_at(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    from phytotron.tracking.store import open_store

    tracking = {"uri": "sqlite:///mlflow.db", "artifacts": "mlartifacts", "experiment": "my"}
    config = here / "build/config/pipeline.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"tracking": tracking}))
    assert list(doctor.check_tracking()) == []
    client = open_store(tracking).client
    file = here / "mlflow.db"

    assert is_healthy(file)
    with FileLock("mlflow.db.lock"):
        assert not is_healthy(file)

    experiment = client.create_experiment("my", artifact_location=(here / "gone").as_uri())
    assert is_healthy(file)
    client.create_logged_model(experiment)
    shutil.rmtree(here / "gone", ignore_errors=True)
    (finding,) = doctor.check_tracking()
    assert "gone" in finding.problem
    (here / "gone").mkdir()
    assert is_healthy(file)

    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    (finding,) = doctor.check_tracking()
    assert "ffffffffffff" in finding.problem


def test_the_newest_revision_is_the_one_that_alembic_finds() -> None:
    from alembic.script import ScriptDirectory

    (package,) = find_spec("mlflow").submodule_search_locations
    scripts = ScriptDirectory(str(Path(package) / "store/db_migrations"))
    assert newest_revision() == scripts.get_current_head()


def test_where_nothing_is_wrong_nothing_heavy_is_imported(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert list(doctor.check_configs()) == []
    program = (
        "import sys\n"
        "from phytotron.doctor import CHECKS, check_gpu\n"
        "for check in CHECKS:\n"
        "    if check is not check_gpu: list(check())\n"
        "heavy = {'torch', 'mlflow', 'hydra', 'sqlalchemy', 'alembic', 'pandas', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=60)


@pytest.mark.parametrize(
    ("name", "version"), [("pytorch-lightning", "2.6.3"), ("lightning", "2.6.2")]
)
def test_a_release_that_stole_credentials_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, version: str
) -> None:
    monkeypatch.setattr(doctor, "installed", lambda asked: version if asked == name else "")
    findings = list(doctor.check_lightning())
    assert f"{name} {version}" in findings[0].problem


def test_the_installed_lightning_torch_and_python_are_fine() -> None:
    for check in (doctor.check_lightning, doctor.check_torchvision, doctor.check_python):
        assert list(check()) == []


def test_each_finding_is_printed_with_its_repair() -> None:
    text = doctor.render([doctor.Finding("disk", "it is full", "make clean")])
    assert text == "disk: it is full\n  repair: make clean"
    assert "nothing wrong" in doctor.render([])
