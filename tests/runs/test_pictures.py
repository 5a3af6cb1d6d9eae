import io

import numpy as np
import pytest
from PIL import Image

from keras_gen import data, models, networks, plots, presets, runs
from keras_gen.runs.pictures import codes, own_images, reconstructed


@pytest.fixture
def folder(tmp_path):
    """A run of an untrained GAN."""
    presets.build("gan", (8, 8, 1), latent_dim=4, width=0.02, latent="uniform").save(tmp_path / "model.keras")
    runs.Settings("gan", options={"latent": "uniform"}).write(tmp_path)
    return tmp_path


def pixels(figure):
    file = io.BytesIO()
    figure.savefig(file)
    return np.asarray(Image.open(file))


def test_samples_are_those_of_the_seed(folder):
    first, again, other = (pixels(runs.samples(folder, 9, seed)) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()
    with pytest.raises(ValueError, match="--labels are for a conditional model"):
        runs.samples(folder, 9, labels=(1,))
    with pytest.raises(ValueError, match="`reconstruct` needs a model with the task 'reconstruct'"):
        runs.reconstructions(folder)


def test_samples_as_single_images_are_those_of_the_picture(folder, tmp_path):
    runs.sample_images(folder, tmp_path / "made", 3, seed=1)
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["00000.png", "00001.png", "00002.png"]
    expected = runs.load_run(folder).model.sample(3, seed=1)
    found = np.stack([np.asarray(Image.open(tmp_path / "made" / f"0000{number}.png")) for number in range(3)])
    np.testing.assert_allclose(found[..., None] / 127.5 - 1, expected, atol=1 / 127)
    with pytest.raises(ValueError, match="--labels are for a conditional model"):
        runs.sample_images(folder, tmp_path / "none", 3, labels=(1,))
    assert not (tmp_path / "none").exists()


def test_own_images_have_the_models_size_channels_and_range(folder, tmp_path):
    model = runs.load_run(folder).model
    Image.new("RGB", (30, 20), "white").save(tmp_path / "white.png")
    Image.new("L", (9, 9)).save(tmp_path / "black.png")
    images = own_images(model, [tmp_path / "white.png", str(tmp_path / "black.png")])
    assert images.shape == (2, 8, 8, 1) and images.dtype == "float32"
    assert (images[0] == 1).all() and (images[1] == -1).all(), "the generator ends in tanh"
    (tmp_path / "broken.png").write_bytes(b"none")
    with pytest.raises(ValueError, match="broken.png' cannot be read as an image"):
        own_images(model, [tmp_path / "white.png", tmp_path / "broken.png"])
    with pytest.warns(UserWarning, match="1 of 2 files of `files` are left out: .*broken.png"):
        assert (own_images(model, [tmp_path / "broken.png", tmp_path / "white.png"], leave_out=True) == 1).all()
    with pytest.raises(ValueError, match="`files` must hold images that can be read. Received: 1 that cannot: .*broke"):
        own_images(model, [tmp_path / "broken.png"], leave_out=True)


def test_pictures_name_the_classes(tmp_path):
    presets.build("conditional-gan", (8, 8, 1), latent_dim=2, width=0.02, num_classes=3).save(tmp_path / "model.keras")
    runs.Settings("conditional-gan", class_names=("cat", "cow", "dog")).write(tmp_path)
    for labels, names in ((("dog", "cat"), ["dog", "cat"]), (None, ["cat", "cow", "dog"])):
        axes = runs.samples(tmp_path, 4, seed=0, labels=labels).axes[0]
        assert [text.get_text() for text in axes.get_yticklabels()] == names
        assert axes.get_title().replace("\n", " ") == "samples of ConditionalGAN after 0 epochs"
    axes = runs.interpolation(tmp_path, rows=4, steps=2, seed=0, labels=("dog", "cat")).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["dog", "cat", "dog", "cat"]


@pytest.mark.parametrize("kind", ["masking", "gaussian"])
def test_a_denoising_model_is_shown_the_same_corrupted_images_each_time(kind, digits, tmp_path, monkeypatch):
    options = {"latent_dim": 4, "units": (6,), "corruption": 0.3, "corruption_kind": kind}
    presets.build("autoencoder", (8, 8, 1), **options).save(tmp_path / "model.keras")
    runs.Settings("autoencoder").write(tmp_path)
    model, drawn = runs.load_run(tmp_path).model, []
    monkeypatch.setattr(plots, "image_rows", lambda rows, *_: drawn.append(rows))
    before = [variable.numpy() for variable in model.corruption.variables]
    for _ in range(2):
        reconstructed(model, digits)
    assert all((old == new.numpy()).all() for old, new in zip(before, model.corruption.variables, strict=True))
    first, again = drawn
    assert list(first) == ["original", "corrupted", "reconstruction"]
    assert (first["original"] == digits).all() and (first["corrupted"] != digits).mean() > 0.1
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    np.testing.assert_array_equal(first["reconstruction"], model.reconstruct(first["corrupted"]))
    Image.new("L", (8, 8)).save(tmp_path / "own.png")
    runs.reconstructions(tmp_path, files=[tmp_path / "own.png"])
    assert list(drawn[-1]) == ["input", "reconstruction"], "files are taken as they are"


@pytest.mark.parametrize("name", ["conditional-vae", "semi-supervised-vae"])
def test_a_conditional_vae_reconstructs_with_the_labels(name, tmp_path, monkeypatch):
    presets.build(name, (8, 8, 1), latent_dim=2, width=0.05).save(tmp_path / "model.keras")
    runs.Settings(name).write(tmp_path)
    model, drawn = runs.load_run(tmp_path).model, []
    monkeypatch.setattr(plots, "image_rows", lambda rows, *_: drawn.append(rows))
    runs.reconstructions(tmp_path, n=3)
    test = data.load("digits")[1]
    np.testing.assert_array_equal(drawn[0]["reconstruction"], model.reconstruct(test.x[:3], test.y[:3]))
    Image.new("L", (8, 8)).save(tmp_path / "own.png")
    np.save(tmp_path / "x.npy", test.x)
    for images in ({"files": [tmp_path / "own.png"]}, {"name": tmp_path / "x.npy"}):
        if name == "semi-supervised-vae":  # it classifies the images itself
            runs.reconstructions(tmp_path, **images)
            x = drawn[-1]["input"]
            np.testing.assert_array_equal(drawn[-1]["reconstruction"], model.reconstruct(x, model.classify(x)))
        else:
            with pytest.raises(
                ValueError, match="needs the label of each image. Expected: test images of data with labels"
            ):
                runs.reconstructions(tmp_path, **images)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_codes_are_points_in_the_plane(size, digits, labels):
    model = models.Autoencoder(*networks.mlp_autoencoder([(8, 8, 1), size]))
    figure = codes(model, digits, labels)
    assert (figure is None) == (size == 1)
    if figure:
        assert f"codes of the test set, {size} dimensions" in figure.axes[0].get_title()
        assert ("principal components" in figure.axes[0].get_title()) == (size > 3)
        assert figure.axes[0].get_xlabel() == ("$z_1$" if size == 2 else "first principal component")
        assert len(figure.axes[0].collections[0].get_offsets()) == len(digits)
