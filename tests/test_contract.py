"""The contract over every model and every preset, at small width.

A model under contract costs 1 to 5 seconds of one processor, the CycleGAN of the preset 9, a representative 7 to 20.
"""

import os
from pathlib import Path

import keras
import pytest

from keras_gen import layers, models, networks, presets
from keras_gen.training.tasks import TASKS
from tests import contract
from tests.toy import TwoPlayers

SHAPE = (8, 8, 1)


LARGE = {"vgg16": (32, 32, 1)}  # shapes of presets that refuse smaller images


def small(preset, **options):
    return lambda: presets.build(preset, LARGE.get(preset, SHAPE), **options)


def dropout_vae():
    encoder = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dropout(0.3)])
    heads = [keras.layers.Dense(2)(encoder.outputs[0]) for _ in range(2)]
    return models.VAE(
        keras.Model(encoder.inputs[0], heads), networks.mlp_decoder(2, (6,), SHAPE, heads=2), reconstruction="gaussian"
    )


def regularised_classifier():
    parts = [keras.Input(SHAPE), layers.SubtractMean(), keras.layers.Conv2D(2, 3, strides=2), keras.layers.Flatten()]
    network = keras.Sequential([*parts, keras.layers.Dense(10, kernel_regularizer="l2")])
    return models.Classifier(network, (0, 1), adversarial_training=0.4, epsilon=0.1)


def deep_contractive():
    pair = networks.mlp_autoencoder([SHAPE, 6, 3], "tanh", tied=True, code_layer=layers.KSparse(2))
    return models.Autoencoder(*pair, "bernoulli", contraction=0.1)


def incomplete():
    inputs = keras.Input(SHAPE)
    flat = layers.MissingIndicator()(keras.layers.Flatten()(inputs))
    encoder = keras.Model(inputs, keras.layers.Dense(3)(flat))
    noise = layers.MaskingNoise(0.3, value=float("nan"))
    return models.IncompleteAutoencoder(encoder, networks.mlp_decoder(3, (), SHAPE), corruption=noise)


def phased_gan():
    """Both warm-ups, a moving average, several updates a step, batch statistics, labels."""
    z, label = keras.Input((3,)), keras.Input((), dtype="int32")
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(4)(z))
    hidden = keras.layers.Add()([hidden, keras.layers.Embedding(10, 4)(label)])
    fake = keras.layers.Dense(64, activation="tanh")(hidden)
    generator = keras.Model([z, label], keras.layers.Reshape(SHAPE)(fake))
    discriminator = networks.mlp_discriminator(SHAPE, (4,), num_classes=10)
    phases = {"discriminator_warmup_steps": 1, "generator_warmup_steps": 1}
    return models.ConditionalGAN(generator, discriminator, 3, 10, n_critic=2, ema=0.9, **phases)


def augmented_bigan():
    encoder = networks.mlp_encoder(SHAPE, (6,), 3, heads=1)
    parts = networks.mlp_generator(3, (6,), SHAPE), encoder, networks.mlp_discriminator(SHAPE, (6,), condition_dim=3)
    augmentation = keras.Sequential([keras.layers.RandomFlip(), keras.layers.RandomTranslation(0.1, 0.1)])
    return models.BiGAN(*parts, 3, augmentation=augmentation, ema=0.9)


def vae_of_two_conditions():
    conditions = {"num_classes": 10, "condition_dim": 3}
    encoder = networks.mlp_encoder(SHAPE, (6,), 2, **conditions)
    return models.ConditionalVAE(encoder, networks.mlp_decoder(2, (6,), SHAPE, **conditions), (10, None))


def dense_wgan_gp():
    generator, critic = networks.mlp_generator(3, (6,), SHAPE), networks.mlp_discriminator(SHAPE, (6,))
    return models.WGANGP(generator, critic, 3, n_critic=2)


def small_cyclegan(pool_size=6):
    def translator(name):
        layer, normalization = keras.layers.Conv2D(2, 3, padding="same"), layers.InstanceNormalization()
        last = layers.NarrowConv2D(1, 3, padding="same", activation="tanh")
        return keras.Sequential([keras.Input(SHAPE), layer, normalization, last], name=name)

    def judge(name):
        return keras.Sequential([keras.Input(SHAPE), keras.layers.Conv2D(1, 4, strides=2)], name=name)

    return models.CycleGAN(translator("xy"), translator("yx"), judge("x"), judge("y"), pool_size=pool_size)


PRESETS = {
    "vae": [{"width": 0.02}],
    "conditional-vae": [{"width": 0.02, "importance_samples": 2}],
    "semi-supervised-vae": [{"width": 0.02}],
    "convolutional-vae": [{"width": 0.1}],
    "burda-vae": [{"latent_dim": 3, "width": 0.03, "importance_samples": 3}],
    "autoencoder": [{"latent_dim": 3, "width": 0.02, "corruption": 0.3, "sparsity": 0.1}],
    "convolutional-autoencoder": [
        {"latent_dim": 3, "width": 0.1, "tied": True, "corruption": 0.1, "corruption_kind": "gaussian"}
    ],
    "stacked": [{"latent_dim": 3, "width": 0.02}],
    "sparse": [{"width": 0.1}, {"width": 0.1, "sparsity_kind": "k"}],
    "contractive": [{"width": 0.01}],
    "lenet5": [{"width": 0.3, "dropout": 0.2}],
    "alexnet": [{"width": 0.02}],
    "googlenet": [{"width": 0.02}],
    "vgg16": [{"width": 0.02}],
    "gan": [{"width": 0.03, "latent": "uniform", "ema": 0.5}],
    "dcgan": [{"width": 0.05, "dropout": 0.2, "label_smoothing": 0.1}],
    "conditional-gan": [{"width": 0.1}],
    "wgan": [{"width": 0.1, "n_critic": 2, "clip": 1.0}],  # the first weights are within it
    "wgan-gp": [{"width": 0.1, "n_critic": 2}],
    "bigan": [{"latent_dim": 3, "width": 0.02}],
    "cyclegan": [{"width": 0.03, "blocks": 1, "pool_size": 6}],
    "pix2pix": [{"width": 0.03}],
    "srresnet": [{"width": 0.1, "blocks": 1, "scale": 2}],
    "srgan": [{"width": 0.1, "blocks": 1, "scale": 2}],
}
MODELS = {
    "Gaussian VAE with dropout": dropout_vae,
    "deep contractive autoencoder": deep_contractive,
    "incomplete autoencoder": incomplete,
    "regularised classifier": regularised_classifier,
    "phased GAN": phased_gan,
    "augmented BiGAN": augmented_bigan,
    "VAE of two conditions": vae_of_two_conditions,
    "dense WGAN-GP": dense_wgan_gp,
    "small CycleGAN": small_cyclegan,
    "two players": TwoPlayers.small,
    **{
        f"{name} {number}" if number else name: small(name, **options)
        for name, variants in PRESETS.items()
        for number, options in enumerate(variants)
    },
}
# Which model, of a few, stands for which mechanism of the engine
MECHANISMS = {
    "y: optional": "Gaussian VAE with dropout",
    "data: sample_weight": "Gaussian VAE with dropout",
    "state of the model": "Gaussian VAE with dropout",
    "metrics of compile": "Gaussian VAE with dropout",
    "draws of a layer by Keras": "Gaussian VAE with dropout",
    "backend: value_and_grad": "Gaussian VAE with dropout",
    "backend: under_xla": "Gaussian VAE with dropout",
    "backend: own_gradients": "Gaussian VAE with dropout",
    "backend: exact_bias_gradients": "Gaussian VAE with dropout",
    "backend: free_kernels_sometimes": "Gaussian VAE with dropout",
    "backend: normal": "Gaussian VAE with dropout",
    "x: value_range": "deep contractive autoencoder",
    "y: value_range": "deep contractive autoencoder",
    "tied layers": "deep contractive autoencoder",
    "state of a layer: KSparse": "deep contractive autoencoder",
    "backend: batch_jacobian": "deep contractive autoencoder",
    "backend: sum_rows": "deep contractive autoencoder",
    "x: allow_nan": "incomplete autoencoder",
    "y: allow_nan": "incomplete autoencoder",
    "draws of a layer by the library": "incomplete autoencoder",
    "backend: uniform": "incomplete autoencoder",
    "several conditions": "VAE of two conditions",
    "y: num_classes": "regularised classifier",
    "shared forward pass of the first player": "regularised classifier",
    "regularisation": "regularised classifier",
    "state of a layer: SubtractMean": "regularised classifier",
    "convolutions": "regularised classifier",
    "player: shared_forward": "phased GAN",
    "player: updates_per_step": "phased GAN",
    "player: after_update": "phased GAN",
    "player: active": "phased GAN",
    "x: fills_range": "phased GAN",
    "several players": "phased GAN",
    "shared forward pass of a later player": "phased GAN",
    "network of no player": "phased GAN",
    "state of a layer: BatchNormalization": "phased GAN",
    "backend: vjp": "phased GAN",
    "backend: input_gradient": "dense WGAN-GP",
    "several networks a player": "small CycleGAN",
    "data: paired": "small CycleGAN",
    "y: fills_range": "small CycleGAN",
    "state of a layer: ImagePool": "small CycleGAN",
    "backend: instance_normalized": "small CycleGAN",
    "backend: narrow_convolution": "small CycleGAN",
}
REPRESENTATIVES = set(MECHANISMS.values())
METRICS = {"Gaussian VAE with dropout": ["mse"], "regularised classifier": ["sparse_categorical_crossentropy"]}


@pytest.mark.usefixtures("short_googlenet")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.compiled, pytest.mark.as_for_users])
        if name in REPRESENTATIVES | {"alexnet"}  # whose grouped convolutions have no eager gradient on a CPU
        else name
        for name in MODELS
    ],
)
def test_contract(name, digits, labels, tmp_path):
    side = LARGE.get(name, SHAPE)[0] // SHAPE[0]
    images = digits.repeat(side, axis=1).repeat(side, axis=2)
    used = contract.check_model(MODELS[name], images, labels, tmp_path, name in REPRESENTATIVES, METRICS.get(name))
    assert used <= MECHANISMS.keys(), f"no representative holds {used - MECHANISMS.keys()}"
    held = {mechanism for mechanism, holder in MECHANISMS.items() if holder == name}
    assert held <= used, f"it is to stand for {held - used}"


@pytest.mark.parametrize("name", sorted(REPRESENTATIVES))
def test_averages_of_weights(name, digits, labels):
    contract.check_averages_of_weights(MODELS[name], digits, labels)


@pytest.mark.compiled
@pytest.mark.as_for_users
@pytest.mark.parametrize("name", ["vae", "dense WGAN-GP"])
def test_fused_steps(name, digits, labels, tmp_path):
    """Dense networks, whose steps are fused by default: one player, and two of unlike numbers of updates."""
    contract.check_fused_steps(MODELS[name], digits, labels, tmp_path if name == "dense WGAN-GP" else None)


def test_every_preset_and_every_model_is_under_contract():
    assert presets.PRESETS.keys() == PRESETS.keys()
    own = {type(make()) for name, make in MODELS.items() if name in REPRESENTATIVES}
    under_contract = own | {preset.model for preset in presets.PRESETS.values()}
    bases = {models.AdversarialModel, models.EncoderDecoder}
    exported = {getattr(models, name) for name in models.__all__}
    assert under_contract | bases == {one for one in exported if isinstance(one, type)}
    assert contract._METHODS.keys() == TASKS.keys()


def _trace_left_by(task):
    """What an earlier task of a fresh process would have left for this one, and a draw of its random state."""
    found = keras.config.dtype_policy().name, keras.backend.get_uid("trace")
    keras.config.set_dtype_policy("mixed_float16")
    return found, float(keras.random.uniform(())), os.getpid(), os.getppid()


def test_a_fresh_process_sees_nothing_of_an_earlier_one():
    """All are forked from one process, which has nothing running that a fork would break."""
    results = [contract.in_fresh_process(_trace_left_by, None) for _ in range(2)]
    traces, draws, processes, origins = zip(*results, strict=True)
    assert set(traces) == {("float32", 1)}
    assert len(set(draws)) == len(set(processes)) == 2 and len(set(origins)) == 1
    threads = [path.read_text().strip() for path in Path(f"/proc/{origins[0]}/task").glob("*/comm")]
    # pandas starts jemalloc's through pyarrow, where that is installed; jemalloc itself cares for forks
    assert len([name for name in threads if name != "jemalloc_bg_thd"]) == 1
