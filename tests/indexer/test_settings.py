"""Settings: which source wins, and values that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import InvalidSetting
from indexer.settings import Settings
from tests.indexer.test_paper import assert_helpful

KEY = "0123456789abcdef"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of its own, without the desktop's own settings."""
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    return tmp_path / "home"


def test_without_settings_everything_is_in_the_home_directory(home: Path) -> None:
    """The defaults are the system's own places, apart from each other; no model is named and nobody may write."""
    settings = Settings.from_environment({})
    assert settings.collection.name == "collection"
    assert settings.collection != settings.cache
    for path in (settings.collection, settings.cache):
        assert path.is_relative_to(home)
        assert "paperkin" in path.parts
    assert (settings.model, settings.api_key) == (None, None)


def test_the_environment_wins_over_defaults(tmp_path: Path) -> None:
    """Each variable sets its own thing."""
    environ = {
        "PAPERKIN_COLLECTION": str(tmp_path / "c"),
        "PAPERKIN_CACHE": str(tmp_path / "d"),
        "PAPERKIN_MODEL": "some/model",
        "PAPERKIN_API_KEY": KEY,
    }
    assert Settings.from_environment(environ) == Settings(tmp_path / "c", tmp_path / "d", "some/model", None, KEY)


def test_arguments_win_over_the_environment(tmp_path: Path) -> None:
    """What is typed now counts more than what was exported once, also where the variable is of no use."""
    (tmp_path / "file").touch()
    environ = {"PAPERKIN_COLLECTION": str(tmp_path / "file"), "PAPERKIN_MODEL": "some/model"}
    settings = Settings.from_environment(environ, collection=tmp_path / "mine", model="my/model")
    assert (settings.collection, settings.model) == (tmp_path / "mine", "my/model")


@pytest.mark.parametrize("name", ["PAPERKIN_COLLECTION", "PAPERKIN_CACHE", "PAPERKIN_MODEL"])
def test_an_empty_variable_is_not_set(name: str) -> None:
    """`NAME=` in a service file means the default and not the working directory."""
    assert Settings.from_environment({name: ""}) == Settings.from_environment({})


def test_the_home_directory_is_written_out(home: Path) -> None:
    """A service file knows no shell that would expand the tilde."""
    environ = {"PAPERKIN_COLLECTION": "~/papers", "PAPERKIN_CACHE": "~/cache"}
    settings = Settings.from_environment(environ)
    assert (settings.collection, settings.cache) == (home / "papers", home / "cache")
    assert Settings.from_environment({}, collection=Path("~/mine")).collection == home / "mine"


def test_paths_do_not_depend_on_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is meant from where the program was started, and stays there."""
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({"PAPERKIN_CACHE": "cache"}, collection=Path("papers"))
    assert (settings.collection, settings.cache) == (tmp_path / "papers", tmp_path / "cache")


@pytest.mark.parametrize("name", ["PAPERKIN_COLLECTION", "PAPERKIN_CACHE"])
def test_a_file_cannot_be_a_directory(tmp_path: Path, name: str) -> None:
    """The error names the variable, since its user may not remember having set it."""
    (tmp_path / "papers.jsonl").touch()
    with pytest.raises(InvalidSetting, match=f"{name} is set to .*papers.jsonl, which is a file") as caught:
        Settings.from_environment({name: str(tmp_path / "papers.jsonl")})
    assert caught.value.next_step == f"Set {name} to a directory."
    assert caught.value.code == "invalid_setting"
    assert_helpful(caught.value)


@pytest.mark.parametrize("environ", [{"PAPERKIN_COLLECTION": "~nobody-here/x"}, {"PAPERKIN_CACHE": "~nobody-here"}])
def test_an_unknown_home_directory_is_told(environ: dict[str, str]) -> None:
    """A tilde with the name of a user that does not exist is the setting's fault."""
    with pytest.raises(InvalidSetting, match="~nobody-here") as caught:
        Settings.from_environment(environ)
    assert_helpful(caught.value)
    with pytest.raises(InvalidSetting, match="The collection is set to ~nobody-here"):
        Settings.from_environment({}, collection=Path("~nobody-here"))


@pytest.mark.parametrize(
    "key", ["", "short", KEY[:15], "schlüssel-mit-umlaut", KEY + "\n", KEY + "\x00", "\udcff" * 16]
)
def test_weak_and_unusable_keys_are_refused(key: str) -> None:
    """A key that could be guessed, or that no HTTP header can carry, is refused without being shown."""
    with pytest.raises(InvalidSetting, match="at least 16 printable ASCII characters") as caught:
        Settings.from_environment({"PAPERKIN_API_KEY": key})
    assert caught.value.code == "invalid_setting"
    assert not key or key not in str(caught.value)
    assert_helpful(caught.value)


def test_a_key_of_sixteen_characters_will_do() -> None:
    """Sixteen is enough, and the key is kept as it is."""
    assert Settings.from_environment({"PAPERKIN_API_KEY": KEY}).api_key == KEY
