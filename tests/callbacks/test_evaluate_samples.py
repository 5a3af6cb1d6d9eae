import copy
import csv
import random
import warnings

import keras
import keras_tuner
import numpy as np
import pytest

from keras_gen import callbacks, data, load_model, metrics, models, networks
from keras_gen.metrics import features

SHAPE = (8, 8, 1)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_GEN_CACHE", str(tmp_path / "cache"))


class Played(metrics.SampleMetric):
    """A metric whose values are given, one a measurement."""

    label = "played"

    def __init__(self, values):
        super().__init__(None, features.identity(), n=4)
        self.left = list(values)

    def compute(self, features):
        return self.left.pop(0)


PLAYED = "val_played[identity,n=4]"


class Lightness(metrics.SampleMetric):
    """Mean of the features, which are scaled by a network that clips nothing."""

    label = "lightness"

    def compute(self, features):
        return features.mean()


def same(value_range=(0, 1), name="same", shape=SHAPE):
    network = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
    return metrics.FeatureExtractor(name, network, value_range=value_range)


def vae(**options):
    model = models.VAE(networks.mlp_encoder(SHAPE, (4,), 2), networks.mlp_decoder(2, (4,), SHAPE), **options)
    model.compile(keras.optimizers.SGD(1e-2), run_eagerly=True)
    return model


def gan(conditional=False, output_activation="tanh", shape=SHAPE, **options):
    classes = {"num_classes": 3} if conditional else {}
    generator = networks.mlp_generator(2, (4,), shape, output_activation=output_activation, **classes)
    discriminator = networks.mlp_discriminator(shape, (4,), **classes)
    model = (models.ConditionalGAN if conditional else models.GAN)(generator, discriminator, 2, **classes)
    model.compile("sgd", **{"run_eagerly": True, **options})
    return model


def train(model, x, evaluation, *others, epochs=1, **options):
    options = {"batch_size": 28, "verbose": 0, **options}
    return model.fit(x, epochs=epochs, callbacks=[evaluation, *others], **options).history


def test_logged_is_what_each_metric_gives_of_the_first_of_one_draw(digits, monkeypatch):
    model, drawn = vae(), []
    few, many = (metrics.MaximumMeanDiscrepancy(digits, features.identity(), n=n) for n in (20, 30))
    monkeypatch.setattr(
        models.VAE, "sample", lambda self, n, seed: drawn.append((n, seed)) or self.decode(prior(n, seed))
    )

    def prior(n, seed):
        return np.random.default_rng(seed).standard_normal((n, 2), "float32")

    history = train(model, digits, callbacks.EvaluateSamples([few, many], seed=3))
    assert drawn == [(1, 3), (30, 3)]
    for metric, n in ((few, 20), (many, 30)):
        real = (
            digits.reshape(28, 64)[np.random.default_rng(0).permutation(28)[:n]] if n < 28 else digits.reshape(28, 64)
        )
        expected = metrics.maximum_mean_discrepancy(real, model.decode(prior(n, 3)).reshape(n, 64)).squared
        assert history[f"val_{metric.name}"] == [pytest.approx(expected)]
        assert metric.result() == pytest.approx(expected)


def test_every_few_epochs_of_all_and_the_first_and_last_of_a_fit(digits, tmp_path):
    model, evaluation = vae(), callbacks.EvaluateSamples([Played([9.0, 8.0, 7.0, 6.0, 5.0, 4.0])], every=3)
    assert train(model, digits, evaluation, epochs=5)[PLAYED] == [9, 9, 8, 8, 7]
    assert evaluation.reports == {done: {PLAYED[4:]: value} for done, value in {1: 9, 3: 8, 5: 7}.items()}
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert train(again, digits, evaluation, epochs=5)[PLAYED] == [6, 6, 6, 5, 4]
    assert list(evaluation.reports) == [6, 9, 10]


def test_a_resumed_run_measures_what_an_unbroken_one_does(digits, tmp_path):
    def evaluation():
        return callbacks.EvaluateSamples([metrics.MaximumMeanDiscrepancy(digits, features.identity(), n=30)], every=2)

    whole, first, second = evaluation(), evaluation(), evaluation()
    model = vae()
    model.save(tmp_path / "start.keras")
    train(load_model(tmp_path / "start.keras"), digits, whole, epochs=5)
    train(model, digits, first, epochs=3)
    model.save(tmp_path / "three.keras")
    train(load_model(tmp_path / "three.keras"), digits, second, epochs=5, initial_epoch=3)
    assert list(first.reports) == [1, 2, 3] and list(second.reports) == [4, 5]
    for broken in (first, second):
        for done in set(broken.reports) & set(whole.reports):
            assert broken.reports[done] == whole.reports[done]


@pytest.mark.compiled
def test_keras_own_callbacks_live_by_it(digits, tmp_path):
    """What is measured every second epoch: 5, 3, 2, 4, 4, ...; the best epoch is the fourth."""
    model, evaluation = vae(), callbacks.EvaluateSamples([Played([5.0, 3.0, 2.0, 4.0, 4.0, 4.0])], every=2)
    others = [
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", PLAYED, mode="min", save_best_only=True),
        keras.callbacks.EarlyStopping(PLAYED, mode="min", patience=4, restore_best_weights=True),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of a value that is not available
        history = train(model, digits, evaluation, *others, epochs=20)
    assert history[PLAYED] == [5, 3, 3, 2, 2, 4, 4, 4]
    best = load_model(tmp_path / "best.keras")
    assert best.epochs_completed == 4
    for kept, restored in zip(best.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, restored)
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row[PLAYED]) for row in rows] == history[PLAYED]
    assert sorted(rows[0]) == ["epoch", "kl", "loss", "reconstruction", PLAYED]


def test_a_repeated_value_is_a_plateau(digits):
    model, evaluation = vae(), callbacks.EvaluateSamples([Played([1.0] * 9)], every=2)
    plateau = keras.callbacks.ReduceLROnPlateau(PLAYED, mode="min", factor=0.1, patience=3)
    train(model, digits, evaluation, plateau, epochs=4)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_validation_and_run_folder_and_metrics_stand_side_by_side(digits, tmp_path):
    run, evaluation = callbacks.RunFolder(tmp_path), callbacks.EvaluateSamples([Played([1.0, 2.0])])
    history = train(vae(), digits, evaluation, run, epochs=2, validation_data=digits)
    assert history[PLAYED] == run.history()[PLAYED] == [1.0, 2.0] and len(history["val_loss"]) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_tuner_finds_the_trial_with_the_best_samples(digits, tmp_path):
    """A VAE of learning rate 0 samples grey; one that learns the digits' mean comes nearer to them."""

    def build(hp):
        model = vae()
        model.compile(keras.optimizers.Adam(hp.Choice("learning_rate", [0.0, 0.05])), run_eagerly=True)
        return model

    metric = metrics.MaximumMeanDiscrepancy(digits, features.identity(), n=30)
    evaluation, name = callbacks.EvaluateSamples([metric], every=2), f"val_{metric.name}"
    tuner = keras_tuner.GridSearch(build, keras_tuner.Objective(name, "min"), directory=tmp_path, project_name="t")
    tuner.search(digits, epochs=3, callbacks=[evaluation], verbose=0)
    assert tuner.get_best_hyperparameters()[0].get("learning_rate") == 0.05
    assert len(tuner.oracle.trials) == 2 and evaluation.reports == {} and metric._parts == []
    best = tuner.oracle.get_best_trials()[0].score
    metric.update_state(tuner.get_best_models()[0].sample(30, seed=0))
    assert metric.result() == pytest.approx(best, rel=1e-5)


def test_a_copy_shares_the_data_and_not_the_model(digits):
    metric = metrics.MaximumMeanDiscrepancy(digits, features.identity(), n=30)
    evaluation = callbacks.EvaluateSamples([metric], every=2, seed=5, labels=np.zeros(30, int))
    evaluation.set_model(vae())
    other = copy.deepcopy(evaluation)
    assert other.metrics[0] is not metric and other.metrics[0].real is metric.real and other.model is None
    assert (other.every, other.seed) == (2, 5) and other.labels.tolist() == [0] * 30


def test_the_training_goes_as_without_it(digits, tmp_path):
    model = gan()
    model.save(tmp_path / "model.keras")
    with_it, without = load_model(tmp_path / "model.keras"), load_model(tmp_path / "model.keras")
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    metric = metrics.MaximumMeanDiscrepancy(2 * digits - 1, same((-1, 1)), (-1, 1), n=30)
    train(with_it, 2 * digits - 1, callbacks.EvaluateSamples([metric]), epochs=2)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    without.fit(2 * digits - 1, batch_size=28, epochs=2, verbose=0)
    for left, right in zip(with_it.variables, without.variables, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


@pytest.mark.compiled
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_and_several_steps_an_execution(digits, policy):
    keras.config.set_dtype_policy(policy)
    model = gan(run_eagerly=False, jit_compile=False, steps_per_execution=2)
    keras.config.set_dtype_policy("float32")
    metric = metrics.MaximumMeanDiscrepancy(2 * digits - 1, same((-1, 1)), (-1, 1), n=30)
    evaluation = callbacks.EvaluateSamples([metric])
    history = train(model, 2 * digits - 1, evaluation, epochs=2, batch_size=7)
    assert np.isfinite(history[f"val_{metric.name}"]).all() and len(evaluation.reports) == 2


def test_a_conditional_model_samples_the_labels(digits, labels):
    model, seen = gan(conditional=True), []
    sample = model.sample
    model.sample = lambda n, seed, labels: seen.append(labels.tolist()) or sample(n, seed, labels)
    evaluation = callbacks.EvaluateSamples([Played([1.0])], labels=[2, 2, 0, 1, 1])
    train(model, 2 * digits - 1, evaluation, y=labels % 3)
    assert seen == [[0, 1, 2], [2, 2, 0, 1]]
    with pytest.raises(ValueError, match=r"`labels` must be in 0..2. Received: labels in 0..7"):
        train(model, 2 * digits - 1, callbacks.EvaluateSamples([Played([])], labels=[0, 1, 2, 7]), y=labels % 3)


def test_a_model_that_diverged_is_logged_as_nan(digits):
    model, evaluation = (
        vae(),
        callbacks.EvaluateSamples([metrics.MaximumMeanDiscrepancy(digits, features.identity(), n=30)]),
    )
    poison = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: (
            model.decoder.set_weights([w * np.nan for w in model.decoder.get_weights()]) if epoch else None
        )
    )
    stopping = keras.callbacks.EarlyStopping(f"val_{evaluation.metrics[0].name}", mode="min", patience=2)
    (values,) = (v for k, v in train(model, digits, evaluation, poison, stopping, epochs=9).items() if "val_" in k)
    assert np.isfinite(values[0]) and np.isnan(values[1:]).all() and len(values) == 3
    assert evaluation.reports[3] == {}


def test_outliers_of_a_linear_generator_are_clipped_and_another_range_is_refused(digits):
    """Features refuse what is far out of range: one wild pixel must not end a training, a wrong range should."""
    metric = Lightness(digits, same(), n=4)

    def lightness(samples):
        model = gan(output_activation=None)
        model.sample = lambda n, seed: samples[:n]
        return train(model, digits, callbacks.EvaluateSamples([metric]))[f"val_{metric.name}"]

    samples = np.zeros((4, *SHAPE), "float32")
    samples[0, 0, 0, 0] = 1e6
    assert lightness(samples) == [pytest.approx(1 / 256)]
    with pytest.raises(ValueError, match="far out of its range"):
        lightness(2 * samples - 1)


def test_a_generator_that_diverges_is_logged_as_nan_and_reported(digits):
    metric, model = Lightness(digits, same(), n=4), gan(output_activation=None)
    model.sample = lambda n, seed: np.full((n, *SHAPE), 0.5 if model.epochs_completed < 2 else 1e9, "float32")
    with pytest.warns(UserWarning, match="most samples are far out of range after epoch 2"):
        values = train(model, digits, callbacks.EvaluateSamples([metric]), epochs=3)[f"val_{metric.name}"]
    assert np.isfinite(values[0]) and np.isnan(values[1:]).all()


def test_a_generator_in_the_plane_needs_no_range():
    points = np.random.default_rng(0).normal(size=(28, 2)) * 9
    history = train(
        gan(output_activation=None, shape=(2,)), points, callbacks.EvaluateSamples([metrics.ModeCount(points, 1.0, 40)])
    )
    assert history["val_modes[identity,of=28,sigma=1,at_least=20,n=40]"][0] >= 0


IDENTITY = features.identity()
DIGITS = np.array(data.load("digits")[0].x[:28])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": []}, "`metrics` must be a list of at least one metric of samples.* Received: \\[\\]"),
        ({"metrics": Played([1.0])}, "Expected: such as \\[metrics.FrechetDistance"),
        ({"metrics": [keras.metrics.Mean()]}, "`metrics` must be a list of at least one metric of samples"),
        ({"metrics": [Played([1.0]), Played([2.0])]}, "`metrics` must have different names"),
        ({"every": 0}, "`every` must be an integer >= 1. Received: every=0"),
        ({"seed": -1}, "`seed` must be an integer >= 0"),
        ({"labels": [0, 1]}, "`labels` must be one integer for each sample. Expected: at least 4.* shape \\(2,\\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        callbacks.EvaluateSamples(**{"metrics": [Played([1.0])], **arguments})


@pytest.mark.parametrize(
    ("model", "metric", "message"),
    [
        (
            gan,
            metrics.MaximumMeanDiscrepancy(DIGITS[:, 1:], IDENTITY, n=30),
            r"shape \(7, 8, 1\). Received: \(8, 8, 1\)",
        ),
        (
            gan,
            metrics.MaximumMeanDiscrepancy(DIGITS, IDENTITY, n=30),
            r"Expected: values in \(-1, 1\). Received: .*\[0, 1\]",
        ),
        (vae, metrics.MaximumMeanDiscrepancy(2 * DIGITS - 1, IDENTITY, n=30), r"Expected: values in \[0, 1\]"),
        (gan, Lightness(DIGITS, same(), n=4), r"Expected: value_range=\(-1, 1\).* Received: value_range=\(0, 1\)"),
        (vae, Lightness(None, same(), (-1, 1), n=4), r"Expected: value_range=\(0, 1\)"),
        (vae, Lightness(None, same(shape=(5,)), n=4), r"does not fit the features 'same'. Expected: .*\(5,\)"),
    ],
)
def test_what_does_not_fit_the_model_is_refused_before_the_first_step(model, metric, message):
    model = model()
    begun = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: pytest.fail("too late"))
    x = 2 * DIGITS - 1 if isinstance(model, models.GAN) else DIGITS
    with pytest.raises(ValueError, match=message):
        train(model, x, callbacks.EvaluateSamples([metric]), begun)


def test_a_model_that_cannot_sample_is_refused(digits, labels):
    model = models.Autoencoder(*networks.mlp_autoencoder([SHAPE, 4, 2]))
    model.compile("adam")
    with pytest.raises(ValueError, match="needs a model with the task 'sample'.* Received: Autoencoder"):
        train(model, digits, callbacks.EvaluateSamples([Played([])]))
    with pytest.raises(ValueError, match="`labels` are for a conditional model. Received: VAE"):
        train(vae(), digits, callbacks.EvaluateSamples([Played([])], labels=[0] * 4))
