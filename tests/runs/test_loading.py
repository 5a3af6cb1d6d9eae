import numpy as np
import pytest
from PIL import Image

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


def test_data_are_brought_to_the_models_images(folder, tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    for number, size in enumerate([(20, 30), (9, 9), (40, 10)]):
        Image.new("RGB", size, (0, 0, 255)).save(place / f"{number}.png")
    run = load_run(folder)
    assert [part.x.shape for part in run.load_data(place)] == [(2, 8, 8, 1), (1, 8, 8, 1)]
    assert run.load_data()[0].x.shape == (1437, 8, 8, 1) and run.class_names == ()
    with pytest.raises(ValueError, match="--labels are for a conditional model"):
        run.class_numbers(["cat"])


def test_classes_are_numbered_as_in_the_run(tmp_path):
    presets.build("lenet5", (8, 8, 1), width=0.2, num_classes=3).save(tmp_path / "model.keras")
    options, names = {"num_classes": 3}, ("cat", "cow", "dog")
    Settings("lenet5", options=options, class_names=names).write(tmp_path)
    run = load_run(tmp_path)
    assert run.class_names == names and run.class_numbers(["dog", "cat"]).tolist() == [2, 0]
    images = np.zeros((10, 8, 8)) + np.arange(10)[:, None, None] / 10
    np.savez(tmp_path / "a.npz", x=images, y=["cow", "dog"] * 5)
    for part in run.load_data(tmp_path / "a.npz"):
        assert part.y.tolist() == [1 + round(10 * level) % 2 for level in part.x[:, 0, 0, 0]]
        assert part.class_names == names
    np.savez(tmp_path / "b.npz", x=images, y=["cow", "bird"] * 5)
    with pytest.raises(ValueError, match=r"classes that the run lacks. Expected: \['cat', .*Received: \['bird'\]"):
        run.load_data(tmp_path / "b.npz")
    with pytest.raises(ValueError, match="Unknown class. Did you mean 'cow'.*Received: 'cows'"):
        run.class_numbers(["cows"])
    with pytest.raises(ValueError, match="--labels must name classes. Expected: among .'cat'"):
        run.class_numbers([])


def test_a_run_that_kept_no_names_has_the_numbers_of_the_classes(tmp_path):
    presets.build("lenet5", (8, 8, 1), width=0.2, num_classes=3).save(tmp_path / "model.keras")
    Settings("lenet5").write(tmp_path)
    run, images = load_run(tmp_path), np.zeros((10, 8, 8)) + np.arange(10)[:, None, None] / 10
    assert run.class_names == ("0", "1", "2")
    for first, second, numbers in ((1, 2, {1, 2}), ("1", "0", {0, 1})):
        np.savez(tmp_path / "a.npz", x=images, y=[first, second] * 5)
        train_set, _ = run.load_data(tmp_path / "a.npz")
        assert set(train_set.y.tolist()) == numbers and train_set.class_names == run.class_names
    np.savez(tmp_path / "b.npz", x=images, y=["cat", "cow", "dog", "cow", "cat"] * 2)
    assert run.load_data(tmp_path / "b.npz")[0].class_names == ("cat", "cow", "dog")
    np.savez(tmp_path / "c.npz", x=images, y=["cat", "cow"] * 5)
    with pytest.raises(ValueError, match=r"classes that the run lacks. Expected: \['0', '1', '2'\]. Rec.* \['cat'"):
        run.load_data(tmp_path / "c.npz")


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
    with pytest.raises(ValueError, match="holds a search, .*Expected: a new folder for --out"):
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
