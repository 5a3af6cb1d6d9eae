import pytest

from keras_gen import presets
from keras_gen.runs import Settings, load_run
from keras_gen.runs.loading import open_run


@pytest.fixture
def folder(tmp_path):
    """A run of an untrained model."""
    presets.build("autoencoder", (8, 8, 1), latent_dim=2, units=(4,)).save(tmp_path / "model.keras")
    Settings("autoencoder", options={"latent_dim": 2}).write(tmp_path)
    return tmp_path


def test_a_run_is_its_model_and_its_settings(folder):
    run = load_run(folder)
    assert run.model.code_shape == (2,) and run.settings.options == {"latent_dim": 2}
    assert run.data_name() == "digits" and run.data_name("mnist") == "mnist"


def test_a_run_on_arrays_without_a_name_has_to_be_given_data(folder):
    Settings("autoencoder", data=None).write(folder)
    with pytest.raises(ValueError, match="trained on arrays that have no name. Expected: --data"):
        load_run(folder).data_name()


def test_a_folder_is_opened_for_a_new_run_or_to_go_on(folder, tmp_path):
    settings = Settings("autoencoder", epochs=9, options={"latent_dim": 3})
    with pytest.raises(ValueError, match="already holds a model. Expected: a new folder for --out, or --resume"):
        open_run(settings, folder, resume=False, given=())
    run, exists, kept = open_run(settings, folder, resume=True, given=("epochs",))
    assert exists and kept.options == {"latent_dim": 2} and kept.epochs == 9 and run.folder == folder
    assert open_run(settings, tmp_path / "new", resume=True, given=())[1:] == (False, settings)
    assert not (tmp_path / "new").exists()
    (folder / "model.keras").unlink()  # a run that broke off in its first epoch
    assert open_run(settings, folder, resume=False, given=())[1:] == (False, settings)
    (folder / "search.json").write_text("[]")
    with pytest.raises(ValueError, match="holds a search. Expected: a new folder for --out"):
        open_run(settings, folder, resume=True, given=())


def test_hidden_files_are_no_obstacle(tmp_path):
    (tmp_path / ".gitkeep").touch()
    assert not open_run(Settings("autoencoder"), tmp_path, resume=False, given=())[1]


@pytest.mark.parametrize("name", ["thesis.txt", "history.csv", "settings.json"])
def test_a_folder_of_other_files_is_no_place_for_a_run(name, tmp_path):
    (tmp_path / name).write_text("mine")
    for resume in (False, True):
        with pytest.raises(ValueError, match=f"holds other files. Expected: a new .*Received: {name}"):
            open_run(Settings("autoencoder"), tmp_path, resume, given=())
    assert (tmp_path / name).read_text() == "mine"
