import numpy as np
import pytest
from PIL import Image
from scipy.stats import norm

from keras_gen import data, plots, presets, runs
from keras_gen.runs import latent_space
from keras_gen.runs.loading import Run

OPTIONS = {
    "vae": {"latent_dim": 4},
    "gan": {"latent_dim": 4, "latent": "uniform"},
    "conditional-gan": {"latent_dim": 4, "num_classes": 3, "width": 0.03},
    "autoencoder": {"latent_dim": 4, "units": (6,)},
    "lenet5": {},
}
PLANE = "decoded plane of {}; --axes chooses two of 4 coordinates, the others are 0"


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """The folder of a run of an untrained model, by the name of its preset."""
    folders = {}

    def made(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp(name)
            options = {"width": 0.05, **OPTIONS[name]}
            presets.build(name, (8, 8, 1), **options).save(folders[name] / "model.keras")
            runs.Settings(name).write(folders[name])  # the model itself knows its prior
        return folders[name]

    return made


@pytest.fixture
def drawn(monkeypatch):
    """The arrays of images, and the codes, of the figures that are drawn: lists in this order."""
    images, codes = [], []
    monkeypatch.setattr(plots, "image_grid", lambda x, columns=None, *_, **__: images.append((x, columns)))
    manifold = plots.manifold

    def recorded(decode, n, *more):
        return manifold(lambda z: codes.append(z) or decode(z), n, *more)

    monkeypatch.setattr(plots, "manifold", recorded)
    return images, codes


@pytest.mark.parametrize("name", ["vae", "autoencoder"])
def test_a_path_leads_from_the_one_reconstruction_to_the_other(name, untrained, drawn):
    folder, test = untrained(name), data.load("digits")[1].x
    runs.interpolation_between(folder, (3, 17), steps=5)
    ((images, columns),), _ = drawn
    model = runs.load_run(folder).model
    assert len(images) == columns == 7
    np.testing.assert_array_equal(images[[0, -1]], test[[3, 17]])
    np.testing.assert_allclose(images[[1, -2]], model.reconstruct(test[[3, 17]]), atol=1e-6)
    middle = model.encode(test[[3, 17]]).mean(axis=0, keepdims=True)
    linear = np.allclose(images[3], model.decode(middle)[0], atol=1e-5)
    assert linear == (name == "autoencoder"), "spherical if the prior of the codes is normal"


def test_a_path_between_files_at_the_models_size(untrained, drawn, tmp_path):
    for name, colour in (("a.png", (255, 255, 255)), ("b.jpg", (0, 0, 0))):
        Image.new("RGB", (20, 30), colour).save(tmp_path / name)
    runs.interpolation_between(untrained("vae"), (tmp_path / "a.png", str(tmp_path / "b.jpg")), 3, "linear")
    ((images, _),), _ = drawn
    assert images.shape == (5, 8, 8, 1) and (images[0] == 1).all() and (images[-1] == 0).all()


def test_pictures_of_paths_state_the_path_and_the_position_on_it(untrained):
    for figure, names in (
        (runs.interpolation(untrained("vae"), rows=1, steps=3, seed=0), ["0", "0.5", "1"]),
        (runs.interpolation_between(untrained("vae"), (3, 17), steps=2), ["image", "0", "1", "image"]),
    ):
        (axes,) = figure.axes
        assert axes.get_title().startswith("spherical path between")
        assert [text.get_text() for text in axes.get_xticklabels()] == names


@pytest.mark.parametrize(
    ("name", "between", "message"),
    [
        ("vae", (3, 360), "--between takes numbers of test images. Expected: 0 to 359. Received: 3,360"),
        ("vae", (-1, 3), "`--between` must be an integer >= 0"),
        ("gan", (3, 17), "`interpolate` between images needs a model with the task 'encode'. .* Received: GAN"),
        ("gan", ("a.png", "b.png"), "`interpolate` between images needs a model with the task 'encode'"),
    ],
)
def test_what_has_no_path_is_refused(name, between, message, untrained):
    with pytest.raises(ValueError, match=message):
        runs.interpolation_between(untrained(name), between)


def test_paths_between_samples_suit_the_latents(untrained, drawn, monkeypatch):
    found = []
    draw = latent_space.latents.interpolate
    monkeypatch.setattr(latent_space.latents, "interpolate", lambda *args: found.append(args[-1]) or draw(*args))
    for name, path in (("gan", None), ("gan", "spherical"), ("vae", None)):
        runs.interpolation(untrained(name), rows=1, steps=3, path=path, seed=0)
    assert found == ["linear", "spherical", "spherical"]
    with pytest.raises(ValueError, match="`interpolate` without --between or --from needs a model with the task"):
        runs.interpolation(untrained("autoencoder"))


def test_the_plane_of_a_prior_is_in_equal_steps_of_its_probability(untrained, drawn):
    figure = runs.plane(untrained("vae"), axes=(2, 0), n=4)
    (axes,) = figure.axes
    assert axes.get_title().replace("\n", " ") == PLANE.format("z[2] and z[0]")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z[2]", "z[0]")
    assert [text.get_text() for text in axes.get_xticklabels()] == ["-1.2", "-0.32", "0.32", "1.2"]
    runs.plane(untrained("gan"), n=4)
    (axes,) = runs.plane(untrained("conditional-gan"), n=4, labels=("2",)).axes
    assert axes.get_title().replace("\n", " ") == PLANE.format("z[0] and z[1], class 2")
    _, (normal, uniform, conditional) = drawn
    steps = [0.125, 0.375, 0.625, 0.875]
    np.testing.assert_allclose(norm.cdf(normal[:4, 0]), steps, rtol=1e-5)
    np.testing.assert_allclose(norm.cdf(conditional[::-4, 1]), steps, rtol=1e-5)
    np.testing.assert_allclose((uniform[:4, 0] + 1) / 2, steps, rtol=1e-5)


def test_the_plane_decodes_two_coordinates_with_the_others_at_0(untrained):
    folder = untrained("vae")
    sheet = runs.plane(folder, axes=(2, 0), n=1).axes[0].images[0].get_array()
    model = runs.load_run(folder).model
    np.testing.assert_allclose(sheet, model.decode(np.zeros((1, 4)))[0, ..., 0], atol=1e-6)
    sheet = runs.plane(folder, axes=(2, 0), n=2).axes[0].images[0].get_array()
    right, up = norm.ppf([0.75, 0.75])
    np.testing.assert_allclose(sheet[:8, 8:], model.decode(np.array([[up, 0, right, 0]]))[0, ..., 0], atol=1e-6)


def test_without_a_prior_the_plane_is_that_of_the_codes_of_test_images(untrained, drawn):
    folder = untrained("autoencoder")
    runs.plane(folder, axes=(0, 1), n=3)
    _, (points,) = drawn
    codes = runs.load_run(folder).model.encode(data.load("digits")[1].x)
    np.testing.assert_allclose(points[:3, 0], np.quantile(codes[:, 0], [1 / 6, 1 / 2, 5 / 6]), rtol=1e-5)
    np.testing.assert_allclose(points[::-3, 1], np.quantile(codes[:, 1], [1 / 6, 1 / 2, 5 / 6]), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("vae", {"axes": (0, 4)}, "--axes are two different coordinates. Expected: two of 0 to 3, .* Received: 0,4"),
        ("vae", {"axes": (1, 1)}, "--axes are two different coordinates. .* Received: 1,1"),
        ("vae", {"axes": (1,)}, "--axes are two different coordinates. .* Received: 1$"),
        ("vae", {"n": 0}, "`n` must be an integer >= 1"),
        ("vae", {"labels": ("1",)}, "--labels are for a conditional model"),
        ("conditional-gan", {}, "The plane of a conditional model shows one class. Expected: --labels, one of 0, 1, 2"),
        ("conditional-gan", {"labels": ("3",)}, "Unknown class"),
        ("lenet5", {}, "`plane` needs a model with the task 'encode'"),
    ],
)
def test_what_has_no_plane_is_refused(name, options, message, untrained):
    with pytest.raises(ValueError, match=message):
        runs.plane(untrained(name), **options)


def test_a_line_has_no_plane(monkeypatch):
    model = presets.build("vae", (8, 8, 1), latent_dim=1, width=0.05)
    monkeypatch.setattr(latent_space, "load_run", lambda folder: Run(model, runs.Settings("vae")))
    with pytest.raises(ValueError, match="A plane needs two latent dimensions or more. Received: 1"):
        runs.plane("folder")
