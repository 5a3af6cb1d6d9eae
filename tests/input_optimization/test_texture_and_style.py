import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import losses, networks
from keras_gen.input_optimization.texture_and_style import _without_colors, style_transfer, texture_synthesis

RNG = np.random.default_rng(0)
STRIPES = np.stack(
    [np.tile(0.5 + 0.4 * np.sin(np.arange(24) * rate)[:, None, None], (1, 20, 3)) for rate in (1.0, 2.0)]
)
CHECKS = np.kron(np.indices((6, 6)).sum(axis=0) % 2, np.ones((4, 4)))[None, :, :, None] * [0.9, 0.5, 0.1]


@pytest.fixture(scope="module")
def bank():
    return networks.random_filter_bank(filters=6, kernel_sizes=(3, 7))


@pytest.fixture(scope="module")
def pooled():
    """A network of two layers of maps with different strides."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(8, 3, padding="same", activation="relu", name=name) for name in ("low", "high")]
    return keras.Sequential([keras.Input((None, None, 3)), layers[0], keras.layers.AveragePooling2D(2), layers[1]])


def textures(images, network, steps=20, **options):
    return texture_synthesis(images, network=network, steps=steps, **{"value_range": (0, 1), **options})


def transferred(content, style, network, steps=10, **options):
    return style_transfer(content, style, network=network, steps=steps, **{"value_range": (0, 1), **options})


@pytest.mark.compiled
def test_the_loss_falls_by_a_large_factor_and_images_stay_in_the_range(bank):
    found = textures(STRIPES, bank, steps=30)
    loss = found.history["objective"]
    assert loss.shape == (30, 2) and (loss[0] / loss[-1] > 30).all(), loss[[0, -1]]
    assert (np.diff(loss, axis=0) <= 1e-6).all()
    assert found.images.min() >= 0 and found.images.max() <= 1 and found.images.dtype == "float32"


@pytest.mark.compiled
def test_gram_matrices_become_those_of_the_picture(bank):
    made = textures(STRIPES[:1], bank, steps=30, margin=0).images
    made, wanted, noise = (
        np.asarray(losses.gram_matrix(bank(images))) for images in (made, STRIPES[:1], RNG.random(STRIPES[:1].shape))
    )
    assert np.linalg.norm(made - wanted) < 0.1 * np.linalg.norm(noise - wanted)


def test_the_loss_of_the_picture_itself_is_0(bank, pooled):
    """A transfer of a picture's own style and content begins at the optimum."""
    for network, layers in ((bank, {}), (pooled, {"content_layers": ["high"], "style_layers": ["low", "high"]})):
        for tile in (512, 8):
            inside = 0.05 + 0.9 * STRIPES  # the start keeps away from the ends of the range
            found = transferred(inside, inside, network, steps=1, optimizer="adam", tile=tile, **layers)
            assert found.history["objective"][0].max() < 1e-6


def test_a_batch_gives_what_single_pictures_give(bank):
    both = textures(STRIPES, bank, steps=4)
    alone = [textures(STRIPES[i : i + 1], bank, steps=4).images for i in range(2)]
    np.testing.assert_allclose(both.images, np.concatenate(alone), atol=2e-2)
    contents = np.concatenate([STRIPES[:1, :, :20], 1 - STRIPES[:1, :, :20]])
    both = transferred(contents, CHECKS, bank, 3, optimizer="adam").images
    alone = [transferred(contents[i : i + 1], CHECKS, bank, 3, optimizer="adam").images for i in range(2)]
    np.testing.assert_allclose(both, np.concatenate(alone), atol=1e-4)


def test_the_seed_gives_the_noise(bank):
    first, again, other = (textures(STRIPES[:1], bank, steps=3, seed=seed).images for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


@pytest.mark.parametrize("size", [(17, 33), 9])
def test_any_size(size, pooled):
    made = textures(STRIPES[:1], pooled, size=size, layers=["low", "high"], steps=3)
    assert made.images.shape == (1, *(size if isinstance(size, tuple) else (size, size)), 3)
    assert np.isfinite(made.history["objective"]).all()


def test_tiles_take_the_steps_of_the_whole(pooled):
    options = {"layers": ["low", "high"], "steps": 3, "optimizer": keras.optimizers.SGD(0.5), "size": (26, 22)}
    whole, tiled = (textures(STRIPES, pooled, tile=tile, **options) for tile in (64, 16))
    np.testing.assert_allclose(whole.images, tiled.images, atol=1e-4)
    np.testing.assert_allclose(whole.history["objective"], tiled.history["objective"], rtol=1e-4)
    assert np.abs(whole.images - textures(STRIPES, pooled, **{**options, "steps": 1}).images).max() > 1e-3
    layers = {"content_layers": ["high"], "style_layers": ["low"], "optimizer": keras.optimizers.SGD(0.5)}
    whole, tiled = (transferred(STRIPES, CHECKS, pooled, 3, tile=tile, **layers).images for tile in (64, 16))
    np.testing.assert_allclose(whole, tiled, atol=1e-4)


@pytest.mark.compiled
def test_copies_of_a_seamless_texture_fit_together(bank):
    """The loss of four copies is that of one."""
    made = {
        seamless: textures(CHECKS, bank, steps=25, seamless=seamless, margin=4).images for seamless in (True, False)
    }

    def step_across(images):
        return np.abs(images[:, 0] - images[:, -1]).mean() / np.abs(np.diff(images, axis=1)).mean()

    assert step_across(made[True]) < step_across(made[False])


@pytest.mark.compiled
def test_content_and_style_are_weighed(bank):
    """With no weight on the style the content stays; with none on the content the style is taken."""
    content = STRIPES[:1, :, :]
    kept = transferred(content, CHECKS, bank, style_weight=0.0).images
    np.testing.assert_allclose(kept, content, atol=0.02)
    taken = transferred(content, CHECKS, bank, steps=20, content_weight=0.0)
    assert taken.history["objective"][-1, 0] < 0.1 * taken.history["objective"][0, 0]
    between = transferred(content, CHECKS, bank, steps=20).images
    distances = [np.abs(images - content).mean() for images in (kept, between, taken.images)]
    assert distances == sorted(distances)


def test_the_content_loss_is_the_mean_over_its_layers(pooled):
    options = {"style_layers": ["low"], "style_weight": 0.0, "start": "noise", "steps": 1, "optimizer": "adam"}
    low, high, both = (
        transferred(STRIPES[:1], CHECKS, pooled, content_layers=layers, **options).history["objective"][0]
        for layers in (["low"], ["high"], ["low", "high"])
    )
    np.testing.assert_allclose(both, (low + high) / 2, rtol=1e-5)
    assert abs(low - high) > 1e-3


def test_the_luminance_of_the_style_is_matched_to_that_of_the_content():
    content, style, chroma = _without_colors(STRIPES[:1], CHECKS, (0, 1))
    luma = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(content[..., 0], STRIPES[:1] @ luma, atol=1e-3)
    np.testing.assert_allclose(content + chroma, STRIPES[:1], atol=1e-6)
    strange = (CHECKS @ luma)[..., None]
    expected = (strange - strange.mean()) * content.std() / strange.std() + content.mean()
    np.testing.assert_allclose(style, np.clip(expected, 0, 1), atol=1e-3)


@pytest.mark.compiled
def test_total_variation_makes_pictures_smooth(bank):
    options = {"start": "noise", "optimizer": "adam", "steps": 15}
    rough, smooth = (
        transferred(STRIPES[:1], CHECKS, bank, total_variation_weight=weight, **options) for weight in (0.0, 100.0)
    )
    assert set(smooth.history) == {"objective", "total_variation"} and set(rough.history) == {"objective"}
    variation = [float(losses.total_variation(made.images)[0]) for made in (rough, smooth)]
    assert variation[1] < 0.8 * variation[0]
    expected = 100 * losses.total_variation(smooth.images) / smooth.images.size
    last = smooth.history["total_variation"][-1]
    np.testing.assert_allclose(expected, last, rtol=0.2)


def chrominance(images):
    """I and Q of YIQ, by its published matrix."""
    return images @ np.array([[0.596, -0.274, -0.322], [0.211, -0.523, 0.312]]).T


def test_colors_are_kept_exactly_and_the_luminance_changes(bank):
    content = RNG.random((2, 16, 18, 3)) * [0.9, 0.6, 0.3]
    kept, changed = (
        transferred(content, CHECKS, bank, content_weight=0.1, keep_colors=keep).images for keep in (True, False)
    )
    assert np.abs(chrominance(kept) - chrominance(content)).max() < 1e-3
    assert np.abs(chrominance(changed) - chrominance(content)).max() > 0.05
    luminance = np.abs((kept - content) @ [0.299, 0.587, 0.114])
    assert luminance.max() > 0.05 and kept.min() >= 0 and kept.max() <= 1


def test_preprocessing_is_part_of_the_gradient(bank):
    """Pixels of 0 to 255 that are scaled in front of the network give the images of 0 to 1."""
    small = textures(STRIPES[:1], bank, steps=5).images
    large = textures(
        255 * STRIPES[:1],
        bank,
        steps=5,
        value_range=(0, 255),
        preprocess=lambda images: ops.cast(images, "float32") / 255,
    ).images
    np.testing.assert_allclose(large / 255, small, atol=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda bank: textures(STRIPES, bank, layers=["filter_3"]), r"Unknown layer. Did you mean 'filters_3'\?"),
        (lambda bank: textures(STRIPES[:, :2, :2], bank), "`images` is too small for the layers. .* Received: 2x2"),
        (lambda bank: textures(STRIPES, bank, size=2), "`size` is too small for the layers. .* Received: 2x2"),
        (lambda bank: textures(STRIPES, bank, steps=0), "`steps` must be an integer >= 1"),
        (lambda bank: textures(STRIPES + 1, bank), "`images` is out of range"),
        (lambda bank: textures(STRIPES, bank, value_range=None), "`value_range` must be given"),
        (lambda bank: transferred(STRIPES, STRIPES[:, :2, :2], bank), "`style` is too small for the layers"),
        (
            lambda bank: transferred(STRIPES[[0, 1, 1]], STRIPES, bank),
            "`style` must be one picture, or one for each of `content`. Expected: 1 or 3 pictures. Received: 2",
        ),
        (
            lambda bank: transferred(STRIPES, CHECKS, bank, content_weight=-1),
            "`content_weight` must be a finite number",
        ),
        (lambda bank: transferred(STRIPES, CHECKS, bank, start="white"), "Unknown start. .* Received: 'white'"),
        (lambda bank: transferred(STRIPES[..., :1], CHECKS, bank), "`content` does not fit the network"),
    ],
)
def test_bad_input(call, message, bank):
    with pytest.raises(ValueError, match=message):
        call(bank)


def test_colors_need_three_channels():
    grey = networks.random_filter_bank((None, None, 1), filters=2, kernel_sizes=(3,))
    with pytest.raises(ValueError, match="`keep_colors` needs images of 3 channels. Received: 1 channels"):
        transferred(STRIPES[..., :1], STRIPES[..., :1], grey, keep_colors=True)
