import csv
import gc
import shutil
import weakref

import keras
import numpy as np
import pytest

from keras_gen import data, metrics, models, presets, runs
from keras_gen.runs import comparison

OPTIONS = {"features": "identity", "samples": 100}


def saved(folder, model="vae", done=2, seed=0, place="digits", shape=(8, 8, 1), **options):
    """A run of a model that is not trained, whose file says that it is."""
    keras.utils.set_random_seed(seed)
    own = {name: value for name, value in options.items() if name not in ("minutes", "size", "channels")}
    built = presets.build(model, shape, width=0.02, **own)
    built.epochs_completed = done
    folder.mkdir()
    built.save(folder / "model.keras")
    runs.Settings(model, place, epochs=2, seed=seed, options=options).write(folder)
    return folder


@pytest.fixture
def folders(tmp_path):
    vaes = [saved(tmp_path / f"vae{seed}", seed=seed) for seed in (0, 1)]
    return [*vaes, saved(tmp_path / "wide", latent_dim=3), saved(tmp_path / "gan", "gan", done=1, minutes=1.0)]


@pytest.mark.compiled
def test_runs_that_differ_by_seed_alone_are_one_group_with_mean_and_error(folders, tmp_path):
    compared = runs.compare(folders, "frechet,coverage", **OPTIONS)
    names = ["vae", "vae, latent_dim 3", "gan"]
    assert [(group.name, group.seeds, group.epochs) for group in compared.groups] == [
        (names[0], [0, 1], [2, 2]),
        (names[1], [0], [2]),
        (names[2], [0], [1]),
    ]
    frechet = metrics.FrechetDistance(data.load("digits")[1].x, metrics.features.identity(), n=100)
    each = [frechet.score(runs.load_run(folder).model.sample(100, seed=0)) for folder in folders[:2]]
    gan = frechet.score((runs.load_run(folders[3]).model.sample(100, seed=0) + 1) / 2)
    rows = compared.table().to_dict("records")
    assert rows[0][frechet.name] == pytest.approx(np.mean(each), rel=1e-5)
    assert rows[0][f"{frechet.name} error"] == pytest.approx(abs(each[0] - each[1]) / 2, rel=1e-4)
    assert rows[2][frechet.name] == pytest.approx(gan, rel=1e-4) and rows[2][f"{frechet.name} error"] == ""
    assert rows[3]["model"] == "training images" and rows[3][frechet.name] == compared.baselines[frechet.name]

    lines = compared.lines()
    assert lines[0].split() == ["model", "runs", "epochs", "frechet", "coverage"] and len(lines) == 5
    assert " +- " in lines[1] and " +- " not in lines[2] + lines[3] + lines[4]
    compared.write(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["model"] for row in read] == [*names, "training images"]
    assert float(read[0][frechet.name]) == rows[0][frechet.name]
    panels, strips = (part.axes for part in compared.figure().subfigs)
    assert [axes.get_title() for axes in panels] == list(compared.baselines)
    assert [axes.get_ylabel() for axes in strips] == names
    assert all(0 <= group.samples.min() <= group.samples.max() <= 1 for group in compared.groups)


def test_runs_of_an_older_form_are_in_the_group_of_the_later_ones(folders, tmp_path, monkeypatch):
    """Without options that came later, with a number as an integer, and with the data's relative path."""
    np.savez(tmp_path / "set.npz", x=data.load("digits")[0].x)
    monkeypatch.chdir(tmp_path)
    old = saved(tmp_path / "old", place="set.npz", beta=1)
    new = saved(tmp_path / "new", place=str(tmp_path / "set.npz"), seed=1, beta=1.0, size=None, channels=None)
    (group,) = runs.compare([old, new], "coverage", **OPTIONS).groups
    assert (group.name, group.seeds) == ("vae", [0, 1])


def test_one_model_at_a_time_is_in_memory(folders, monkeypatch):
    alive, most, load = [], [], comparison.load_run

    def loaded(folder):
        run = load(folder)
        gc.collect()
        alive[:] = [model for model in alive if model() is not None] + [weakref.ref(run.model)]
        most.append(len(alive))
        return run

    monkeypatch.setattr(comparison, "load_run", loaded)
    runs.compare(folders[:3], "coverage", **OPTIONS)
    assert max(most) <= 2, "the last one and the next"


def test_a_group_whose_samples_are_all_alike_is_remarked_on(folders, monkeypatch):
    image = data.load("digits")[1].x[:1]
    monkeypatch.setattr(models.VAE, "sample", lambda self, n, seed: np.repeat(image, n, axis=0))
    (remark,) = runs.compare(folders[:2], "density,coverage", features="identity").remarks
    assert remark.startswith("vae: density is high (") and "coverage is zero (0.0" in remark


@pytest.mark.compiled
def test_an_interrupted_run_and_a_copy_are_compared_with_a_warning(folders, tmp_path):
    partly = saved(tmp_path / "partly", done=1, seed=2)
    with pytest.warns(UserWarning, match="partly' was interrupted: 1 of 2 epochs are finished"):
        (group,) = runs.compare([folders[0], partly], "coverage", **OPTIONS).groups
    assert group.epochs == [2, 1]
    copy = shutil.copytree(folders[0], tmp_path / "copy")
    with pytest.warns(UserWarning, match=r"Runs of vae have the same seed: \[0, 0\]"):
        runs.compare([folders[0], copy], "coverage", **OPTIONS)


@pytest.mark.compiled
def test_what_cannot_be_compared_is_refused(folders, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_gen.runs.comparison.SampleQuality", lambda *args: pytest.fail("too late"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut").mkdir()
    runs.Settings("vae").write(tmp_path / "cut")
    for others, message in (
        ([tmp_path / "empty"], "No run in that folder.*empty"),
        ([tmp_path / "nowhere"], "No run in that folder.*nowhere"),
        ([tmp_path / "cut"], "The run has no model yet. Expected: one that has finished an epoch.*cut"),
        ([folders[0]], "must be different folders. Expected: each once. Received: .*vae0"),
        ([saved(tmp_path / "a", "autoencoder")], "a' has no samples to compare.* Received: a run of autoencoder"),
        ([saved(tmp_path / "b", done=0)], "b' was interrupted in its first epoch.* Received: 0 epochs"),
        ([saved(tmp_path / "c", place="mnist")], "on the same data.*vae0' of 'digits', .*c' of 'mnist'"),
        ([saved(tmp_path / "d", place=None)], "arrays that have no name. Expected: --data"),
        ([saved(tmp_path / "e", shape=(4, 4, 1))], r"e' makes other images .*\(8, 8, 1\). Received: \(4, 4, 1\)"),
    ):
        with pytest.raises(ValueError, match=message):
            runs.compare([folders[0], *others])
    with pytest.raises(ValueError, match="must be different folders. Expected: each once. Received: none"):
        runs.compare([])
    monkeypatch.setattr("keras_gen.runs.comparison.load_run", lambda *args: pytest.fail("too late"))
    with pytest.raises(ValueError, match="Unknown metric. Did you mean 'coverage'"):
        runs.compare(folders, "covrage")
    with pytest.raises(ValueError, match="on the same data"):
        runs.compare([folders[0], tmp_path / "c"])
