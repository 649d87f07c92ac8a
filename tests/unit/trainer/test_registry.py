"""Versions of models appear whole, in turn, and are what their manifest says."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chimera.model.v1 import model_pb2
from chimera_shared.errors import Configuration, FailedPrecondition, InvalidInput, NotFound
from chimera_trainer import registry as module
from chimera_trainer.registry import MANIFEST, Registry


@pytest.fixture
def trained(tmp_path):
    folder = tmp_path / "final"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights" * 1000)
    (folder / "config.json").write_text("{}")
    (folder / "training_args.bin").write_bytes(b"a pickle, which could run code")
    return folder


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "models")


def model(training_id="t1", name="student"):
    return model_pb2.Model(name=name, training_id=training_id, dataset_id="d1", method="sft")


def test_a_version_has_its_files_their_hashes_and_its_lineage(registry, trained, tmp_path):
    made = registry.add(trained, model())
    assert (made.name, made.version, made.dataset_id, made.bytes) == ("student", 1, "d1", 7002)
    folder = tmp_path / "models/student/1"
    assert {path.name for path in folder.iterdir()} == {"model.safetensors", "config.json", MANIFEST}
    assert made.path == str(folder)
    registry.verify(made)
    assert registry.get("student") == registry.find("student@1") == made


def test_versions_count_and_the_newest_is_meant(registry, trained):
    for number in range(1, 4):
        assert registry.add(trained, model(f"t{number}")).version == number
    assert registry.get("student").version == registry.find("student").version == 3
    assert registry.get("student", 2).training_id == "t2"
    assert {m.version for m in registry.all("student")} == {1, 2, 3}


def test_a_training_that_publishes_again_gets_what_it_published(registry, trained):
    assert registry.add(trained, model()) == registry.add(trained, model())


def test_of_many_that_publish_at_once_each_gets_a_number(registry, trained):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: registry.add(trained, model(f"t{n}")), range(8)))
    assert sorted(m.version for m in made) == list(range(1, 9))
    assert sorted(m.training_id for m in registry.all("student")) == [f"t{n}" for n in range(8)]


def test_a_number_taken_meanwhile_is_passed_over(registry, trained, monkeypatch):
    registry.add(trained, model("t1"))
    monkeypatch.setattr(Registry, "_of_training", lambda self, model: None)
    monkeypatch.setattr(Registry, "_versions", lambda self, name: {})  # as another saw it before that
    made = registry.add(trained, model("t2"))
    assert made.version == 2
    assert json.loads((trained.parent / "models/student/2" / MANIFEST).read_text())["model"]["version"] == 2


def test_a_version_is_there_whole_or_not_at_all(registry, trained, tmp_path, monkeypatch):
    def broken(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write", broken)
    with pytest.raises(OSError, match="No space"):
        registry.add(trained, model())
    assert list((tmp_path / "models/student").iterdir()) == []
    with pytest.raises(NotFound):
        registry.get("student")


def test_what_was_damaged_is_noticed(registry, trained):
    made = registry.add(trained, model())
    (trained.parent / "models/student/1/model.safetensors").write_bytes(b"other weights")
    with pytest.raises(Configuration, match="damaged"):
        registry.verify(made)


def test_a_manifest_cannot_point_out_of_its_folder(registry, trained):
    made = registry.add(trained, model())
    path = trained.parent / "models/student/1" / MANIFEST
    path.write_text(json.dumps({"files": {"../../../secret": {"sha256": "", "bytes": 1}}, "model": {}}))
    with pytest.raises(Configuration, match="outside its folder"):
        registry.verify(made)


def test_without_safetensors_nothing_is_published(registry, trained):
    (trained / "model.safetensors").unlink()
    with pytest.raises(FailedPrecondition, match="safetensors"):
        registry.add(trained, model())
    assert registry.all("student") == []


@pytest.mark.parametrize("name", ["..", "a/b", "", ".hidden", "x" * 65])
def test_names_stay_within_the_registry(registry, trained, name):
    with pytest.raises(InvalidInput):
        registry.add(trained, model(name=name))
    with pytest.raises(InvalidInput):
        registry.get(name)


def test_the_packaged_model_is_whole_and_sees_digits_one_by_one(registry):
    packaged = registry.find("tiny@1")
    registry.verify(packaged)
    assert (packaged.name, packaged.version, packaged.method) == ("tiny", 1, "from scratch")
    assert packaged.bytes < 3_000_000
    assert json.loads(packaged.settings_json)["parameters"] < 1_000_000
    vocabulary = json.loads((Path(packaged.path) / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    assert {piece for piece in vocabulary if any(map(str.isdigit, piece))} >= set("0123456789")
    assert not [piece for piece in vocabulary if len(piece) > 1 and any(sign in "0123456789" for sign in piece)]
