import inspect
from typing import Literal

import keras
import numpy as np
import pytest

from keras_gen import arguments, models, presets
from keras_gen.presets import registry


class Model:
    """A model.

    Args:
        network: A network.
        beta: Weight of everything. Defaults to 1.
        kind: How. Defaults to `"slow"`.
        part: What the preset makes. Defaults to `None`.
    """

    def __init__(self, network, beta=1.0, kind: Literal["slow", "fast"] = "slow", part=None):
        self.got = network, beta, kind, part


@pytest.fixture
def made(monkeypatch):
    """A preset of `Model`."""
    monkeypatch.setattr(registry, "PRESETS", {})

    @presets.preset("made", model=Model, without=("part",))
    def make(example_shape, width=1.0, kind="fast", way: Literal["up", "down"] = "up", **options):
        """A preset.

        Args:
            way: Where to.

        Example:

        >>> 1
        1
        """
        return Model((example_shape, way), kind=kind, part=width, **options)

    assert list(registry.PRESETS.items()) == [("made", make)]
    return make


def test_a_preset_has_its_own_arguments_and_its_models(made):
    assert made.name == "made" and made.model is Model
    assert str(inspect.signature(made)).replace("typing.", "") == (
        "(example_shape, width=1.0, kind='fast', way: Literal['up', 'down'] = 'up', *, beta=1.0)"
    )
    facts = {name: (one.default, one.help, one.choices) for name, one in made.arguments.items()}
    assert facts == {
        "width": (1.0, "Factor of all hidden widths, a number > 0; small ones are for tests.", ()),
        "kind": ("fast", "How.", ("slow", "fast")),
        "way": ("up", "Where to.", ("up", "down")),
        "beta": (1.0, "Weight of everything.", ()),
    }
    assert made((2,), 0.5, beta=3.0).got == (((2,), "up"), 3.0, "fast", 0.5)


def test_its_docstring_has_them_all(made):
    documented = arguments.argument_texts(made)
    assert list(documented) == ["example_shape", "width", "kind", "way", "beta"]
    assert "beta: Weight of everything. Defaults to `1.0`." in made.__doc__
    assert "Returns:\n    A compiled `models.Model`.\n\nExample:" in made.__doc__


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"betta": 1}, "Unknown argument of the preset. Did you mean 'beta'.* Received: 'betta'"),
        ({"part": 1}, "Unknown argument of the preset"),
        ({"way": "dwn"}, "Unknown way. Did you mean 'down'"),
    ],
)
def test_unknown_arguments_and_choices_are_named(made, options, message):
    with pytest.raises(ValueError, match=message):
        made((2,), **options)
    with pytest.raises(TypeError, match="missing a required argument: 'example_shape'"):
        made()


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_argument_is_described_and_none_is_a_network(name):
    preset = presets.PRESETS[name]
    assert preset.model in vars(models).values()
    assert all(one.help for one in preset.arguments.values())
    assert {"width", "learning_rate"} <= set(preset.arguments)
    own = {"encoder", "decoder", "generator", "discriminator", "critic", "log_names", "name", "dtype", "example_shape"}
    assert not own & set(preset.arguments)


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


def test_compiled_gives_the_optimizer_its_options():
    optimizer = registry.compiled(keras.Sequential(), keras.optimizers.Adam, 0.25, beta_1=0.5).optimizer
    assert float(optimizer.learning_rate) == 0.25 and optimizer.beta_1 == 0.5
