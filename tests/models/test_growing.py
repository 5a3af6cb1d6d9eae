import keras
import numpy as np
import pytest

from keras_gen import layers, load_model, models, networks
from keras_gen.models.growing import fades
from tests.toy import TwoPlayers

RNG = np.random.default_rng(0)
SHAPE, FILTERS = (16, 16, 1), (5, 4, 3)
IMAGES = RNG.uniform(-1, 1, (12, *SHAPE)).astype("float32")


def build(stage, critic="critic", **options):
    generator = networks.progressive_generator(3, SHAPE, stage, FILTERS, **options)
    return {"generator": generator, critic: networks.progressive_discriminator(SHAPE, stage, FILTERS, **options)}


def images(stage):
    side = 4 << stage
    return IMAGES.reshape(12, side, 16 // side, side, 16 // side, 1).mean(axis=(2, 4))


def compiled(stage=0, optimizer=None, **options):
    model = models.WGANGP(**build(stage), latent_dim=3, n_critic=1, **options)
    model.compile(optimizer or keras.optimizers.Adam(1e-2, beta_1=0.5, beta_2=0.9))
    return model


def trained(stage=0, optimizer=None, **options):
    """A small WGAN-GP after three steps."""
    model = compiled(stage, optimizer, **options)
    model.fit(images(stage), batch_size=4, verbose=0)
    return model


def enlarged(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


@pytest.mark.parametrize("ema", [0.0, 0.5])
def test_a_grown_model_samples_and_judges_what_the_old_one_did_to_the_bit(ema):
    model = trained(1, ema=ema)
    before = [np.array(variable) for variable in model.variables]
    new = models.grown(model, **build(2))
    np.testing.assert_array_equal(new.sample(5, seed=0), enlarged(model.sample(5, seed=0)))
    z = model.draw_latents(5, seed=1)
    np.testing.assert_array_equal(new.generator(z), enlarged(np.array(model.generator(z))))
    small = keras.ops.average_pool(IMAGES, 2, 2)
    np.testing.assert_array_equal(new.critic(IMAGES), model.critic(small))
    assert new.example_shape == (16, 16, 1) and model.example_shape == (8, 8, 1)
    assert (new.averaged_generator is None) == (ema == 0)
    assert all(np.array_equal(*pair) for pair in zip(before, model.variables, strict=True)), "the old one is as it was"


def test_the_moving_average_grows_from_the_moving_average():
    model = trained(ema=0.9)
    new = models.grown(model, **build(1))
    for name in ("stage_0_conv", "stage_0_to_image"):
        kept, own = (one.get_layer(name) for one in (new.averaged_generator, new.generator))
        np.testing.assert_array_equal(kept.kernel, model.averaged_generator.get_layer(name).kernel)
        assert not np.array_equal(kept.kernel, own.kernel)
    fresh = [one.get_layer("stage_1_conv_1").kernel for one in (new.averaged_generator, new.generator)]
    np.testing.assert_array_equal(*fresh)
    assert not any(layer.trainable_weights for layer in new.averaged_generator.layers)


@pytest.mark.parametrize("loaded", [False, True])
def test_old_layers_keep_the_state_of_their_optimizer_and_new_ones_begin_at_zero(loaded, tmp_path):
    model = trained(1)
    if loaded:
        model.save(tmp_path / "model.keras")
        model = load_model(tmp_path / "model.keras")
    new, kept = models.grown(model, **build(2)), 0
    for player in new.players():
        old, optimizer = model.optimizer[player.name], new.optimizer[player.name]
        assert int(optimizer.iterations) == int(old.iterations) == 3 and type(optimizer) is keras.optimizers.Adam
        before = {v.path: index for index, v in enumerate(old._trainable_variables)}
        for index, variable in enumerate(optimizer._trainable_variables):
            for found, expected in (
                (optimizer._momentums[index], old._momentums),
                (optimizer._velocities[index], old._velocities),
            ):
                if variable.path in before:
                    np.testing.assert_array_equal(found, expected[before[variable.path]])
                    kept += int(np.any(found))
                else:
                    assert not np.any(found) and "stage_2" in variable.path
    assert kept > 30


def test_everything_else_goes_on_too():
    moved = keras.layers.RandomTranslation(0.1, 0.1)
    model = trained(0, gradient_penalty_weight=3.0, latent="uniform", augmentation=moved)
    model.evaluate(images(0), verbose=0)
    model.optimizer.learning_rate = 0.125
    new = models.grown(model, **build(1))
    assert int(new.steps_done) == 3 and new.epochs_completed == 1 and new.order_seed == model.order_seed
    for name in ("seed_generator", "evaluation_seed_generator"):
        np.testing.assert_array_equal(getattr(new, name).state, getattr(model, name).state)
    np.testing.assert_array_equal(new.augmentation.variables[0], moved.variables[0])
    assert int(moved.variables[0][1]) > 0 and new.augmentation is not moved
    left_out = ("generator", "critic")
    configs = [{k: v for k, v in one.get_config().items() if k not in left_out} for one in (model, new)]
    assert configs[0] == configs[1] and configs[0]["gradient_penalty_weight"] == 3.0
    assert float(new.optimizer.learning_rate) == 0.125 and new.get_compile_config() == model.get_compile_config()


def test_what_a_layer_draws_goes_on_as_well():
    def noisy(stage):
        inputs = keras.Input((4 << stage, 4 << stage, 1))
        small = keras.layers.AveragePooling2D(2)(inputs) if stage else inputs
        flat = keras.layers.Flatten()(keras.layers.Dropout(0.5, seed=3, name="drop")(small))
        return keras.Model(inputs, keras.layers.Dense(1, name="logit")(flat))

    model = models.WGANGP(build(0)["generator"], noisy(0), latent_dim=3, n_critic=1)
    model.compile()
    model.fit(images(0), batch_size=4, verbose=0)
    new = models.grown(model, generator=build(1)["generator"], critic=noisy(1))
    states = [one.critic.get_layer("drop").seed_generator.state for one in (model, new)]
    np.testing.assert_array_equal(*states)
    assert int(states[0][1]) > 0


def test_a_fade_that_a_network_keeps_is_not_begun_again():
    def kept(stage):
        z = keras.Input((3,))
        old, new = (keras.layers.Dense(4, name=name)(z) for name in ("old", "new"))
        hidden = layers.FadeIn(name="first")([old, new])
        for number in range(stage):
            hidden = layers.FadeIn(name=f"fade_{number}")(
                [hidden, keras.layers.Dense(4, name=f"more_{number}")(hidden)]
            )
        return keras.Model(z, hidden)

    model = models.GAN(kept(0), networks.mlp_discriminator((4,), (3,)), 3)
    model.compile()
    new = models.grown(model, generator=kept(1))
    assert {fade.name: float(fade.alpha) for fade in fades(new)} == {"first": 1.0, "fade_0": 0.0}


@pytest.mark.parametrize(
    ("kind", "policy"),
    [
        (models.GAN, "float32"),
        (models.WGAN, "float32"),
        (models.ConditionalGAN, "float32"),
        (models.ConditionalGAN, "mixed_float16"),
    ],
)
def test_every_kind_of_gan_grows_and_trains_on(kind, policy):
    keras.config.set_dtype_policy(policy)
    conditional = kind is models.ConditionalGAN
    names, options = {"critic": kind.discriminator_name}, {"num_classes": 3} if conditional else {}
    model = kind(**build(0, **names, **options), latent_dim=3, **options, n_critic=1)
    model.compile()
    labels = (np.arange(12) % 3,) if conditional else ()
    model.fit(images(0), *labels, batch_size=4, verbose=0)
    new = models.grown(model, **build(1, **names, **options))
    np.testing.assert_array_equal(new.sample(6, seed=0), enlarged(model.sample(6, seed=0)))
    history = new.fit(images(1), *labels, batch_size=4, verbose=0).history
    assert type(new) is kind and np.isfinite(history["loss"]).all() and int(new.steps_done) == 6


def test_a_grown_model_is_saved_with_all_that_it_has(tmp_path):
    new = models.grown(trained(0), **build(1))
    for fade in fades(new):
        fade.alpha.assign(0.25)
    new.fit(images(1), batch_size=4, verbose=0)
    new.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    for one, other in ((new, again), (new.optimizer, again.optimizer)):
        for expected, found in zip(one.variables, other.variables, strict=True):
            np.testing.assert_array_equal(expected, found)
    assert [float(fade.alpha) for fade in fades(again)] == [0.25, 0.25]


def unfinished():
    model = compiled(1)
    fades(model)[0].alpha.assign(0.5)
    return model


def uncompiled():
    return models.WGANGP(**build(0), latent_dim=3)


def others(name, **options):
    """A network without, or with other, layers of the names of the old ones."""
    dense = keras.layers.Dense(64, name=name)
    return keras.Sequential([keras.Input((3,)), dense, keras.layers.Reshape((8, 8, 1))], **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: models.grown(unfinished(), **build(2)), "completed its last fade.*alpha = 1. Received: alpha = 0.5"),
        (lambda: models.grown(uncompiled(), **build(1)), "must be a compiled model.*Received: a model that is not"),
        (lambda: models.grown(build(0)["generator"]), "must be a compiled model of this library. Received: Functional"),
        (lambda: models.grown(compiled()), r"Expected: some of \['generator', 'critic'\]. Received: \[\]"),
        (
            lambda: models.grown(compiled(), **build(1, critic="discriminator")),
            r"under the names of WGANGP's arguments.*Received: \['discriminator', 'generator'\]",
        ),
        (
            lambda: models.grown(compiled(), **{**build(1), "generator": others("unknown")}),
            r"`generator` must have layers of the network that it replaces.*'stage_0_dense'.*Received: \['unknown'\]",
        ),
        (
            lambda: models.grown(compiled(), **{**build(1), "generator": others("stage_0_dense")}),
            r"keep the shapes.*Expected: weights of shapes \[\(3, 80\), \(80,\)\] in 'stage_0_dense'. Received",
        ),
        (lambda: models.grown(TwoPlayers.small(), generator=None), "must be a compiled model"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
