import keras
import pytest

from keras_gen import layers, presets

SMALL = {"latent_dim": 4, "width": 0.01}


@pytest.mark.parametrize("name", ["autoencoder", "convolutional-autoencoder"])
def test_noise_becomes_a_layer_of_its_kind(name):
    kinds = {"masking": layers.MaskingNoise, "salt_and_pepper": layers.SaltAndPepperNoise}
    for kind, layer in {**kinds, "gaussian": keras.layers.GaussianNoise, "dropout": keras.layers.Dropout}.items():
        model = presets.build(name, (8, 8, 1), corruption=0.25, corruption_kind=kind, **SMALL)
        assert type(model.corruption) is layer and 0.25 in model.corruption.get_config().values()
    assert presets.build(name, (8, 8, 1), **SMALL).corruption is None
    assert presets.build(name, (8, 8, 1), corruption=1.0, corruption_kind="gaussian", **SMALL).corruption.stddev == 1
    with pytest.raises(ValueError, match=r"`corruption` must be a number in \[0, 1\)"):
        presets.build(name, (8, 8, 1), corruption=1.0, **SMALL)


def test_the_symmetric_autoencoder_is_narrowed_no_further_than_its_code():
    model = presets.autoencoder((8, 8, 1), latent_dim=4, width=0.01, sparsity=0.5, contraction=0.1, tied=True)
    assert [layer.units for layer in model.encoder.layers if hasattr(layer, "units")] == [10, 5, 4, 4, 4]
    assert isinstance(model.sparsity, layers.L1Sparsity) and model.contraction == 0.1


@pytest.mark.parametrize("name", ["autoencoder", "convolutional-autoencoder"])
def test_the_mean_is_subtracted_where_training_and_inference_have_the_same(name):
    for options, centered in [
        ({}, True),
        ({"center": False}, False),
        ({"corruption": 0.2}, True),
        ({"corruption": 0.2, "corruption_kind": "masking"}, False),
        ({"reconstruction": "bernoulli"}, False),
    ]:
        model = presets.build(name, (8, 8, 1), **SMALL, **options)
        names = {layer.name for layer in model.encoder.layers}
        assert ("encoder_center" in names) == centered
        assert ("encoder_shortcut" in names) == (centered and name == "autoencoder")


def test_a_shortcut_needs_no_centring():
    model = presets.autoencoder((8, 8, 1), latent_dim=4, width=0.1, center=False, shortcut=True)
    assert model.encoder.get_layer("encoder_shortcut").kernel.shape == (64, 4)


@pytest.mark.parametrize("name", ["autoencoder", "convolutional-autoencoder"])
def test_logits_have_no_mean_to_add(name):
    with pytest.raises(
        ValueError, match="`center` adds the mean to values, not to logits. .* Received: reconstruction='b"
    ):
        presets.build(name, (8, 8, 1), **SMALL, center=True, reconstruction="bernoulli")


def test_an_autoencoder_without_hidden_layers_has_no_shortcut():
    model = presets.autoencoder((8, 8, 1), units=(), latent_dim=4)
    assert [layer.name for layer in model.encoder.layers if layer.trainable_variables] == ["encoder_1"]


def test_a_stacked_autoencoder_is_tied_and_denoising():
    model = presets.stacked((8, 8, 1), **SMALL)
    assert model.reconstruction == "bernoulli" and isinstance(model.corruption, layers.MaskingNoise)
    assert model.decoder.count_params() < model.encoder.count_params() / 2, "kernels are the encoder's"


def test_each_sparsity_has_its_activation_and_penalty():
    found = {}
    for kind in ("kl", "l1", "k"):
        model = presets.sparse((8, 8, 1), 40, sparsity_kind=kind, k=6, weight_decay=0.2, width=0.5)
        assert model.code_shape == (20,) and model.optimizer.optimizers[0].weight_decay == 0.2
        found[kind] = model.encoder.get_layer("encoder_1").activation.__name__, type(model.sparsity)
    assert found == {
        "kl": ("sigmoid", layers.KLSparsity),
        "l1": ("relu", layers.L1Sparsity),
        "k": ("linear", type(None)),
    }
    assert presets.sparse((6,), sparsity_kind="l1", sparsity=0.5, rho=2).sparsity.weight == 0.5, "it has no rho"
    with pytest.raises(ValueError, match="Unknown sparsity_kind"):
        presets.sparse((8, 8, 1), sparsity_kind="l2")


def test_a_contractive_autoencoder_has_one_sigmoid_layer():
    model = presets.contractive((8, 8, 1), width=0.01, contraction=0.5)
    assert model.contraction == 0.5 and model.code_shape == (10,)
    assert model.encoder.get_layer("encoder_1").activation.__name__ == "sigmoid"
