import keras
import pytest

from keras_gen import load_model, presets

SHAPE = (8, 8, 1)


@pytest.mark.parametrize(
    ("name", "optimizer", "facts"),
    [
        ("gan", keras.optimizers.Adam, {"learning_rate": 2e-4, "beta_1": 0.5}),
        ("dcgan", keras.optimizers.Adam, {"learning_rate": 2e-4, "beta_1": 0.5}),
        ("conditional-gan", keras.optimizers.Adam, {"learning_rate": 2e-4, "beta_1": 0.5}),
        ("wgan", keras.optimizers.RMSprop, {"learning_rate": 5e-5, "epsilon": 1e-16}),
        ("wgan-gp", keras.optimizers.Adam, {"learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.9}),
    ],
)
def test_optimizers_are_the_published_ones_and_arguments_of_the_model_reach_it(name, optimizer, facts):
    model = presets.build(name, SHAPE, width=0.05, latent_dim=3, n_critic=2, ema=0.5, latent="normal")
    assert (model.latent_dim, model.n_critic, model.ema, model.latent) == (3, 2, 0.5, "normal")
    assert len(model.optimizer.optimizers) == 2
    for one in model.optimizer.optimizers:
        config = one.get_config()
        assert type(one) is optimizer
        assert {fact: config[fact] for fact in facts} == pytest.approx(facts)


def test_the_published_prior_of_the_dcgan_is_uniform():
    assert presets.dcgan(SHAPE, width=0.05).latent == "uniform"
    assert presets.gan(SHAPE, width=0.05).latent == "normal"


def test_layers_follow_the_arguments():
    gan = presets.gan(SHAPE, latent_dim=4, units=(20, 40), width=0.5)
    widths = [[layer.units for layer in network.layers if isinstance(layer, keras.layers.Dense)]
              for network in (gan.generator, gan.discriminator)]  # fmt: skip
    assert widths == [[10, 20, 64], [20, 10, 1]]
    for name in ("dcgan", "conditional-gan"):
        model = presets.build(name, SHAPE, width=0.05, dropout=0.25)
        assert [layer.rate for layer in model.discriminator.layers if isinstance(layer, keras.layers.Dropout)] == [0.25]
    assert presets.build("conditional-gan", SHAPE, width=0.05, num_classes=3).num_classes == 3
    kinds = {name: [type(layer) for layer in presets.build(name, SHAPE, width=0.05).critic.layers]
             for name in ("wgan", "wgan-gp")}  # fmt: skip
    assert keras.layers.BatchNormalization not in kinds["wgan-gp"]


def test_the_generator_may_have_its_own_learning_rate(tmp_path):
    model = presets.build("wgan", SHAPE, width=0.05, learning_rate=0.25, generator_learning_rate=0.5)
    model.save(tmp_path / "model.keras")
    for one in (model, load_model(tmp_path / "model.keras")):
        assert [float(optimizer.learning_rate) for optimizer in one.optimizer.optimizers] == [0.25, 0.5]
    model = presets.build("gan", SHAPE, width=0.05, learning_rate=0.25)
    assert [float(optimizer.learning_rate) for optimizer in model.optimizer.optimizers] == [0.25, 0.25]
    with pytest.raises(ValueError, match="`generator_learning_rate` must be a finite number >= 0"):
        presets.build("gan", SHAPE, width=0.05, generator_learning_rate=-1)
    assert "generator_learning_rate" not in presets.vae.arguments
