import dataclasses
import json

import pytest

from keras_gen.runs import Settings
from keras_gen.runs.settings import absolute

SETTINGS = Settings("vae", epochs=5, seed=3, options={"latent_dim": 3, "units": (4, 2), "sample_every": 0})


def test_what_is_written_is_read(tmp_path):
    SETTINGS.write(tmp_path)
    assert Settings.read(tmp_path) == SETTINGS
    written = json.loads((tmp_path / "settings.json").read_text())
    assert written["arguments"]["latent_dim"] == 3 and written["arguments"]["data"] == "digits"
    assert set(written["versions"]) == {"python", "machine", "keras", "tensorflow", "keras_gen", "numpy"}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"arguments": []}',
        pytest.param("[" * 100_000, id="deep"),
        '{"arguments": null}',
        '{"arguments": {"data": "digits"}}',
        '{"arguments": {"model": ["vae"]}}',
        '{"arguments": {"model": "vae", "class_names": ["\\u001b[2J"]}}',
    ],
)
def test_missing_and_damaged_settings_are_told_apart(tmp_path, content):
    with pytest.raises(ValueError, match="No run in that folder. Expected: one that `keras-gen train` or `tune` made"):
        Settings.read(tmp_path)
    (tmp_path / "settings.json").write_text(content)
    with pytest.raises(
        ValueError, match=r"settings.json' is damaged: .* Expected: the file that the run wrote, or a new folder"
    ):
        Settings.read(tmp_path)


def test_a_resumed_run_keeps_its_settings_but_for_those_that_are_free():
    wanted = Settings("vae", epochs=9, seed=4, options={"latent_dim": 7, "units": (4, 2), "sample_every": 2})
    assert SETTINGS.continued(wanted, ()) == SETTINGS
    longer = SETTINGS.continued(wanted, ("epochs", "sample_every", "units"))
    assert (longer.epochs, longer.seed, longer.options["sample_every"], longer.options["latent_dim"]) == (9, 3, 2, 3)
    for given, message in (
        ("seed", "Expected: --seed 3. Received: 4"),
        ("latent_dim", "Expected: --latent-dim 3. Received: 7"),
    ):
        with pytest.raises(ValueError, match=f"A resumed run keeps its settings. {message}"):
            SETTINGS.continued(wanted, (given,))
    for begun in True, False:
        with pytest.raises(ValueError, match="Expected: model vae. Received: gan"):
            SETTINGS.continued(Settings("gan"), (), begun)


def test_before_its_first_epoch_a_run_may_have_other_settings():
    """Of which it keeps those that are not stated: a learning rate that diverged can be lowered."""
    wanted = Settings("vae", epochs=9, seed=4, options={"latent_dim": 7, "units": (4, 2)})
    again = SETTINGS.continued(wanted, ("seed", "latent_dim"), begun=False)
    assert again == dataclasses.replace(SETTINGS.with_options(latent_dim=7), seed=4)


def test_changed_options_leave_the_settings_as_they_were():
    assert SETTINGS.with_options(latent_dim=5).options["latent_dim"] == 5
    assert SETTINGS.options["latent_dim"] == 3


def test_places_are_absolute_and_names_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("faces", "digits"):
        (tmp_path / name).mkdir()
    assert absolute("./faces/") == absolute("faces") == str(tmp_path / "faces")
    assert [absolute(name) for name in ("digits", "mnist", None)] == ["digits", "mnist", None]
