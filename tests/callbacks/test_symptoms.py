import math

import numpy as np
import pytest

from keras_gen import models, networks, presets
from keras_gen.callbacks.reference import Reference
from keras_gen.callbacks.symptoms import SYMPTOMS, Examination, first_not_finite, share_of_guessing
from keras_gen.losses.adversarial import ADVERSARIAL_LOSSES

NAMES = ["critic_loss", "wasserstein", "gradient_penalty", "generator_loss"]
CASES = [(name, {}) for name in ADVERSARIAL_LOSSES] + [("non_saturating", {"label_smoothing": 0.2})]


def loss_at(name, real, fake, **options):
    return float(ADVERSARIAL_LOSSES[name][0](np.full((4, 1), real), np.full((4, 1), fake), **options))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_guessing_is_at_one_and_certainty_at_zero(name, options):
    """The best of all constants, and the best of all pairs of a constant for real and one for fake."""
    logits = np.linspace(-12, 12, 241)
    constant = min(loss_at(name, value, value, **options) for value in logits)
    assert share_of_guessing(constant, name, **options) == pytest.approx(1, abs=1e-3)
    sure = min(loss_at(name, value, 0.0 if name == "least_squares" else -12, **options) for value in logits)
    assert share_of_guessing(sure, name, **options) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0], None),
        ([math.nan] * 4, ("critic_loss", NAMES[1:])),
        ([math.nan, 1.0, math.nan, math.nan], ("gradient_penalty", ["critic_loss", "generator_loss"])),
        ([math.inf, 1.0, math.inf, 4.0], ("gradient_penalty", ["critic_loss"])),
        ([1.0, 2.0, 3.0, -math.inf], ("generator_loss", [])),
        ([1.0, math.nan, 3.0, 4.0], ("wasserstein", [])),
        ([math.nan, 2.0, 3.0, 4.0], ("critic_loss", [])),
    ],
)
def test_the_first_that_is_not_finite(values, expected):
    assert first_not_finite(dict(zip(NAMES, values, strict=True)), NAMES) == expected


def test_losses_of_one_player_and_of_none_in_parts():
    pair = ["discriminator_loss", "generator_loss"]
    assert first_not_finite(dict.fromkeys(pair, math.nan), pair) == (pair[0], pair[1:])
    assert first_not_finite({"reconstruction": 1.0, "kl": math.inf}, ["reconstruction", "kl"]) == ("kl", [])
    assert first_not_finite({}, pair) is None


@pytest.mark.parametrize(
    ("value", "earlier", "bad"),
    [
        (11.0, [], True),
        (9.0, [], False),
        (9.0, [0.8, 2.0], True),
        (9.0, [1.0, 2.0], False),
        (0.9, [0.01], False),
        (math.inf, [], True),
    ],
)
def test_a_penalty_explodes_beyond_its_limit_or_tenfold(value, earlier, bad):
    (penalty,) = (symptom for symptom in SYMPTOMS if symptom.name == "exploding penalty")
    assert penalty.is_bad(value, 10.0, earlier) == bad


def test_the_discriminators_of_a_cyclegan_are_watched_by_their_common_loss():
    """Each half of a guess costs a quarter, as halved least squares: both together a half."""
    symptom = next(symptom for symptom in SYMPTOMS if symptom.name == "saturated discriminator")
    model = presets.build("cyclegan", (8, 8, 1), width=0.03, blocks=1)
    exam = Examination(model, {"discriminators_loss": 0.005, "generators_loss": 3.25}, None)
    assert symptom.applies(model, None) and symptom.measure(exam) == pytest.approx(0.01)
    assert symptom.describe(0.01, 0.05, exam) == (
        "discriminators_loss is 0.005, 1 % of the way from certainty to guessing (limit 5 %), and generators_loss 3.2"
    )
    assert symptom.advice(model) == (
        "a lower cycle_weight (now 10), which leaves the generators more freedom or a lower learning_rate of the "
        "discriminators (now 0.0002)"
    )


def of_name(name):
    return next(symptom for symptom in SYMPTOMS if symptom.name == name)


def test_units_that_are_never_above_zero_are_dead(digits):
    model = models.VAE(networks.mlp_encoder((8, 8, 1), (6, 5), 2), networks.mlp_decoder(2, (4,), (8, 8, 1)))
    reference, symptom = Reference(digits), of_name("dead units")
    exam = Examination(model, {}, reference)
    first, second = (layer for layer in model.encoder.layers if getattr(layer, "units", 2) > 2)
    first.bias.assign(np.full(6, 100.0))
    second.set_weights([np.ones((6, 5)), np.array([0, 0, -1e6, -1e6, -1e6])])
    assert symptom.applies(model, reference) and symptom.measure(exam) == pytest.approx(2 / 5)
    assert symptom.describe(0.4, 0.2, exam) == (
        f"2 of 5 rectifiers of layer {second.name!r} are above 0 for any example"
    )
    assert symptom.is_bad(0.19, 0.2, []) and not symptom.is_bad(0.2, 0.2, [])
    assert not symptom.applies(presets.build("convolutional-vae", (8, 8, 1), width=0.1), reference)
    assert symptom.applies(presets.build("lenet5", (8, 8, 1), width=0.3), reference)
    first.set_weights([np.full_like(first.kernel, np.nan), first.bias])
    assert symptom.measure(Examination(model, {}, reference)) is None
    assert not symptom.applies(model, Reference()) and not symptom.applies(presets.build("gan", (4,)), reference)


def test_a_code_that_is_the_same_for_all_examples_is_unused(digits):
    model = models.Autoencoder(*networks.mlp_autoencoder([(8, 8, 1), 4], code_activation="relu"))
    exam, symptom, layer = Examination(model, {}, Reference(digits)), of_name("unused code"), model.encoder.layers[-1]
    layer.set_weights([np.abs(layer.kernel), np.array([0.0, -1e6, -1e6, 3.0])])
    assert symptom.applies(model, exam.reference) and symptom.measure(exam) == 0.5
    assert symptom.describe(0.5, 0.1, exam) == "50 % of the units of the code differ between examples"
    layer.set_weights([np.full_like(layer.kernel, np.nan), layer.bias])
    assert symptom.measure(exam) is None
    assert not symptom.applies(presets.build("vae", (8, 8, 1), width=0.02), exam.reference)


@pytest.mark.parametrize(("units", "bad"), [((64,), False), ((2, 2, 2, 2), True)])
def test_a_clipped_critic_of_few_units_is_constant(units, bad, digits):
    """Each layer of weights of at most 0.01 makes the values smaller, the more the fewer units it has."""
    x, symptom = 2 * digits - 1, of_name("vanished critic")
    model = models.WGAN(networks.mlp_generator(4, (8,), (8, 8, 1)), networks.mlp_discriminator((8, 8, 1), units), 4)
    model.compile()
    model.fit(x, batch_size=25, epochs=3, verbose=0)
    logs = model.evaluate(x, verbose=0, return_dict=True)
    exam = Examination(model, logs, Reference(x))
    value = symptom.measure(exam)
    assert symptom.applies(model, exam.reference) and symptom.is_bad(value, 1e-4, []) is bad
    assert bad == (f"{logs['critic_loss']:.3f}" == "-0.000")
    assert symptom.measure(Examination(model, {**logs, "wasserstein": -0.5}, exam.reference)) == 0.5
    assert symptom.describe(2e-7, 1e-4, exam).startswith("the critic's values differ by 2e-07 (limit 0.0001)")


def test_the_critic_is_seen_on_samples_alone_and_by_its_values_where_its_estimate_is_zero(digits):
    symptom, x = of_name("vanished critic"), 2 * digits - 1
    model = models.WGAN(networks.mlp_generator(4, (8,), (8, 8, 1)), networks.mlp_discriminator((8, 8, 1), (8,)), 4)
    reference = Reference(x)
    values = np.concatenate([model.critic(part) for part in (reference.draw(model), x)])
    assert symptom.measure(Examination(model, {"wasserstein": 0.0}, reference)) == pytest.approx(values.std())
    assert symptom.measure(Examination(model, {"wasserstein": 0.0}, Reference())) == pytest.approx(values[:256].std())
    model.sample = lambda n, seed: np.full((n, 8, 8, 1), np.nan)
    assert symptom.measure(Examination(model, {"wasserstein": 0.0}, reference)) is None
    penalized = models.WGANGP(model.generator, model.critic, 4)
    assert not symptom.applies(penalized, reference)
    assert not symptom.applies(presets.build("gan", (8, 8, 1), width=0.02), reference)
