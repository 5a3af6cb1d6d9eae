"""Every recipe for two updates on a few real digits: it runs, and leaves its model, figures and report."""

import importlib
import json
from pathlib import Path

import joblib
import numpy as np
import pytest
from typer.testing import CliRunner

from keras_gen.data import load
from tests.images import image_folders

RECIPES = Path(__file__).parents[1] / "recipes"
NAMES = sorted(path.stem for path in RECIPES.glob("*.py"))
TWO_UPDATES = {"epochs": 1, "batch_size": 120, "width": 0.05}  # of 240 digits
TRANSLATION = {"size": 24, "blocks": 1, "batch_size": 2, "steps": 0}
OPTIONS = {
    "adversarial_examples": {"images": 8, "few": 2, "universal": 4, "steps": 2, "width": 0.3},
    "bigan_mnist": {"labelled": 200},
    "cifar10_classifier": {"width": 0.02},
    "codes_as_features": {"labelled": 200},
    "conditional_mnist": {"samples": 100},
    "conditional_vae_mnist": {"samples": 100, "moved": 10},
    "contractive": {"seeds": 1},
    "curve": {"starts": 1, "batch_size": 10_000},
    "cyclegan_digits": {"seeds": 1},
    "cyclegan_monet": TRANSLATION,
    "decoder_as_memory": {"memory_epochs": 2},
    "dcgan_64": {"side": 8},
    "dcgan_cifar10": {"samples": 100},
    "dcgan_mnist": {"samples": 100},
    "deep_autoencoder_faces": {"patches": 400},
    "deep_dream": {"height": 24, "steps": 1},
    "detect_objects": {"pictures": 12, "test_pictures": 4},
    "few_images": {"images": 120, "samples": 100},
    "few_labels": {"labels": [20, 60000], "pretrain_epochs": 1},
    "find_latent": {"vae_epochs": 1, "searched": 3, "restarts": 2, "steps": 2},
    "imputation": {"train_images": 60, "test_images": 10, "iterations": 1},
    "invert_layers": {"height": 16, "steps": 1},
    "lenet_mnist": {"seeds": 1, "width": 0.3},
    "locate_objects": {"pictures": 12},
    "mixtures": {"mixture": "grid", "variants": ["hinge", "WGANGP"], "seeds": 1, "steps": 2, "batch_size": 16},
    "mode_collapse": {"steps": 2, "batch_size": 16},
    "optical_flow": {"size": 16, "max_displacement": 2, "downsamplings": 3, "batch_size": 2},
    "optimal_discriminator": {"draws": 240},
    "outliers": {"batch_size": 1512},  # 24 images of a digit are repeated to as many
    "progressive_growing": {"samples": 100, "fade_epochs": 0.5},
    "receptive_fields": {"side": 16, "blocks": 2, "draws": 2},
    "resampling": {"channels": 4, "filters": 8, "images": 1},
    "pix2pix_edges": {"images": 240, "width": 0.1},
    "semi_supervised_vae": {"labels": [20], "code_epochs": 1, "steps": 2},
    "super_resolution": {"size": 32, "crop": 24, "gan_epochs": 1, "blocks": 1, "batch_size": 2, "features": ""},
    "stacked_denoising_mnist": {"pretrain_epochs": 1},
    "style_transfer": {"height": 16, "filters": 2, "largest": 17, "steps": 2},
    "text_to_image": {"images": 240, "captions": 20, "latent_dim": 4, "text_dim": 4},
    "texture": {"size": 12, "filters": 2, "largest": 17, "steps": 2},
    "tune_denoising_autoencoder": {"validation_images": 20, "trials": 2, "seeds": 1, "high": 9, "repeats": 1},
    "vae_nll": {"nll_samples": 2},
    "wgan_gp_mnist": {"samples": 100},
    "what_a_cnn_sees": {"side": 16, "steps": 1},
}
FIGURES = {
    "adversarial_examples": {"plain", "adversarial", "history"},
    "bigan_mnist": {"samples", "reconstructions", "errors", "history"},
    "cifar10_classifier": {"confusion", "wrong", "history"},
    "codes_as_features": {"errors"},
    "conditional_mnist": {"samples", "history"},
    "conditional_vae_mnist": {"samples", "styles", "history"},
    "contractive": {"jacobian_norms"},
    "curve": {"curve"},
    "cyclegan_digits": {"x-to-y", "y-to-x", "history"},
    "cyclegan_monet": {"x-to-y", "y-to-x", "history"},
    "dcgan_64": {"samples", "test_images", "history"},
    "dcgan_cifar10": {"samples", "test_images", "history"},
    "dcgan_mnist": {"samples", "comparison", "history"},
    "decoder_as_memory": {"one_image", "several_images", "labels", "real_codes", "exchanged"},
    "deep_autoencoder_faces": {"reconstructions", "history"},
    "deep_autoencoder_mnist": {"reconstructions", "history"},
    "deep_dream": {"deep_dream"},
    "denoising": {"denoised", "history"},
    "detect_objects": {"detections", "history"},
    "few_images": {"samples", "plain", "history"},
    "few_labels": {"errors"},
    "fgsm_softmax": {"attacked", "history"},
    "filters": {"filters"},
    "find_latent": {"found", "varied", "history"},
    "gan_digits": {"samples", "history"},
    "imputation": {"random", "lower_half"},
    "invert_layers": {"inverted"},
    "k_sparse_codes": {"filters", "history"},
    "lenet_mnist": {"confusion", "wrong", "history"},
    "linear_autoencoder_is_pca": {"reconstructions", "history"},
    "locate_objects": {"objects", "history"},
    "mixtures": {"grid"},
    "mode_collapse": {"mode_collapse"},
    "optical_flow": {"flows", "history"},
    "optimal_discriminator": {"optimal_discriminator"},
    "outliers": {"worst", "areas"},
    "pix2pix_edges": {"translations", "history"},
    "progressive_growing": {"samples", "curves", "history"},
    "receptive_fields": {"receptive_fields"},
    "resampling": {"resampling"},
    "semi_supervised_vae": {"errors", "styles"},
    "sparse_filters": {"filters", "filters_k", "filters_kl", "filters_l1"},
    "stacked_denoising_mnist": {"reconstructions", "history", "pretraining"},
    "style_transfer": {"style_transfer"},
    "super_resolution": {"enlarged", "history"},
    "text_to_image": {"samples", "history"},
    "texture": {"texture"},
    "tune_denoising_autoencoder": {"error_against_latent_dim", "error_against_corruption"},
    "vae_digits": {"samples", "reconstructions", "latent", "history"},
    "vae_mnist_3d": {"around_one_digit", "latent_3d", "history"},
    "vae_mnist_2d": {"embedding", "manifold", "interpolation", "history"},
    "vae_nll": {"samples", "history"},
    "wgan_gp_mnist": {"samples", "history"},
    "what_a_cnn_sees": {"what_a_cnn_sees", "history"},
}


def folders(place, arguments):
    """The options of a recipe for folders of images, and their test parts."""
    names = ("x", "y", "test_x", "test_y") if "test_x" in arguments else ("data", "test_data")
    options = dict.fromkeys(names, 3)
    return dict(zip(options, map(str, image_folders(place, options, size=(31, 30))), strict=True))


@pytest.fixture
def recipe(monkeypatch):
    """Import a recipe as a script finds its neighbours."""
    monkeypatch.syspath_prepend(RECIPES)
    return lambda name: importlib.import_module(name).main


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A file of 240 digits for training and 120 for tests."""
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    train, test = load("digits")
    np.savez(path, x_train=train.x[:240], y_train=train.y[:240], x_test=test.x[:120], y_test=test.y[:120])
    return str(path)


@pytest.mark.usefixtures("short_googlenet")
@pytest.mark.parametrize("name", sorted(FIGURES))
def test_recipe(name, recipe, digits, tmp_path, tmp_path_factory, capsys):
    main = recipe(name)
    shared = {**TWO_UPDATES, "data": digits, "other": digits}
    given = {option: value for option, value in shared.items() if option in main.arguments} | OPTIONS.get(name, {})
    if {"test_x", "test_data"} & set(main.arguments):
        given |= folders(tmp_path_factory.mktemp("folders"), main.arguments)
    with joblib.parallel_config("threading"):  # a process takes seconds to import
        main(out=tmp_path, **given)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["findings"] and report["title"] == name
    assert report["protocol"] | given == report["protocol"] and set(main.arguments) - {"out"} <= set(report["protocol"])
    assert {path.stem for path in tmp_path.glob("*.png")} == FIGURES[name]
    assert "obtained" in capsys.readouterr().out and (tmp_path / "model.keras").exists()


def test_minutes_of_a_run_that_goes_on_are_not_reported(recipe, digits, tmp_path):
    """They would be those of the last part alone, against the bound of the whole."""
    options = {"data": digits, "nll_samples": 2, "width": 0.05, "batch_size": 120, "out": tmp_path}
    first, second = ([f.what for f in recipe("vae_nll")(epochs=epochs, **options).findings] for epochs in (1, 2))
    assert first == [*second, "minutes, training and evaluation"] and len(second) == 2


def test_no_panel_is_empty(recipe, tmp_path):
    """The stack of two blocks has five layers, and the curves are a sixth panel of eight places."""
    outcome = recipe("receptive_fields")(out=tmp_path, **OPTIONS["receptive_fields"])
    panels = outcome.figures["receptive_fields"].axes
    assert len(panels) == 6 and all(axes.has_data() for axes in panels)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("receptive_fields", {"draws": 0}, "`draws` must be an integer >= 1. Received: draws=0"),
        ("receptive_fields", {"blocks": 0}, "`blocks` must be an integer >= 1"),
        ("receptive_fields", {"side": 0}, "`side` must be an integer >= 1"),
        ("resampling", {"channels": 0}, "`channels` must be an integer >= 1"),
        ("resampling", {"images": 0}, "`images` must be an integer >= 1"),
    ],
)
def test_bad_options(name, options, message, recipe, tmp_path):
    with pytest.raises(ValueError, match=message):
        recipe(name)(out=tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_every_recipe_is_run():
    assert set(FIGURES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_help_describes_the_recipe_and_every_option(name, recipe):
    main = recipe(name)
    text = CliRunner().invoke(main.app, ["--help"], terminal_width=500).output
    assert main.__doc__.splitlines()[0] in text and "Args:" not in text
    text = text.translate(quotes := str.maketrans("", "", '`"'))
    assert all(argument.help.translate(quotes) in text for argument in main.arguments.values())
    assert len((RECIPES / f"{name}.py").read_text().splitlines()) < 100, "a recipe is a page"
