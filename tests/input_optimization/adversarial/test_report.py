import keras
import numpy as np
import pytest
from keras import layers

from keras_gen.input_optimization import adversarial
from keras_gen.input_optimization.adversarial.report import _turned_and_blurred

IMAGES = np.array([[0.75, 0.5], [0.5, 0.75], [0.8, 0.2], [0.2, 0.8]], "float32")
ATTACKED = np.array([[0.5, 0.75], [0.5, 0.75], [0.6, 0.4], [0.6, 0.4]], "float32")
LABELS = [0, 0, 0, 1]  # the second is wrong before the attack; the first and the fourth are fooled


def identity():
    return keras.Sequential([keras.Input((2,)), layers.Dense(2, kernel_initializer="identity")])


def test_figures_by_hand():
    found = adversarial.report(identity(), IMAGES, ATTACKED, LABELS, value_range=(0, 1))
    assert (found.clean_error, found.attacked_error, found.fooling_rate) == (0.25, 0.75, 0.5)
    assert found.success == pytest.approx(2 / 3)
    sure = 1 / (1 + np.exp(-np.array([0.25, 0.25, 0.2])))
    assert found.confidence == pytest.approx(sure.mean())
    changes = np.array([0.25, 0.2, 0.4])
    assert found.linf == pytest.approx(changes.mean())
    assert found.l2 == pytest.approx(np.sqrt(2) * changes.mean())
    lengths = np.linalg.norm(IMAGES[[0, 2, 3]], axis=1)
    assert found.relative_l2 == pytest.approx(np.mean(np.sqrt(2) * changes / lengths))
    assert found.relative_linf == pytest.approx(np.mean(changes / [0.75, 0.8, 0.8]))
    assert (found.after_rounding, found.after_jpeg, found.after_rotation_and_blur) == (found.success, None, None)


def test_with_targets_only_they_are_successes():
    found = adversarial.report(identity(), IMAGES, ATTACKED, LABELS, [1, 1, 1, 0], value_range=(0, 1))
    assert found.success == pytest.approx(2 / 3)  # of images 1, 3 and 4
    assert adversarial.report(identity(), IMAGES, ATTACKED, LABELS, LABELS, value_range=(0, 1)).l2 != found.l2


def test_no_perturbation_fools_nobody():
    found = adversarial.report(identity(), IMAGES, IMAGES, LABELS, value_range=(0, 1))
    assert (found.fooling_rate, found.success, found.l2, found.linf) == (0, 0, 0, 0)
    assert found.clean_error == found.attacked_error


def test_what_survives():
    """A perturbation below half a grey value is lost by rounding, a checkerboard by blur, both by JPEG."""
    weights = (np.indices((8, 8)).sum(axis=0) % 2 * 2 - 1).astype("float32")
    network = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2, use_bias=False)])
    network.layers[-1].set_weights([np.stack([0 * weights.ravel(), weights.ravel()], axis=1)])
    images = np.full((1, 8, 8, 1), 100 / 255, "float32") - 1e-4 * weights[..., None]
    tiny, clear = images + 3e-4 * weights[..., None], images + 0.05 * weights[..., None]
    found = adversarial.report(network, images, tiny, [0], value_range=(0, 1))
    assert (found.success, found.after_rounding, found.after_jpeg) == (1, 0, 0)
    found = adversarial.report(network, images, clear, [0], value_range=(0, 1))
    assert (found.success, found.after_rounding) == (1, 1)
    assert found.after_rotation_and_blur is not None


def test_an_image_of_0_has_no_relative_norm():
    found = adversarial.report(
        identity(), [[0.0, 0.0], [0.5, 0.0]], [[0.0, 0.3], [0.5, 0.1]], [0, 0], value_range=(0, 1)
    )
    assert (found.relative_l2, found.relative_linf) == (pytest.approx(0.2), pytest.approx(0.2))


def test_the_same_survives_in_another_range():
    rng = np.random.default_rng(0)
    network = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    images = rng.random((30, 8, 8, 1)).astype("float32")
    attacked = np.clip(images + rng.normal(scale=0.3, size=images.shape), 0, 1).astype("float32")
    labels = np.asarray(network(images)).argmax(axis=1)
    one = adversarial.report(network, images, attacked, labels, value_range=(0, 1))
    other = adversarial.report(
        network, 4 * images - 1, 4 * attacked - 1, labels, value_range=(-1, 3), preprocess=lambda x: (x + 1) / 4
    )
    for name in ("after_rounding", "after_jpeg", "after_rotation_and_blur"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=0.04)


def test_a_rotation_by_five_degrees_and_a_blur_of_half_a_pixel():
    line = np.zeros((1, 41, 41, 1), "float32")
    line[0, 20] = 1.0
    found = _turned_and_blurred(line, (0, 1))[0, ..., 0]
    heights = (found * np.arange(41)[:, None]).sum(axis=0) / found.sum(axis=0)  # of the line, in each column
    assert abs(heights[35] - heights[5]) == pytest.approx(30 * np.tan(np.radians(5)), abs=0.1)
    spread = (found[:, 20] * (np.arange(41) - heights[20]) ** 2).sum() / found[:, 20].sum()
    assert 0.2 < spread < 0.4, "the square of half a pixel, and some of the interpolation"


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`attacked` must have the shape of `images`, \(4, 2\). Received: \(3, 2\)"):
        adversarial.report(identity(), IMAGES, ATTACKED[:3], LABELS, value_range=(0, 1))
    with pytest.raises(ValueError, match="`attacked` is out of range"):
        adversarial.report(identity(), IMAGES, ATTACKED + 1, LABELS, value_range=(0, 1))
