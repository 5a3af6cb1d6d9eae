import numpy as np
import pytest

from keras_gen import tuning
from keras_gen.tuning import Range, usual

SMALL = {"epochs": 1, "batch_size": 32, "units": (6,), "verbose": 0}


def numbers(result, name):
    return [row[name] for row in result.rows]


def test_code_sizes_at_equal_ratios(digits, tmp_path):
    found = tuning.search_latent_dim(digits, tmp_path, 1, 8, trials=4, **{**SMALL, "units": (8,)})
    assert numbers(found, "latent_dim") == [1, 2, 4, 8] and found.chosen["latent_dim"] in (1, 2, 4, 8)


def test_rates_of_corruption_at_equal_distances(digits, tmp_path):
    found = tuning.search_corruption(digits, tmp_path, 0.0, 0.6, trials=3, latent_dim=2, **SMALL)
    assert numbers(found, "corruption") == [0.0, 0.3, 0.6]


@pytest.fixture
def asked(monkeypatch):
    """What the searches here ask of `search`."""
    found = {}

    def search(x, ranges, folder, preset, **options):
        found.update(options, x=x, preset=preset, names=[range_.name for range_ in ranges])

    monkeypatch.setattr(usual, "search", search)
    return found


def test_searches_of_a_kind_have_its_ranges_and_its_objective(asked, tmp_path):
    tuning.search_vae("digits", tmp_path, latent_dim=2)
    assert asked["names"] == ["beta", "width"] and (asked["preset"], asked["objective"]) == ("vae", "nll")
    tuning.search_gan("digits", tmp_path, "wgan-gp", learning_rate=1e-4)
    assert asked["names"] == ["generator_learning_rate", "n_critic", "latent_dim", "gradient_penalty_weight"]
    assert (asked["preset"], asked["objective"]) == ("wgan-gp", "frechet")
    tuning.search_gan("digits", tmp_path)
    assert asked["names"] == ["learning_rate", "generator_learning_rate", "n_critic", "latent_dim"]
    tuning.search_gan("digits", tmp_path, ranges=[Range("ema", 0.0, 0.9)], objective="kernel")
    assert asked["names"] == ["ema"] and asked["objective"] == "kernel"
    labels = np.arange(3)
    tuning.search_classifier("digits", labels, tmp_path)
    assert asked["names"] == ["learning_rate", "dropout", "width"] and asked["y"] is labels
    assert (asked["preset"], asked["objective"]) == ("lenet5", "error")
    with pytest.raises(ValueError, match="Unknown model to search. Did you mean 'wgan'"):
        tuning.search_gan("digits", tmp_path, "wgam")
