"""The page as one file. What it computes is tested in a browser."""

import re

import keras
import numpy as np
import pytest

from keras_gen import data, layers, models, networks, presets
from keras_gen.explorer import Explorer
from keras_gen.explorer.program import Program
from keras_gen.explorer.standalone import write_standalone
from tests.explorer.browsing import opened, pixels, tab, until


def test_the_page_of_a_vae_of_digits_is_small_and_loads_nothing(tmp_path):
    explorer = Explorer(presets.build("vae", (8, 8, 1)), data.load("digits")[1])
    write_standalone(explorer, path := tmp_path / "page.html")
    page = path.read_text()
    assert path.stat().st_size <= 1_000_000
    assert not re.search(r"https?://|<link rel=\"stylesheet|src=\"(?!data:)|^import |^export ", page, re.MULTILINE)
    assert page.count("<script") == page.count("</script>") == 2


def test_names_of_classes_cannot_end_the_script(tmp_path):
    split = data.load("digits")[1]
    names = ("</script><b>", *map(str, range(1, 10)))
    write_standalone(Explorer(presets.build("vae", (8, 8, 1), width=0.1), split, names), tmp_path / "page.html")
    assert "</script><b>" not in (tmp_path / "page.html").read_text()


def test_what_the_page_cannot_compute_is_refused(tmp_path):
    path = tmp_path / "page.html"
    with pytest.raises(ValueError, match="shows latents. Expected: a model that samples .* Received: a Classifier"):
        write_standalone(Explorer(presets.build("lenet5", (8, 8, 1))), path)
    for layer, message in (
        (
            keras.layers.GroupNormalization(1),
            "cannot compute the layer .* Expected: one of Activation, .* Received: Gr",
        ),
        (keras.layers.Dense(64, "mish"), "cannot compute the activation. Expected: one of linear, .* Received: mish"),
        (keras.layers.Dense(3_000_000), "too large for a page .* at most 5,000,000 weights. Received: 9,000,129"),
    ):
        inner = keras.Sequential([keras.Input((1,)), layer, keras.layers.Dense(1)])
        generator = keras.Sequential([inner, keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
        gan = models.GAN(generator, networks.mlp_discriminator((8, 8, 1), ()), 1)
        with pytest.raises(ValueError, match=message):
            write_standalone(Explorer(gan), path)
    assert not path.exists()


def test_a_network_within_a_network_is_one_program():
    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu"), keras.layers.Dropout(0.5)])
    x = keras.Input((2,))
    network = keras.Model(x, keras.layers.Concatenate()([inner(x), x]))
    program = Program(network)
    assert [step["op"] for step in program.steps] == ["dense", "activation", "reshape", "concatenate"]
    assert program.steps[-1]["inputs"] == [program.steps[-2]["output"], program.inputs[0]]
    np.testing.assert_array_equal(program.weights, np.concatenate([w.ravel() for w in inner.get_weights()]))


STANDALONE = {
    "vae": lambda: presets.build("vae", (8, 8, 1), latent_dim=3, width=0.1),
    "tied and centred autoencoder": lambda: presets.build("autoencoder", (8, 8, 1), latent_dim=3, width=0.1, tied=True),
    "convolutional VAE of odd sides": lambda: presets.build("convolutional-vae", (9, 11, 3), latent_dim=3, width=0.2),
    "DCGAN": lambda: presets.build("dcgan", (28, 28, 1), latent_dim=3, width=0.1),
    "conditional GAN": lambda: presets.build("conditional-gan", (16, 16, 3), latent_dim=3, width=0.1),
    "sub-pixel, repeated and strided": lambda: models.GAN(
        keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(2 * 2 * 4, "elu"),
                keras.layers.Reshape((2, 2, 4)),
                layers.SubPixelConv2D(3, 3, activation="silu"),
                keras.layers.UpSampling2D(2),
                keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="softplus"),
                keras.layers.Conv2DTranspose(1, 2, strides=2, activation="tanh"),
            ]
        ),
        networks.mlp_discriminator((8, 8, 1), (4,)),
        3,
    ),
}


@pytest.mark.parametrize("name", STANDALONE)
def test_a_page_without_a_server_computes_what_the_model_does(browser, tmp_path, name):
    model = STANDALONE[name]()
    shape = model.example_shape
    x = np.random.default_rng(0).random((40, *shape)).astype("float32")
    split = data.Split(x, np.arange(40) % 10) if "VAE" in name or name == "vae" else None
    explorer = Explorer(model, split)
    for weight in (one for one in model.weights if "moving_variance" in one.path):
        weight.assign(2 * keras.ops.ones_like(weight))  # as after training
    write_standalone(explorer, tmp_path / "page.html")
    with opened(browser, (tmp_path / "page.html").as_uri()) as page:
        tab(page, "Latents")
        labels = (0, 4) if explorer.is_conditional else (None,)
        for label in labels:
            if label is not None:
                page.get_by_role("button", name=str(label), exact=True).click()
            for number in range(3):
                page.locator("input[type=range]").nth(number).fill(str(0.6 - 0.5 * number))
            z = [[float(slider.input_value()) for slider in page.locator("input[type=range]").all()]]
            expected = explorer.decode(z, label)[0, ..., 0].astype(int)
            until(lambda expected=expected: np.abs(pixels(page, "Decoded latents") - expected).max() <= 1)
        if split is not None:
            tab(page, "Plane")
            page.locator("canvas").hover()
            page.wait_for_selector("text=/Test image \\d+, class/")
