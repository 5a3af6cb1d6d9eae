import inspect
from typing import Literal

import keras
import numpy as np
import pytest

from keras_gen import arguments, backend, models, presets
from keras_gen.presets import registry


class Model:
    """A model.

    Args:
        network: A network.
        beta: Weight of everything. Defaults to 1.
        kind: How. Defaults to `"slow"`.
    """

    default_optimizer, optimizer_settings = keras.optimizers.Adam, {"beta_1": 0.5}

    def __init__(self, network, beta=1.0, kind: Literal["slow", "fast"] = "slow"):
        self.got = network, beta, kind

    def compile(self, optimizer):
        self.optimizer = optimizer.get_config()


def network(input_shape, depth):
    """A network.

    Args:
        input_shape: A shape.
        depth: How deep.

    Reference:
        A book.
    """


@pytest.fixture
def made(monkeypatch):
    """A preset of `Model`."""
    monkeypatch.setattr(registry, "PRESETS", {})

    @presets.preset("made", network, model=Model)
    def make(example_shape, depth=3, kind="fast", way: Literal["up", "down"] = "up", units=(10, 4), **options):
        """A preset.

        Args:
            way: Where to.
        """
        return Model((example_shape, way, units), kind=kind, **options)

    assert list(registry.PRESETS.items()) == [("made", make)]
    return make


def test_a_preset_has_its_own_arguments_and_its_models(made):
    assert made.name == "made" and made.model is Model
    assert str(inspect.signature(made)).replace("typing.", "") == (
        "(example_shape, depth=3, kind='fast', way: Literal['up', 'down'] = 'up', units=(10, 4), *, "
        "width=1.0, learning_rate=0.001, beta_1=0.5, beta=1.0)"
    )
    facts = {name: (one.default, one.help, one.choices) for name, one in made.arguments.items()}
    assert {name: facts[name] for name in ("depth", "kind", "way", "width", "beta_1", "beta")} == {
        "depth": (3, "How deep.", ()),
        "kind": ("fast", "How.", ("slow", "fast")),
        "way": ("up", "Where to.", ("up", "down")),
        "width": (1.0, "Factor of all hidden widths, a number > 0; small ones are for tests.", ()),
        "beta_1": (0.5, "Decay of Adam's mean of gradients, a number >= 0.", ()),
        "beta": (1.0, "Weight of everything.", ()),
    }
    model = made((2,), width=0.5, beta=3.0, learning_rate=0.25)
    assert model.got == (((2,), "up", (5, 2)), 3.0, "fast")
    assert (model.optimizer["learning_rate"], model.optimizer["beta_1"]) == (0.25, 0.5)


def test_its_docstring_has_them_all(made):
    documented = arguments.argument_texts(made)
    names = ["example_shape", "depth", "kind", "way", "units", "width", "learning_rate", "beta_1", "beta"]
    assert list(documented) == names and documented["example_shape"] == "A shape."
    assert "beta: Weight of everything. Defaults to `1.0`." in made.__doc__
    assert made.__doc__.endswith("Reference:\n    A book.")
    assert "Returns:\n    A compiled `models.Model`.\n\nExample:" in made.__doc__


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"betta": 1}, "Unknown argument of the preset. Did you mean 'beta'.* Received: 'betta'"),
        ({"network": 1}, "Unknown argument of the preset"),
        ({"way": "dwn"}, "Unknown way. Did you mean 'down'"),
    ],
)
def test_unknown_arguments_and_choices_are_named(made, options, message):
    with pytest.raises(ValueError, match=message):
        made((2,), **options)
    with pytest.raises(TypeError, match="missing a required argument: 'example_shape'"):
        made()


def test_an_unknown_activation_is_named_and_one_of_the_users_own_is_not():
    with pytest.raises(ValueError, match="Unknown activation. Did you mean 'relu'.* Received: 'rleu'"):
        presets.build("vae", (2,), activation="rleu")
    presets.build("vae", (2,), width=0.1, activation=lambda x: x)


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_argument_is_described_and_none_is_a_network(name):
    preset = presets.PRESETS[name]
    assert preset.model in vars(models).values()
    assert all(one.help for one in preset.arguments.values())
    assert {"width", "learning_rate"} <= set(preset.arguments)
    own = {"encoder", "decoder", "generator", "discriminator", "critic", "log_names", "name", "dtype", "example_shape"}
    assert not own & set(preset.arguments)


def test_arguments_that_share_a_name_with_an_optimizers_are_those_of_the_model():
    assert presets.lenet5.arguments["epsilon"].help.startswith("Largest change of a value by the perturbation")
    assert presets.alexnet.arguments["momentum"].help.startswith("Decay of the mean of gradients in SGD")


@pytest.mark.parametrize("name", presets.PRESETS)
def test_latent_dim_is_what_the_model_or_its_networks_say_of_it(name):
    preset = presets.PRESETS[name]
    if issubclass(preset.model, models.AdversarialModel):
        assert (
            preset.arguments["latent_dim"].help
            == "Width of the latents, the generator's random input, an integer >= 1."
        )
    elif "latent_dim" in preset.arguments and name not in ("sparse", "contractive"):
        assert preset.arguments["latent_dim"].help == "Width of the code, an integer >= 1."


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("autoencoder", {"units": (-4,)}, "`units` must be an integer >= 1. Received: units=-4"),
        ("autoencoder", {"units": (0, 0)}, "`units` must be an integer >= 1. Received: units=0"),
        ("autoencoder", {"latent_dim": -2}, "`latent_dim` must be an integer >= 1. Received: latent_dim=-2"),
        ("vae", {"units": (2.5,)}, "`units` must be an integer >= 1. Received: units=2.5"),
        ("vae", {"units": 4}, "`units` must be a sequence of widths"),
        ("convolutional-vae", {"filters": (0, 3)}, "`filters` must be an integer >= 1. Received: filters=0"),
        ("sparse", {"latent_dim": -3}, "`latent_dim` must be an integer >= 1. Received: latent_dim=-3"),
        ("contractive", {"latent_dim": 0}, "`latent_dim` must be an integer >= 1. Received: latent_dim=0"),
        ("dcgan", {"filters": 0}, "`filters` must be an integer >= 1. Received: filters=0"),
        ("dcgan", {"filters": (8, 16)}, "`filters` must be an integer >= 1"),
        ("cyclegan", {"filters": -8}, "`filters` must be an integer >= 1. Received: filters=-8"),
        ("vae", {"width": 0}, "`width` must be a finite number > 0. Received: width=0"),
        ("gan", {"learning_rate": -1}, "`learning_rate` must be a finite number >= 0"),
        ("vea", {}, "Unknown model. Did you mean 'vae'"),
    ],
)
def test_sizes_out_of_range_are_refused_before_they_are_scaled(name, options, message):
    with pytest.raises(ValueError, match=message):
        presets.build(name, (8, 8, 1), **{"width": 0.01, **options})


def test_scaling_by_one_changes_nothing_and_smaller_factors_keep_the_order():
    rng = np.random.default_rng(0)
    for _ in range(50):
        sizes = tuple(int(size) for size in np.sort(rng.integers(1, 1000, 4))[::-1])
        least, width = int(rng.integers(1, 60)), float(rng.uniform(0.001, 1))
        assert registry.scaled("units", sizes, 1.0, least) == sizes
        narrow = registry.scaled("units", sizes, width, least)
        assert list(narrow) == sorted(narrow, reverse=True)
        assert all(min(least, old) <= new <= old for old, new in zip(sizes, narrow, strict=True))
    assert registry.scaled("filters", 64, 0.5) == 32 and registry.scaled("filters", 3, 0.01) == 1
    assert registry.scaled("units", (), 0.5) == ()
    assert registry.scaled("units", 400, 0.01, least=30) == 30 and registry.scaled("units", 20, 0.01, least=30) == 20


@pytest.mark.parametrize("name", [name for name, one in presets.PRESETS.items() if "encode" in one.model.tasks])
def test_hidden_units_before_a_code_cannot_die(name, digits):
    """Biases that make every unit negative for every image leave each its gradient; rectifiers would have none."""
    encoder = presets.build(name, (8, 8, 1), width=0.1).encoder
    outputs = {tensor._keras_history.operation for tensor in encoder.outputs}
    hidden = [layer for layer in encoder.layers if layer not in outputs]
    biases = [getattr(layer, "bias", None) for layer in hidden] + [getattr(layer, "beta", None) for layer in hidden]
    variables = [bias for bias in biases if bias is not None]  # of dense layers, and of batch normalisation
    for bias in variables:
        bias.assign(keras.ops.full(bias.shape, -4.0))
    _, gradients = backend.value_and_grad(
        lambda: (sum(keras.ops.sum(keras.ops.square(code)) for code in keras.tree.flatten(encoder(digits))), None),
        variables,
    )
    assert variables or name in ("sparse", "contractive"), "these have the code alone"
    for gradient in gradients:
        assert np.all(np.abs(gradient) > 0)
