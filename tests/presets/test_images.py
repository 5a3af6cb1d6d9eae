import keras
import numpy as np
import pytest

from keras_gen import presets

SMALL = {"width": 0.03, "blocks": 1}


@pytest.mark.parametrize(("side", "patches"), [(24, 1), (20, 3), (8, 2)])
def test_discriminators_suit_the_size_of_the_images(side, patches):
    model = presets.cyclegan((side, side, 1), **SMALL)
    assert model.discriminator_x.output_shape == (None, patches, patches, 1)


def test_images_of_any_size():
    model = presets.cyclegan((None, None, 3), pool_size=0, **SMALL)
    assert model.translate(np.zeros((1, 12, 8, 3))).shape == (1, 12, 8, 3)
    assert model.discriminator_x.compute_output_shape((1, 24, 24, 3)) == (1, 1, 1, 1), "one patch of 70 pixels"


@pytest.mark.compiled
def test_no_blocks_are_none_and_by_default_they_are_the_published_ones():
    for blocks, side, expected in ((0, 8, 0), (None, 8, 6), (None, 256, 9)):
        model = presets.cyclegan((side, side, 1), blocks=blocks, width=0.01, pool_size=0)
        assert sum(isinstance(layer, keras.layers.Add) for layer in model.generator_yx.layers) == expected


def test_pairs_are_seen_by_the_discriminator_unless_it_is_unconditional():
    model = presets.pix2pix((16, 16, 3), width=0.05, dropout=0.0, reconstruction_weight=7.0)
    assert [tensor.shape[1:] for tensor in model.discriminator.inputs] == [(16, 16, 3)] * 2
    assert model.reconstruction_weight == 7 and float(model.optimizer["generator"].beta_1) == 0.5
    assert len(presets.pix2pix((16, 16, 3), width=0.05, conditional=False).discriminator.inputs) == 1


def test_super_resolution_enlarges_with_and_without_a_discriminator():
    plain, gan = (presets.build(name, (6, 6, 1), width=0.1, blocks=1, scale=2) for name in ("srresnet", "srgan"))
    assert plain.discriminator is None and plain.translate(np.zeros((1, 6, 6, 1))).shape == (1, 12, 12, 1)
    assert gan.discriminator.input_shape == (None, 12, 12, 1) and not gan.conditional
    with pytest.raises(ValueError, match="Unknown argument of the preset"):
        presets.build("srgan", (6, 6, 1), conditional=True)
    with pytest.raises(ValueError, match="`scale` must be a power of two"):
        presets.build("srresnet", (6, 6, 1), scale=6)


def test_upsampling_reaches_both_generators():
    model = presets.cyclegan((8, 8, 1), upsampling="interpolation", **SMALL)
    for generator in (model.generator_xy, model.generator_yx):
        assert sum(isinstance(layer, keras.layers.UpSampling2D) for layer in generator.layers) == 2
    with pytest.raises(ValueError, match="Unknown upsampling. Did you mean 'subpixel'"):
        presets.cyclegan((8, 8, 1), upsampling="subpixels", **SMALL)


def test_arguments_reach_networks_and_model():
    model = presets.cyclegan((8, 8, 3), skip=True, pool_size=7, identity_weight=5, learning_rate=0.5, **SMALL)
    assert (model.pool_size, model.identity_weight) == (7, 5)
    for generator in (model.generator_xy, model.generator_yx):
        assert sum(isinstance(layer, keras.layers.Add) for layer in generator.layers) == SMALL["blocks"]
        assert any(isinstance(layer, keras.layers.Concatenate) for layer in generator.layers)
    assert all(float(one.learning_rate) == 0.5 and one.beta_1 == 0.5 for one in model.optimizer.optimizers)
