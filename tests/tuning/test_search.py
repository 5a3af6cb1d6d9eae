import csv
import json
import math

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import load_model, metrics, models, presets, runs, tuning
from keras_gen.data import Split
from keras_gen.tuning import Range
from keras_gen.tuning.hypermodel import PresetHyperModel

SMALL = {"epochs": 1, "batch_size": 32, "units": (6,), "verbose": 0}


@pytest.fixture
def diverging(monkeypatch):
    """A preset whose models of three units are not finite."""

    monkeypatch.setitem(presets.PRESETS, "diverging", None)  # taken out again

    @presets.preset("diverging", model=models.Autoencoder)
    def make(example_shape, latent_dim=2, units=(6,), corruption=0.0, **options):
        """A preset."""
        model = presets.autoencoder(example_shape, latent_dim, units=units, corruption=corruption)
        if latent_dim == 3:
            model.encoder.get_layer("encoder_2").kernel.assign(np.full((units[-1], 3), np.inf))
        return model


def defaults():
    return {name: argument.default for name, argument in presets.autoencoder.arguments.items()}


def numbers(result, name):
    return [row[name] for row in result.rows]


@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband", "grid"])
def test_every_tuner_leaves_a_table_a_model_and_pictures(digits, tmp_path, tuner):
    found = tuning.search(
        digits, "latent_dim=2:5,corruption=0:0.5", tmp_path / "s", tuner=tuner, trials=3, **{**SMALL, "epochs": 2}
    )
    assert numbers(found, "trial") == [1, 2, 3] and set(numbers(found, "status")) == {"completed"}
    with (tmp_path / "s" / "trials.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [float(row["error"]) for row in table] == numbers(found, "error")
    assert all(2 <= size <= 5 for size in numbers(found, "latent_dim")) and len(set(numbers(found, "corruption"))) > 1
    best = min(found.rows, key=lambda row: row["error"])
    assert found.best == {name: best[name] for name in ("latent_dim", "corruption")}
    for name in ("latent_dim", "corruption"):
        assert np.asarray(Image.open(tmp_path / "s" / f"error_against_{name}.png")).std() > 0
        assert found.chosen[name] <= max(numbers(found, name))


def test_the_best_model_comes_back_whole(digits, tmp_path):
    options = {**SMALL, "batch_size": 8}
    found = tuning.search(digits[:20], "latent_dim=2:5", tmp_path / "s", validation=digits[20:], trials=3, **options)
    model = found.model()
    assert isinstance(model, models.Autoencoder) and model.code_shape == (found.best["latent_dim"],)
    error = np.square(digits[20:] - model.reconstruct(digits[20:])).reshape(8, -1).sum(axis=1)
    best = min(found.rows, key=lambda row: row["error"])
    assert error.mean() == pytest.approx(best["error"], rel=1e-5)
    assert error.std(ddof=1) / math.sqrt(8) == pytest.approx(best["standard_error"], rel=1e-4)
    assert int(model.optimizer.optimizers[0].iterations) == 3  # 20 examples in batches of 8
    run = runs.load_run(tmp_path / "s")
    assert run.settings.options == {**defaults(), "units": (6,), "latent_dim": found.best["latent_dim"]}
    assert (run.settings.model, run.settings.data, run.settings.epochs) == ("autoencoder", None, 1)
    assert found.error(digits[20:]) == pytest.approx(best["error"], rel=1e-5)
    assert not model.run_eagerly, "a short trial runs without a graph; the model that it leaves does not"
    model.fit(digits, epochs=2, initial_epoch=1, verbose=0)


def test_a_worse_trial_leaves_the_best_model(digits, tmp_path):
    ranges = [Range("learning_rate", choices=[0.03, 1e-6])]
    found = tuning.search(
        digits, ranges, tmp_path / "s", tuner="grid", trials=2, latent_dim=2, **{**SMALL, "epochs": 5}
    )
    first, second = numbers(found, "error")
    assert first < second and found.best == {"learning_rate": 0.03}
    error = np.square(digits[::5] - found.model().reconstruct(digits[::5])).reshape(6, -1).sum(axis=1).mean()
    assert error == pytest.approx(first, rel=1e-5)


@pytest.mark.parametrize("tuner", ["random", "grid"])
def test_a_stopped_search_goes_on_and_ends_as_an_unbroken_one(digits, tmp_path, monkeypatch, tuner):
    arguments = (digits, [Range("latent_dim", choices=[2, 9, 60]), Range("corruption", 0.0, 0.5)])
    options = {**SMALL, "units": (60,), "tuner": tuner}
    whole = tuning.search(*arguments, tmp_path / "whole", trials=3, **options)
    trained, fit = [], PresetHyperModel.fit

    def interrupted(self, *args, **options):
        if len(trained) == 1:
            raise KeyboardInterrupt
        trained.append(1)
        return fit(self, *args, **options)

    monkeypatch.setattr(PresetHyperModel, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tuning.search(*arguments, tmp_path / "s", trials=3, **options)
    with (tmp_path / "s" / "trials.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (int(row["trial"]), float(row["error"])) == (1, whole.rows[0]["error"]), "the finished trial is in the table"

    def counted(self, *args, **options):
        trained.append(1)
        return fit(self, *args, **options)

    monkeypatch.setattr(PresetHyperModel, "fit", counted)
    found = tuning.search(*arguments, tmp_path / "s", trials=3, **options)
    assert len(trained) == 3
    for key in ("error", "latent_dim", "corruption"):
        assert numbers(found, key) == numbers(whole, key)
    again = tuning.search(*arguments, tmp_path / "s", trials=4, **options)
    assert len(trained) == 4 and numbers(again, "error")[:3] == numbers(found, "error")
    assert len({tuple(row[key] for key in ("latent_dim", "corruption")) for row in again.rows}) == 4


def test_a_trial_that_diverges_is_recorded_and_the_search_goes_on(digits, tmp_path, diverging):
    ranges = [Range("latent_dim", choices=[2, 3, 4])]
    found = tuning.search(digits, ranges, tmp_path / "s", preset="diverging", tuner="grid", trials=3, **SMALL)
    assert numbers(found, "status") == ["completed", "failed", "completed"]
    assert numbers(found, "reason")[::2] == ["", ""] and "diverged" in found.rows[1]["reason"]
    assert math.isnan(found.rows[1]["error"]) and found.best["latent_dim"] != 3
    with pytest.raises(
        ValueError, match="Every trial of the search in .* failed. Received: 1 trial, see trials.csv; .*diverged"
    ):
        tuning.search(digits, "corruption=0:0.1", tmp_path / "t", preset="diverging", trials=1, latent_dim=3, **SMALL)


def test_any_logged_name_may_be_the_objective(digits, tmp_path):
    found = tuning.search(
        digits, "sparsity=0.1:9", tmp_path / "s", trials=3, objective="val_loss", latent_dim=2, **SMALL
    )
    scores = [json.loads(path.read_text())["score"] for path in (tmp_path / "s").rglob("trial.json")]
    loss = found.model().evaluate(digits[::5], verbose=0, return_dict=True)["loss"]
    assert len(scores) == 3 and loss == pytest.approx(min(scores), rel=1e-4)


def test_a_search_leaves_the_callers_random_state_alone(digits, tmp_path):
    keras.utils.set_random_seed(5)
    expected = keras.random.SeedGenerator().next().numpy().tolist()
    keras.utils.set_random_seed(5)
    tuning.search(digits, "latent_dim=2:5", tmp_path, trials=1, **SMALL)
    assert keras.random.SeedGenerator().next().numpy().tolist() == expected


def test_everything_at_once(digits, tmp_path):
    options = {name: value for name, value in SMALL.items() if name != "units"}
    found = tuning.search(digits, tuning.AUTOENCODER_RANGES, tmp_path, tuner="bayesian", trials=2, **options)
    searched = "latent_dim layers activation reconstruction corruption corruption_kind sparsity nodes_1"
    assert set(searched.split()) <= set(found.best)
    dense = [layer for layer in load_model(tmp_path).encoder.layers if isinstance(layer, keras.layers.Dense)]
    dense = [layer for layer in dense if layer.use_bias]  # the linear shortcut has none
    assert len(dense) == found.best["layers"] + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ranges": "latent_dm=2:4"}, "Unknown search range. Did you mean"),
        ({"ranges": []}, "at least one range"),
        ({"ranges": "corruption=0:1.5", "latent_dim": 2}, "`corruption` must be a number in"),
        ({"latent_dim": 2}, "An argument is searched or fixed. Expected: one of the two. Received: both"),
        ({"objective": "val_los"}, "Unknown objective. Did you mean 'val_loss'"),
        ({"preset": "autoencodr"}, "Unknown model to search. Did you mean 'autoencoder'"),
        (
            {"preset": "cyclegan", "ranges": "width=1:2"},
            "trained on arrays. Expected: .* Received: cyclegan, which trans",
        ),
        ({"objective": {}}, "`objective` must be a name, or a dict"),
        ({"objective": {"error": 1, "recall": -1}}, "Unknown objective. Expected: one of .* Received: 'recall'"),
        ({"objective": "nll"}, "Unknown objective"),
        ({"workers": 0}, "`workers` must be an integer >= 1"),
        (
            {"folds": 2, "validation": np.zeros((3, 8, 8, 1))},
            "by folds or by `validation`. Expected: one. Received: both",
        ),
        ({"folds": 29}, "`folds` needs an example in each fold. Expected: at most 28. Received: folds=29"),
        ({"features": "pixels"}, "Unknown features. Expected: None or one of"),
        ({"samples": 1}, "`samples` must be an integer >= 2"),
        ({"preset": "lenet5", "ranges": "dropout=0:0.5"}, "`y` is missing: the model uses labels"),
        ({"x": "digits", "y": np.zeros(3, "int64")}, "data by name have their own labels"),
        ({"ranges": "num_classes=2:4", "preset": "lenet5"}, "Unknown search range"),
        (
            {"preset": "gan", "augmentation": keras.layers.RandomFlip(), "ranges": "n_critic=1:2"},
            "`augmentation` must be a plain value.* Expected: such as a number or a name. Received: RandomFlip",
        ),
        ({"tuner": "annealing"}, "Unknown tuner"),
        ({"trials": 0}, "`trials` must be an integer >= 1"),
        ({"epochs": 0}, "`epochs` must be an integer >= 1"),
        ({"latent": 3}, "Unknown argument of the preset. Did you mean 'latent_dim'"),
        ({"x": np.full((9, 8, 8, 1), np.nan)}, "`x` must be finite"),
        ({"reconstruction": "bernoulli", "x": np.full((9, 8, 8, 1), 7.0)}, "`x` is out of range"),
    ],
)
def test_bad_input_is_found_before_the_first_trial(digits, tmp_path, options, message):
    arguments = {"x": digits, "ranges": "latent_dim=2:4", "folder": tmp_path / "s", **SMALL, **options}
    with pytest.raises(ValueError, match=message):
        tuning.search(**arguments)
    assert not (tmp_path / "s").exists()


def test_data_by_name_without_labels_get_the_advice_for_folders(digits, tmp_path):
    np.save(tmp_path / "x.npy", digits)
    with pytest.raises(
        ValueError, match="needs labels. Expected: a folder with one sub-folder of images for each class"
    ):
        tuning.search(str(tmp_path / "x.npy"), "dropout=0:0.5", tmp_path / "s", preset="lenet5", trials=1, width=0.1)
    assert not (tmp_path / "s").exists()


def test_a_folder_of_another_search_is_refused(digits, tmp_path):
    tuning.search(digits, "latent_dim=2:4", tmp_path / "s", trials=1, **SMALL)
    before = (tmp_path / "s" / "trials.csv").read_bytes()
    data = r"data=those with fingerprint \w{32}"
    for other, expected, received in (
        ({"ranges": "latent_dim=2:5"}, "ranges=latent_dim=2:4", "ranges=latent_dim=2:5"),
        ({"ranges": [Range("latent_dim", 2, 4, log=True)]}, "ranges=latent_dim=2:4", r"ranges=latent_dim=2:4 \(log\)"),
        ({"seed": 1, "corruption": 0.5}, "seed=0, corruption=0.0", "seed=1, corruption=0.5"),
        ({"units": (7,)}, r"units=\[6\]", r"units=\[7\]"),
        ({"tuner": "grid", "folds": 2}, f"{data}, tuner='random', folds=None", f"{data}, tuner='grid', folds=2"),
        ({"x": digits[1:]}, data, data),
        ({"x": 1 - digits}, data, data),
    ):
        arguments = {"x": digits, "ranges": "latent_dim=2:4", "folder": tmp_path / "s", **SMALL, **other}
        message = f"holds another search. Expected: a new folder, or {expected}. Received: {received}$"
        with pytest.raises(ValueError, match=message):
            tuning.search(**arguments)
    same = tuning.search(digits, "latent_dim=2:4", tmp_path / "s", trials=1, corruption=0.0, **SMALL)
    assert len(same.rows) == 1, "an option with its default is none"
    assert (tmp_path / "s" / "trials.csv").read_bytes() == before
    (tmp_path / "s" / "search.json").write_text("[1, 2]")
    with pytest.raises(ValueError, match="'.*search.json' is damaged: .* Expected: the file that the search wrote"):
        tuning.search(digits, "latent_dim=2:4", tmp_path / "s", trials=1, **SMALL)
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "model.keras").write_text("a run")
    with pytest.raises(ValueError, match="holds something else"):
        tuning.search(digits, "latent_dim=2:4", tmp_path / "t", **SMALL)


def test_every_choice_is_tried_before_the_first_trial(digits, tmp_path):
    for choices in (("squared_error", "bernoulli"), ("bernoulli", "squared_error")):
        with pytest.raises(ValueError, match=r"in \[0, 1\]"):
            tuning.search(
                3 * digits - 1, [Range("reconstruction", choices=choices)], tmp_path / "s", latent_dim=2, **SMALL
            )
    assert not (tmp_path / "s").exists()


def test_pairs_to_validate_on_are_noisy_inputs_and_what_is_to_come_out(digits, tmp_path):
    clean = digits[20:]
    noisy = np.where(np.random.default_rng(0).random(clean.shape) < 0.5, 0, clean).astype("float32")
    found = tuning.search(digits[:20], "latent_dim=2:5", tmp_path / "s", validation=(noisy, clean), trials=1, **SMALL)
    error = np.square(clean - found.model().reconstruct(noisy)).sum(axis=(1, 2, 3))
    assert found.rows[0]["error"] == pytest.approx(error.mean(), rel=1e-5)
    with pytest.raises(ValueError, match="as many inputs as targets. Received: 7 and 8"):
        tuning.search(digits, "latent_dim=2:5", tmp_path / "t", validation=(noisy[1:], clean), **SMALL)


def test_callbacks_are_every_trials(digits, tmp_path):
    still = keras.callbacks.LearningRateScheduler(lambda epoch: 0.0)
    options = {"trials": 2, "latent_dim": 2, "center": False, **SMALL}  # without corruption a mean would move
    found = tuning.search(digits, "corruption=0:0.5", tmp_path, callbacks=[still], **options)
    assert float(found.model().optimizer.learning_rate) == 0
    first, second = numbers(found, "error")
    assert first == second, "weights of one seed that nobody moved"


def test_repeats_are_trainings_from_other_starts_whose_mean_counts(digits, tmp_path):
    once = tuning.search(digits, "latent_dim=2:5", tmp_path / "once", trials=2, tuner="grid", **SMALL)
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: float(rate))  # it logs the optimizer's name
    options = {"trials": 2, "tuner": "grid", "repeats": 2, "callbacks": [schedule], **SMALL}
    twice = tuning.search(digits, "latent_dim=2:5", tmp_path / "twice", **options)
    assert {row["status"] for row in twice.rows} == {"completed"}
    others = [2 * mean - first for mean, first in zip(numbers(twice, "error"), numbers(once, "error"), strict=True)]
    assert numbers(twice, "latent_dim") == numbers(once, "latent_dim")
    assert all(0 < abs(other - first) < first for other, first in zip(others, numbers(once, "error"), strict=True))
    x = digits[::5]
    error = np.square(x - twice.model().reconstruct(x)).reshape(len(x), -1).sum(axis=1).mean()
    best = int(np.argmin(numbers(twice, "error")))
    assert error == pytest.approx(min(numbers(once, "error")[best], others[best]), rel=1e-4)


GAN = {"preset": "gan", "epochs": 1, "batch_size": 22, "width": 0.05, "verbose": 0, "tuner": "grid"}


def test_a_gan_is_searched_by_its_samples_and_its_floor_is_known(digits, tmp_path):
    options = {"objective": "coverage", "trials": 2, "latent_dim": 3, **GAN}
    rates = [Range("generator_learning_rate", choices=[0.5, 0.01])]
    found = tuning.search(2 * digits - 1, rates, tmp_path / "s", **options)
    columns = ["trial", "generator_learning_rate", "status", "coverage", "coverage_floor", "standard_error", "reason"]
    assert list(found.rows[0]) == columns
    with (tmp_path / "s" / "trials.csv").open(newline="") as file:
        assert next(csv.reader(file)) == columns
    assert found.objective == "coverage" and found.value == max(numbers(found, "coverage"))
    floor = found.rows[0]["coverage_floor"]
    assert found.floors == {"coverage": floor} and 0 < floor <= 1 and math.isnan(found.rows[0]["standard_error"])
    assert (tmp_path / "s" / "coverage_against_generator_learning_rate.png").exists()
    part = Split(np.delete(digits, np.s_[::5], axis=0), None), Split(digits[::5], None)
    assert found.measured(*part) == {"coverage": found.value, "coverage_floor": floor}
    with pytest.raises(ValueError, match="The error needs a model with the task 'autoencode'. Expected: .*: GAN"):
        found.error(digits)
    best = found.model()
    rate = found.best["generator_learning_rate"]
    assert float(best.optimizer["generator"].learning_rate) == pytest.approx(rate)


def test_a_sum_of_several_values_is_minimised(digits, tmp_path):
    options = {"objective": {"coverage": -2, "val_loss": 0.5}, "trials": 2, "latent_dim": 3, **GAN}
    found = tuning.search(2 * digits - 1, "n_critic=1|2", tmp_path, **{**options, "batch_size": 11})
    for row in found.rows:
        assert row["objective"] == pytest.approx(0.5 * row["val_loss"] - 2 * row["coverage"], rel=1e-5)
    assert found.value == min(numbers(found, "objective")) and found.objective == "objective"
    assert found.best == {"n_critic": min(found.rows, key=lambda row: row["objective"])["n_critic"]}


def test_a_vae_may_be_searched_by_its_likelihood(digits, tmp_path):
    options = {"preset": "vae", "objective": "nll", "latent_dim": 2, "width": 0.05, "trials": 1, "epochs": 1}
    found = tuning.search(digits, [Range("beta", choices=[4.0])], tmp_path, verbose=0, **options)
    nll, error = metrics.negative_log_likelihood(found.model(), digits[::5], 100)
    assert found.rows[0]["nll"] == pytest.approx(nll, rel=1e-4) and found.value == found.rows[0]["nll"]
    assert found.rows[0]["standard_error"] == pytest.approx(error, rel=1e-4) and found.rows[0]["error"] > 0


def test_of_every_fold_another_model_is_measured(digits, labels, tmp_path, monkeypatch):
    rows, fit = [], models.Classifier.fit

    def counted(self, x, y, **options):
        rows.append(len(x))
        return fit(self, x, y, **options)

    monkeypatch.setattr(models.Classifier, "fit", counted)
    known = labels % 2
    options = {"preset": "lenet5", "width": 0.2, "epochs": 1, "batch_size": 14, "verbose": 0, "trials": 1}
    found = tuning.search(digits, "dropout=0.1|0.2", tmp_path, y=known, folds=2, repeats=2, **options)
    assert rows == [14, 14] + 4 * [14]
    (row,) = found.rows
    wrong = 56 * row["error"]  # of 28 examples, twice
    assert wrong == pytest.approx(round(wrong)) and 0 < row["standard_error"] < 0.2
    assert found.model().num_classes == 2 and found.error(digits, known) <= 1
    with pytest.raises(ValueError, match="`targets` is missing: .* Expected: the labels. Received: None"):
        found.error(digits)


def test_a_search_needs_some_known_labels_and_they_may_be_few(digits, labels, tmp_path):
    options = {"preset": "semi-supervised-vae", "width": 0.05, "latent_dim": 2, "epochs": 1, "trials": 1, "verbose": 0}
    few = np.where(np.isin(np.arange(28), (1, 2, 20)), labels, -1)  # one of those that are held out, and not the first
    found = tuning.search(digits, "beta=1|2", tmp_path / "s", y=few, **options)
    assert found.rows[0]["error"] in (0, 1) and math.isnan(found.rows[0]["standard_error"])
    with pytest.raises(ValueError, match="where labels are known. Expected: .* Received: -1 for all 6"):
        tuning.search(digits, "beta=1|2", tmp_path / "t", y=np.where(few == few[20], -1, few), **options)
    assert not (tmp_path / "t").exists()


def test_batch_size_and_binarization_may_be_searched(digits, tmp_path):
    options = {"preset": "vae", "trials": 2, "width": 0.05, "latent_dim": 2, "epochs": 1, "verbose": 0}
    ranges = [Range("batch_size", choices=[11]), Range("binarization", choices=["dynamic", "none"])]
    found = tuning.search(digits, ranges, tmp_path, tuner="grid", **options)
    settings = runs.load_run(tmp_path).settings
    assert (settings.batch_size, settings.binarization) == (11, found.best["binarization"])
    assert int(found.model().optimizer.iterations) == 2
    assert len(set(numbers(found, "error"))) == 2


def test_hyperband_goes_on_with_the_first_model_of_a_trial_alone(digits, tmp_path, monkeypatch):
    begun, fit = [], models.Autoencoder.fit

    def noted(self, x, initial_epoch=0, epochs=1, **options):
        begun.append((initial_epoch, int(self.optimizer.iterations)))
        return fit(self, x, initial_epoch=initial_epoch, epochs=epochs, **options)

    monkeypatch.setattr(models.Autoencoder, "fit", noted)
    options = {**SMALL, "epochs": 3, "tuner": "hyperband", "trials": 4, "repeats": 2}
    found = tuning.search(digits, "latent_dim=2:6", tmp_path, **options)
    continued = [first for first, second in zip(begun[2::2], begun[3::2], strict=True) if first[0] > 0]
    assert {row["status"] for row in found.rows} == {"completed"} and len(continued) > 0
    assert all(second == (0, 0) for second in begun[3::2])


def test_size_and_channels_are_for_data_by_name(tmp_path):
    with pytest.raises(ValueError, match="`size` and `channels` are for data by name"):
        tuning.search(np.zeros((10, 8, 8, 1)), "latent_dim=2:4", tmp_path, size=4)
