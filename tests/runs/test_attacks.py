import keras
import numpy as np
import pytest

from keras_gen import data, models, presets, runs
from keras_gen.input_optimization import adversarial
from keras_gen.runs.pictures import range_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run whose classifier separates the digits linearly, from their classes' means."""
    folder = tmp_path_factory.mktemp("attacks")
    train, _ = data.load("digits")
    means = np.stack([train.x[train.y == digit].mean(axis=0).ravel() for digit in range(10)], axis=1)
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    network.layers[-1].set_weights([means, -np.square(means).sum(axis=0) / 2])
    models.Classifier(network).save(folder / "model.keras")
    runs.Settings("lenet5").write(folder)
    return folder


@pytest.mark.parametrize("method", ["fgsm", pytest.param("pgd", marks=pytest.mark.compiled), "deepfool"])
def test_the_test_images_are_attacked(folder, method):
    report, figure = runs.attack(folder, method, n=20)
    assert report.clean_error < 0.2
    assert report.success > 0.3
    assert len(figure.axes) == 3 * min(10, round(report.success * (1 - report.clean_error) * 20))
    assert "\nas " in figure.axes[0].get_title()
    rows = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    assert rows[0] == "images" and rows[2] == f"after {method}"
    run = runs.load_run(folder)
    test = run.load_data()[1]
    x, y = test.x[:20], test.y[:20]
    attacked = getattr(adversarial, method)(run.model, x, y, value_range=range_of(run.model))
    assert adversarial.report(run.model, x, attacked, y, value_range=(0, 1)) == report


@pytest.mark.compiled
def test_a_universal_perturbation_is_made_from_training_images(folder):
    report = runs.attack(folder, "universal", n=20, epsilon=0.5).report
    assert report.fooling_rate > 0.2
    assert report.linf <= 0.5 + 1e-6
    run = runs.load_run(folder)
    train, test = run.load_data()
    v = adversarial.universal_perturbation(run.model, train.x[:20], train.y[:20], 0.5, value_range=(0, 1))
    attacked = np.clip(test.x[:20] + v, 0, 1)
    assert adversarial.report(run.model, test.x[:20], attacked, test.y[:20], value_range=(0, 1)) == report


@pytest.mark.compiled
def test_its_options_reach_the_attack(folder):
    plain, larger = (runs.attack(folder, n=20, epsilon=epsilon).report for epsilon in (0.1, 0.3))
    assert (plain.linf, larger.linf) == (pytest.approx(0.1), pytest.approx(0.3))
    targeted = runs.attack(folder, "pgd", n=20, target="3", epsilon=0.9).report
    assert targeted.success > 0.9
    assert targeted.attacked_error < 1, "the threes stay threes"
    run = runs.load_run(folder)
    x, y, _ = (part[:20] for part in run.load_data()[1])
    attacked = adversarial.pgd(run.model, x, y, 0.1, targets=np.full(20, 3), value_range=(0, 1))
    found = adversarial.report(run.model, x, attacked, y, np.full(20, 3), value_range=(0, 1))
    assert runs.attack(folder, "pgd", n=20, target="3", epsilon=0.1).report == found
    assert found != adversarial.report(run.model, x, attacked, y, value_range=(0, 1))
    assert runs.attack(folder, "pgd", n=20, seed=1).report != runs.attack(folder, "pgd", n=20, seed=2).report


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "fgms"}, "Unknown method. Did you mean 'fgsm'"),
        ({"method": "deepfool", "epsilon": 0.1}, "--epsilon is for some methods. Expected: fgsm, pgd, universal. Rec"),
        ({"method": "universal", "target": "3"}, "--target is for some methods. .* Received: --method universal"),
        ({"target": "eleven"}, "Unknown class. .* Received: 'eleven'"),
        ({"epsilon": 2.0}, r"`epsilon` must be a number in \[0, 1\], the width of the range"),
    ],
)
def test_bad_options(folder, options, message):
    with pytest.raises(ValueError, match=message):
        runs.attack(folder, **options)


def test_only_classifiers_are_attacked(tmp_path):
    presets.build("vae", (8, 8, 1), width=0.02).save(tmp_path / "model.keras")
    runs.Settings("vae").write(tmp_path)
    with pytest.raises(ValueError, match="`attack` needs a model with the task 'classify'"):
        runs.attack(tmp_path)
