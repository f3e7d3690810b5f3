from __future__ import annotations

import pytest

from ml.errors import ModelError
from ml.registry import folders

WHOLE = {"model.skops": b"m", "model.json": b"{}", "card.md": b"c"}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_save_replaces_the_folder(tmp_path):
    folders.save(tmp_path / "models", "a", {"one": b"1", "two": b"2"})
    (tmp_path / "models" / "a.new").mkdir()
    folders.save(tmp_path / "models", "a", {"one": b"3"})
    assert folders.read(tmp_path / "models", "a", ["one"]) == {"one": b"3"}
    assert names(tmp_path / "models") == ["a"]
    assert names(tmp_path / "models" / "a") == ["one"]


def test_read_returns_the_saved_files(tmp_path):
    folders.save(tmp_path, "a", WHOLE)
    assert folders.read(tmp_path, "a", ["model.json", "card.md"]) == {
        "model.json": b"{}",
        "card.md": b"c",
    }


def test_a_missing_model_raises_with_the_command_to_run(tmp_path):
    with pytest.raises(ModelError, match=r"the model a cannot be read .*Run 'tillsight train', or"):
        folders.read(tmp_path, "a", ["one"])


def test_a_missing_file_raises_with_the_command_to_run(tmp_path):
    folders.save(tmp_path, "a", WHOLE)
    with pytest.raises(ModelError, match=r"cannot be read .*'tillsight model use latest'"):
        folders.read(tmp_path, "a", ["model.json", "two"])


def test_save_raises_if_the_models_folder_is_a_file(tmp_path):
    (tmp_path / "models").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        folders.save(tmp_path / "models", "a", WHOLE)


def test_kept_lists_complete_models(tmp_path):
    for name in ("a", "b"):
        folders.save(tmp_path, name, WHOLE)
    assert folders.kept(tmp_path) == {"a", "b"}


@pytest.mark.parametrize("missing", ["model.skops", "model.json"])
def test_kept_ignores_a_folder_without_a_needed_file(tmp_path, missing):
    folders.save(tmp_path, "a", WHOLE)
    (tmp_path / "a" / missing).unlink()
    assert folders.kept(tmp_path) == set()


def test_kept_does_not_need_the_card(tmp_path):
    folders.save(tmp_path, "a", WHOLE)
    (tmp_path / "a" / "card.md").unlink()
    assert folders.kept(tmp_path) == {"a"}


def test_kept_ignores_other_files_and_temporary_folders(tmp_path):
    folders.save(tmp_path, "a.new", WHOLE)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty").mkdir()
    assert folders.kept(tmp_path) == set()


def test_kept_is_empty_without_a_models_folder(tmp_path):
    assert folders.kept(tmp_path / "models") == set()


def test_remove_deletes_the_named_folders_only(tmp_path):
    for name in ("a", "b", "c"):
        folders.save(tmp_path, name, WHOLE)
    folders.remove(tmp_path, {"a", "c", "never there"})
    assert names(tmp_path) == ["b"]


def test_remove_raises_if_a_folder_cannot_be_deleted(tmp_path, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    folders.save(tmp_path, "a", WHOLE)
    monkeypatch.setattr(folders.shutil, "rmtree", refuse)
    with pytest.raises(ModelError, match=r"the old model a cannot be deleted .*Permission denied"):
        folders.remove(tmp_path, {"a"})
