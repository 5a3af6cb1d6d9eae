import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, losses
from tests.gradients import assert_gradient

NAMES = ["minimax", "non_saturating", "maximum_likelihood", "least_squares", "hinge", "wasserstein"]
CROSS_ENTROPY = NAMES[:3]
RNG = np.random.default_rng(0)
REAL, FAKE = RNG.standard_normal((2, 6, 1)).astype("float32") * 3


def pair(name):
    return getattr(losses, f"{name}_discriminator_loss"), getattr(losses, f"{name}_generator_loss")


def sigmoid(logit):
    return 1 / (1 + np.exp(-logit.astype("float64")))


EXPECTED = {  # written from the papers' formulas, in probabilities where they are
    "minimax": (
        lambda r, f: -np.log(sigmoid(r)).mean() - np.log(1 - sigmoid(f)).mean(),
        lambda f: np.log(1 - sigmoid(f)).mean(),
    ),
    "non_saturating": (
        lambda r, f: -np.log(sigmoid(r)).mean() - np.log(1 - sigmoid(f)).mean(),
        lambda f: -np.log(sigmoid(f)).mean(),
    ),
    "maximum_likelihood": (
        lambda r, f: -np.log(sigmoid(r)).mean() - np.log(1 - sigmoid(f)).mean(),
        lambda f: -(sigmoid(f) / (1 - sigmoid(f))).mean(),
    ),
    "least_squares": (lambda r, f: ((r - 1) ** 2).mean() + (f**2).mean(), lambda f: ((f - 1) ** 2).mean()),
    "hinge": (lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(), lambda f: -f.mean()),
    "wasserstein": (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
}


@pytest.mark.parametrize("name", NAMES)
def test_they_are_the_published_formulas(name):
    discriminator, generator = pair(name)
    for got, expected in ((discriminator(REAL, FAKE), EXPECTED[name][0](REAL, FAKE)),
                          (generator(FAKE), EXPECTED[name][1](FAKE))):  # fmt: skip
        assert got.shape == () and got.dtype == "float32"
        assert float(got) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_finite_differences(name):
    discriminator, generator = pair(name)
    smooth = REAL[:3] / 10 + 0.2  # away from the hinge's corners
    assert_gradient(lambda x: discriminator(x, 2 * x), smooth)
    assert_gradient(generator, smooth)


def test_games_of_the_same_discriminator_share_its_loss():
    assert len({pair(name)[0] for name in CROSS_ENTROPY}) == 1
    assert losses.hinge_generator_loss is losses.wasserstein_generator_loss


def assert_minimum(function, place):
    """Check that a convex function of a logit falls until `place` and rises from it on."""
    slopes = [
        float(backend.input_gradient(function, ops.convert_to_tensor(np.full((1, 1), place + step, "float32")))[0, 0])
        for step in (-2.0, -0.1, 0.0, 0.1, 2.0)
    ]
    assert slopes == sorted(slopes) and slopes[1] < -1e-3 < slopes[2] < 1e-3 < slopes[3]


def test_the_best_discriminator_is_the_share_of_the_real_density():
    """Over logits at one place, p * (loss of a real one) + q * (loss of a fake one) is least at D = p / (p + q)."""
    discriminator, _ = pair("minimax")
    far = np.full((1, 1), 30.0, "float32")  # costs nothing as a real one, and as a fake the other way round
    p, q = 0.7, 0.2
    assert_minimum(lambda logit: p * discriminator(logit, -far) + q * discriminator(far, logit), math.log(p / q))
    assert float(discriminator(np.zeros((3, 1)), np.zeros((5, 1)))) == pytest.approx(math.log(4))


def test_smoothing_moves_the_best_output_for_real_ones_alone():
    discriminator, _ = pair("minimax")
    assert_minimum(lambda logit: discriminator(logit, FAKE, label_smoothing=0.1), math.log(0.9 / 0.1))
    smoothed = discriminator(np.full((1, 1), math.log(9), "float32"), FAKE, label_smoothing=0.1)
    entropy = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    assert float(smoothed) == pytest.approx(entropy + np.log1p(np.exp(FAKE)).mean(), rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_far_logits_leave_losses_and_gradients_finite(name):
    discriminator, generator = pair(name)
    for far in (-1e4, 1e4):
        logits = ops.convert_to_tensor(np.full((4, 1), far, "float32"))
        for function in (lambda x: discriminator(x, -x), lambda x: discriminator(-x, x), generator):
            assert np.isfinite(float(function(logits)))
            assert np.isfinite(np.asarray(backend.input_gradient(function, logits))).all()


def test_maximum_likelihood_goes_on_along_its_tangent_above_20():
    _, generator = pair("maximum_likelihood")
    at, beyond = (float(generator(np.full((1, 1), logit, "float32"))) for logit in (20.0, 23.0))
    assert at == pytest.approx(-math.exp(20), rel=1e-5) and beyond == pytest.approx(4 * at, rel=1e-5)


def test_the_minimax_generator_loses_its_gradient_where_the_other_two_keep_theirs():
    """At a logit of -10, D(G(z)) = 4.5e-5: what made the non-saturating loss necessary."""
    sure = ops.convert_to_tensor(np.full((1, 1), -10.0, "float32"))
    slopes = {name: abs(float(backend.input_gradient(pair(name)[1], sure)[0, 0])) for name in NAMES}
    assert slopes["minimax"] == pytest.approx(4.54e-5, rel=1e-2)
    assert slopes["non_saturating"] == pytest.approx(1, rel=1e-3) and slopes["hinge"] == slopes["wasserstein"] == 1


def test_half_precision_logits_are_lifted_before_they_overflow():
    logits = keras.ops.cast(np.full((4, 1), 3e4), "float16")
    assert float(losses.least_squares_generator_loss(logits)) == pytest.approx(9e8, rel=1e-2)


@pytest.mark.parametrize("name", NAMES)
def test_real_and_fake_logits_may_differ_in_shape_and_nan_stays_nan(name):
    discriminator, generator = pair(name)
    maps = RNG.standard_normal((2, 3, 3, 1)).astype("float32")
    assert float(discriminator(REAL, maps)) == pytest.approx(EXPECTED[name][0](REAL, maps), rel=1e-5)
    undefined = np.where(FAKE > 0, np.nan, FAKE)
    for value in (discriminator(undefined, FAKE), discriminator(REAL, undefined), generator(undefined)):
        assert np.isnan(float(value))
