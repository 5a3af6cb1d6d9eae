"""The page as one file. What it computes is tested in a browser."""

import re

import keras
import numpy as np
import pytest

from keras_gen import data, models, networks, presets
from keras_gen.explorer import Explorer
from keras_gen.explorer.program import Program
from keras_gen.explorer.standalone import write_standalone


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
