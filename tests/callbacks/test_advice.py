import keras
import pytest

from keras_gen import models, networks
from keras_gen.callbacks import advice

SHAPE = (8, 8, 1)


def game(kind=models.GAN, **options):
    model = kind(networks.mlp_generator(2, (4,), SHAPE), networks.mlp_discriminator(SHAPE, (4,)), 2, **options)
    first, second = (player.name for player in model.players())
    model.compile({first: keras.optimizers.Adam(0.5), second: keras.optimizers.Adam(0.25)})
    return model


WARM_UP = "callbacks.KLWarmup (--kl-warmup)"


def vae(**options):
    model = models.VAE(networks.mlp_encoder(SHAPE, (4,), 2), networks.mlp_decoder(2, (4,), SHAPE), **options)
    model.compile(keras.optimizers.Adam(0.5))
    return model


@pytest.mark.parametrize(
    ("ask", "model", "expected"),
    [
        (
            advice.spread,
            lambda: game(n_critic=2),
            "a higher n_critic (now 2), a lower learning_rate of the generator (now 0.25) or another adversarial_loss "
            "(now 'non_saturating')",
        ),
        (
            advice.spread,
            lambda: game(models.WGAN),
            "a higher n_critic (now 5) or a lower learning_rate of the generator (now 0.25)",
        ),
        (
            advice.spread,
            lambda: game(discriminator_warmup_steps=3, generator_warmup_steps=7),
            "fewer generator_warmup_steps (now 7), in which the discriminator keeps its weights",
        ),
        (
            advice.saturation,
            lambda: game(),
            "label_smoothing=0.1 (now 0) or a lower learning_rate of the discriminator (now 0.5)",
        ),
        (
            advice.saturation,
            lambda: game(n_critic=3, adversarial_loss="hinge"),
            "a lower n_critic (now 3) or a lower learning_rate of the discriminator (now 0.5)",
        ),
        (
            advice.saturation,
            lambda: game(adversarial_loss="minimax"),
            "adversarial_loss='non_saturating' (now 'minimax'), whose generator still learns from recognised fakes",
        ),
        (advice.penalty, lambda: game(models.WGANGP), "a lower learning_rate of the critic (now 0.5)"),
        (
            advice.penalty,
            lambda: game(models.WGANGP, gradient_penalty_weight=0.5),
            "a higher gradient_penalty_weight (now 0.5, published 10)",
        ),
        (
            advice.penalty,
            lambda: game(models.WGANGP, gradient_penalty_weight=1e3),
            "a lower gradient_penalty_weight (now 1000, published 10) or a lower learning_rate of the critic (now 0.5)",
        ),
        (
            advice.vanished_critic,
            lambda: game(models.WGAN),
            "more filters or units of the critic, a larger clip (now 0.01) or models.WGANGP (wgan-gp)",
        ),
        (advice.posterior, lambda: vae(), f"{WARM_UP}, a lower beta (now 1) or a smaller decoder"),
        (advice.posterior, lambda: vae(beta=4.0), f"a lower beta (now 4), {WARM_UP} or a smaller decoder"),
        (
            advice.dead_units,
            lambda: vae(),
            "another activation, such as 'elu' or 'silu', or a lower learning_rate (now 0.5)",
        ),
        (
            advice.posterior,
            lambda: vae(importance_samples=2),
            "a lower learning_rate (now 0.5) or a smaller decoder",
        ),
    ],
)
def test_advice_names_arguments_that_the_model_has(ask, model, expected):
    assert ask(model()) == expected


def test_advice_on_a_loss_that_is_not_finite():
    model = game(models.WGANGP)
    rates = "a lower learning_rate (now 0.5 of the critic, 0.25 of the generator)"
    assert advice.not_finite(model, "critic_loss") == rates
    assert advice.not_finite(model, "gradient_penalty") == f"{rates} or a lower gradient_penalty_weight (now 10)"
    assert advice.not_finite(vae(), "kl") == "a lower learning_rate (now 0.5)"


def test_a_schedule_is_shown_by_its_present_rate():
    model = vae()
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)))
    assert advice.learning_rates(model) == "0.5"
    model.optimizer["vae"].iterations.assign(1)
    assert advice.learning_rates(model, "vae") == advice.learning_rates(model, "critic") == "0.25"
