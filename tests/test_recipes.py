"""Every recipe for two steps on real digits: it runs, and leaves its model, pictures and report."""

import importlib.util
import json
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[1] / "recipes"
TWO_STEPS = {"dataset": "digits", "epochs": 1, "batch_size": 719, "width": 0.05}
OPTIONS = {"vae_nll": {"nll_samples": 2}}
PICTURES = {
    "vae_digits": {"samples", "reconstructions", "latent", "history"},
    "vae_mnist_3d": {"around_one_digit", "latent_3d", "history"},
    "vae_mnist_2d": {"embedding", "manifold", "interpolation", "history"},
    "vae_nll": {"samples", "history"},
}


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.py")))
def test_recipe(name, tmp_path, capsys):
    spec = importlib.util.spec_from_file_location(name, RECIPES / f"{name}.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    recipe.main(out=tmp_path, **TWO_STEPS, **OPTIONS.get(name, {}))
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["findings"] and report["title"] == name and report["protocol"]["dataset"] == "digits"
    assert {path.stem for path in tmp_path.glob("*.png")} == PICTURES[name]
    assert "obtained" in capsys.readouterr().out and (tmp_path / "model.keras").exists()
    assert len((RECIPES / f"{name}.py").read_text().splitlines()) < 100, "a recipe is a page"
