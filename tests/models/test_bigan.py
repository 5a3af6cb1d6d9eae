import keras
import numpy as np
import pytest

from keras_gen import losses, models, networks

SHAPE = (2,)
X = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype("float32")


def networks_of(units=16):
    encoder = networks.mlp_encoder(SHAPE, (units,), 1, heads=1)
    return (
        networks.mlp_generator(1, (units,), SHAPE),
        encoder,
        networks.mlp_discriminator(SHAPE, (units, units), condition_dim=1),
    )


def bigan(units=16, **options):
    keras.utils.set_random_seed(0)
    model = models.BiGAN(*networks_of(units), 1, **options)
    model.compile(keras.optimizers.Adam(1e-3, 0.5))
    return model


@pytest.mark.parametrize("name", ["non_saturating", "least_squares", "hinge"])
def test_both_sides_play_with_exchanged_labels(name):
    """The discriminator tells (x, E(x)) from (G(z), z); the others minimise its loss with the two exchanged."""
    model = bigan(adversarial_loss=name)
    batch = {"x": keras.ops.convert_to_tensor(X)}
    generated, z, codes = fakes = model.fakes(batch, training=False)
    np.testing.assert_allclose(generated, model.generate(np.asarray(z)), rtol=1e-5)
    np.testing.assert_allclose(codes, model.encode(X), rtol=1e-5)
    encoded, made = (
        model.discriminator([example, latent]) for example, latent in ((batch["x"], codes), (generated, z))
    )
    loss = getattr(losses, f"{name}_discriminator_loss")
    found = model.discriminator_losses(batch, fakes, False) | model.generator_losses(batch, fakes, False)
    assert float(found["discriminator_loss"]) == pytest.approx(float(loss(encoded, made)))
    assert float(found["generator_loss"]) == pytest.approx(float(loss(made, encoded)))


def test_generator_and_encoder_are_one_player():
    model = bigan(adversarial_loss="least_squares")
    before = [[np.array(weight) for weight in one.weights] for one in (model.generator, model.encoder)]
    model.fit(X, batch_size=40, verbose=0)
    for network, old in zip((model.generator, model.encoder), before, strict=True):
        assert all(np.abs(weight - other).max() > 0 for weight, other in zip(network.weights, old, strict=True))
    assert [player.name for player in model.players()] == ["discriminator", "generator"]


@pytest.mark.compiled
def test_the_encoder_learns_to_invert_the_generator():
    """Of points on a curve, which one latent describes."""
    t = np.random.default_rng(1).uniform(-1, 1, (2048, 1))
    x = np.concatenate([0.7 * t, 0.7 * t**2 - 0.3], axis=1).astype("float32")
    model = bigan(units=64, latent="uniform")

    def error():
        return np.square(model.reconstruct(x) - x).sum(axis=1).mean() / x.var(axis=0).sum()

    before = error()
    model.fit(x, batch_size=64, epochs=30, verbose=0)
    z = model.draw_latents(500, seed=0)
    assert error() < 0.3 < before
    assert np.corrcoef(model.encode(model.generate(z))[:, 0], z[:, 0])[0, 1] > 0.9


def test_networks_that_do_not_fit_are_refused():
    generator, encoder, discriminator = networks_of()
    wide, _ = networks.mlp_autoencoder([(2,), 16, 2])
    for given, message in (
        ((generator, wide, discriminator), r"`encoder` must map examples to latents. Expected: \(2,\) to \(1,\)"),
        (
            (generator, encoder, networks.mlp_discriminator((2,), (16,))),
            r"`discriminator` must take .* Expected: inputs of shapes \[\(2,\), \(1,\)\].* Received: .*\[\(2,\)\]",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            models.BiGAN(*given, 1)
    with pytest.raises(ValueError, match="Unknown adversarial_loss"):
        models.BiGAN(generator, encoder, discriminator, 1, adversarial_loss="minimax")
    with pytest.raises(ValueError, match=r"`x` must have.*|Expected: shape \(n, 2\)"):
        bigan().encode(np.zeros((3, 5)))
