"""What the page shows of each kind of model."""

import keras
import numpy as np
import pytest

from keras_gen import data, models, networks, presets, runs
from keras_gen.explorer import Explorer
from keras_gen.explorer.latent_axes import LatentAxes
from keras_gen.explorer.opening import explorer_of
from keras_gen.runs.latent_space import default_path

SHAPE = (8, 8, 1)


def made(name, shape=SHAPE, **options):
    return presets.build(name, shape, width=options.pop("width", 0.1), **options)


@pytest.fixture(scope="module")
def split():
    test = data.load("digits")[1]
    return test._replace(x=test.x[:30], y=test.y[:30])


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("vae", {"latents", "encode"}),
        ("autoencoder", {"latents", "encode"}),
        ("gan", {"latents"}),
        ("bigan", {"latents", "encode"}),
        ("conditional-gan", {"latents", "classes"}),
        ("conditional-vae", {"latents", "encode", "classes"}),
        ("semi-supervised-vae", {"latents", "encode", "classes", "classify"}),
        ("lenet5", {"classify"}),
    ],
)
def test_the_parts_are_what_the_model_can_do(name, parts):
    explorer = Explorer(made(name))
    assert explorer.parts == parts
    assert (explorer.latent_dim > 0) == ("latents" in parts)


def test_translations():
    cycle, pix2pix = (Explorer(made(name, (24, 24, 1), width=0.03)) for name in ("cyclegan", "pix2pix"))
    image = np.full((24, 24, 1), 200, "uint8")
    there, back = cycle.translate(image, "x")
    expected = cycle.model.translate(cycle.values(image[None]), to="x")
    np.testing.assert_array_equal(there, cycle.pixels(expected)[0])
    np.testing.assert_array_equal(back, cycle.pixels(cycle.model.translate(expected, to="y"))[0])
    assert pix2pix.translate(image)[1] is None
    assert Explorer(cycle.model, set_names={"x": "photos", "y": "monet"}).set_names == {"x": "photos", "y": "monet"}
    assert cycle.set_names == {"x": "x", "y": "y"}


def test_sets_of_a_run_have_the_names_of_their_folders(tmp_path):
    made("cyclegan", (24, 24, 1), width=0.03).save(tmp_path / "model.keras")
    sets = {"x": "/a/photos", "y": "/a/monet"}
    runs.Settings("cyclegan", "pairs", options=sets).write(tmp_path)
    explorer, reason = explorer_of(tmp_path)
    assert explorer.set_names == {"x": "photos", "y": "monet"} and "does not keep them" in reason


def test_a_model_of_one_latent_has_no_spherical_paths():
    assert [default_path(made("vae", latent_dim=size)) for size in (1, 2)] == ["linear", "spherical"]


def test_decoded_latents_are_those_of_the_model():
    for name in ("vae", "gan", "autoencoder"):
        explorer = Explorer(made(name))
        z = np.random.default_rng(0).standard_normal((3, explorer.latent_dim)).astype("float32")
        own = explorer.model.decode(z) if name == "autoencoder" else explorer.model.generate(z)
        low, high = explorer.value_range
        shown = explorer.decode(z) / 255 * (high - low) + low
        np.testing.assert_allclose(shown, np.clip(own, low, high), atol=(high - low) * 0.501 / 255)
        np.testing.assert_array_equal(explorer.pixels(explorer.values(explorer.decode(z))), explorer.decode(z))


def test_images_are_encoded_or_searched_for(split):
    vae = Explorer(made("vae"), split)
    np.testing.assert_allclose(vae.encode(vae.example(3)), vae.codes[3], atol=0.02)
    gan = Explorer(made("gan", latent_dim=2))
    z = np.array([[0.5, -1.0]], "float32")
    found = gan.decode([gan.encode(gan.decode(z)[0])])
    assert np.abs(found.astype(int) - gan.decode(z)).max() <= 2


def test_a_class_is_needed_where_the_model_is_conditional():
    explorer = Explorer(made("conditional-gan"))
    z = np.zeros((1, explorer.latent_dim))
    assert np.abs(explorer.decode(z, 3).astype(int) - explorer.decode(z, 4)).max() > 0
    with pytest.raises(ValueError, match="`label` must be a class of the model. Expected: 0 to 9. Received: None"):
        explorer.decode(z)
    with pytest.raises(ValueError, match="Received: 10"):
        explorer.decode(z, 10)


def test_draws_are_latents_or_codes(split):
    autoencoder = Explorer(made("autoencoder"), split)
    assert (autoencoder.codes == autoencoder.draw(0)).all(axis=1).any()
    gan = Explorer(made("gan", latent="uniform"))
    assert np.abs(gan.draw(1)).max() <= 1 and (gan.draw(1) == gan.draw(1)).all() and (gan.draw(1) != gan.draw(2)).any()


def test_a_classifier_is_explained_and_attacked(split):
    explorer = Explorer(made("lenet5", width=0.5), split)
    image = explorer.example(0)
    probabilities = explorer.classify(image)
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert explorer.saliency(image).max() == 255
    attack = explorer.attacked(image)
    assert attack.probabilities.argmax() != probabilities.argmax() and attack.image.shape == image.shape
    assert attack.is_fooled
    difference = attack.image.astype(int) - image
    assert 255 in attack.change or 0 in attack.change
    brighter, darker = attack.change > 255 / 2 + 1, attack.change < 255 / 2 - 1
    assert (difference[brighter] >= 0).all() and (difference[darker] <= 0).all() and (brighter | darker).any()
    assert attack.largest == pytest.approx(np.abs(difference).max() / 255, abs=0.5 / 255)


def test_mean_codes_are_those_of_the_class(split):
    explorer = Explorer(made("vae"), split)
    expected = explorer.model.encode(split.x[split.y == 4]).mean(axis=0)
    np.testing.assert_allclose(explorer.mean_code(4), expected, atol=1e-5)
    with pytest.raises(ValueError, match="Mean codes need test images of the class. Expected: some. Received: none"):
        explorer.mean_code(10)


def test_axes_without_a_prior_follow_the_codes():
    codes = np.random.default_rng(0).normal([5, 0, 0], [10, 1, 1], (500, 3))
    axes = LatentAxes(3, codes, None, has_prior=False)
    np.testing.assert_allclose(axes.center, codes.mean(axis=0), rtol=1e-5)
    assert abs(axes.components[0, 0]) > 0.99 and axes.extents[0, 1] > 20 and axes.extents[1, 1] < 4
    prior = LatentAxes(3, None, (-1, 1), has_prior=True)
    assert prior.extents.tolist() == [[-1, 1]] * 3 and prior.components.shape == (0, 3)


def test_one_latent_and_five_hundred(split):
    one = Explorer(made("vae", latent_dim=1), split)
    assert one.axes.components.shape == (0, 1) and one.decode([[0.3]]).shape == (1, *SHAPE)
    many = Explorer(made("gan", latent_dim=500))
    assert many.axes.extents.shape == (500, 2) and many.decode([many.draw(0)]).shape == (1, *SHAPE)


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(
        ValueError, match="shows models of images. Expected: a model of keras_gen, .* Received: Sequential"
    ):
        Explorer(keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]))
    table = models.VAE(networks.mlp_encoder((4,), (), 2), networks.mlp_decoder(2, (), (4,)))
    with pytest.raises(ValueError, match=r"Received: VAE of examples of shape \(4,\)"):
        Explorer(table)
    parts = (
        networks.mlp_generator(2, (4,), SHAPE, condition_dim=3),
        networks.mlp_discriminator(SHAPE, (4,), condition_dim=3),
    )
    with pytest.raises(ValueError, match="shows conditional models of labels. Expected: num_classes"):
        Explorer(models.ConditionalGAN(*parts, 2))
