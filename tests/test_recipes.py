"""Every recipe for two steps on real digits: it runs, and leaves its model, pictures and report."""

import importlib.util
import inspect
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RECIPES = Path(__file__).parents[1] / "recipes"
TWO_STEPS = {"dataset": "digits", "epochs": 1, "batch_size": 719, "width": 0.05}
OPTIONS = {
    "codes_as_features": {"labelled": 300},
    "conditional_mnist": {"samples": 100},
    "contractive": {"seeds": 1},
    "curve": {"starts": 1},
    "cyclegan_digits": {"seeds": 1},
    "cyclegan_monet": {"size": 24, "blocks": 1, "batch_size": 2, "steps": 0},
    "cyclegan_seasons": {"size": 24, "blocks": 1, "batch_size": 2, "steps": 0},
    "decoder_as_memory": {"other": "digits", "memory_epochs": 2},
    "dcgan_64": {"side": 8},
    "dcgan_cifar10": {"samples": 100},
    "dcgan_mnist": {"samples": 100},
    "deep_autoencoder_faces": {"patches": 400},
    "few_labels": {"labels": [100, 1000], "pretrain_epochs": 1},
    "imputation": {"train_images": 300, "test_images": 50},
    "mixtures": {"mixture": "grid", "variants": ["hinge", "WGANGP"], "seeds": 1, "steps": 2, "batch_size": 16},
    "mode_collapse": {"steps": 2, "batch_size": 16},
    "optimal_discriminator": {"draws": 1438},
    "stacked_denoising_mnist": {"pretrain_epochs": 1},
    "tune_denoising_autoencoder": {
        "train_images": 300,
        "validation_images": 50,
        "trials": 2,
        "seeds": 1,
        "high": 9,
        "repeats": 2,
    },
    "vae_nll": {"nll_samples": 2},
    "wgan_gp_mnist": {"samples": 100},
}
PICTURES = {
    "codes_as_features": {"errors"},
    "conditional_mnist": {"samples", "history"},
    "contractive": {"jacobian_norms"},
    "curve": {"curve"},
    "cyclegan_digits": {"x-to-y", "y-to-x", "history"},
    "cyclegan_monet": {"x-to-y", "y-to-x", "history"},
    "cyclegan_seasons": {"x-to-y", "y-to-x", "history"},
    "dcgan_64": {"samples", "test_images", "history"},
    "dcgan_cifar10": {"samples", "test_images", "history"},
    "dcgan_mnist": {"samples", "comparison", "history"},
    "decoder_as_memory": {"one_image", "several_images", "labels", "real_codes", "exchanged"},
    "deep_autoencoder_faces": {"reconstructions", "history"},
    "deep_autoencoder_mnist": {"reconstructions", "history"},
    "denoising": {"denoised", "history"},
    "few_labels": {"errors"},
    "gan_digits": {"samples", "history"},
    "imputation": {"random", "lower_half"},
    "k_sparse_codes": {"filters", "history"},
    "linear_autoencoder_is_pca": {"reconstructions", "history"},
    "mixtures": {"grid"},
    "mode_collapse": {"mode_collapse"},
    "optimal_discriminator": {"optimal_discriminator"},
    "outliers": {"worst", "areas"},
    "sparse_filters": {"filters", "filters_k", "filters_kl", "filters_l1"},
    "stacked_denoising_mnist": {"reconstructions", "history", "pretraining"},
    "tune_denoising_autoencoder": {"error_against_latent_dim", "error_against_noise"},
    "vae_digits": {"samples", "reconstructions", "latent", "history"},
    "vae_mnist_3d": {"around_one_digit", "latent_3d", "history"},
    "vae_mnist_2d": {"embedding", "manifold", "interpolation", "history"},
    "vae_nll": {"samples", "history"},
    "wgan_gp_mnist": {"samples", "history"},
}


def folders(place):
    """The options of a recipe of two folders of images, and their test parts."""
    rng, options = np.random.default_rng(0), {}
    for number, option in enumerate(("x", "y", "test_x", "test_y")):
        folder = place / option
        folder.mkdir(parents=True)
        for image in range(3):
            picture = Image.fromarray(rng.integers(0, 256, (3, 3, 3), "uint8"))
            picture.resize((30 + number, 30)).save(folder / f"{image}.png")
        options[option] = str(folder)
    return options


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.py")))
def test_recipe(name, tmp_path, tmp_path_factory, capsys, monkeypatch):
    monkeypatch.syspath_prepend(RECIPES)  # as a script finds its neighbours
    spec = importlib.util.spec_from_file_location(name, RECIPES / f"{name}.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    known = inspect.signature(recipe.main).parameters
    given = {option: value for option, value in TWO_STEPS.items() if option in known}  # the curve has no data set
    if "test_x" in known:
        given |= folders(tmp_path_factory.mktemp("folders"))
    recipe.main(out=tmp_path, **{**given, **OPTIONS.get(name, {})})
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["findings"] and report["title"] == name and report["protocol"]["dataset"]
    assert {path.stem for path in tmp_path.glob("*.png")} == PICTURES[name]
    assert "obtained" in capsys.readouterr().out and (tmp_path / "model.keras").exists()
    assert len((RECIPES / f"{name}.py").read_text().splitlines()) < 100, "a recipe is a page"
