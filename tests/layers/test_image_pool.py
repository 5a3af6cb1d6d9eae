import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend
from keras_gen.layers import ImagePool


def numbered(first, n):
    """Images that are all one number: first, first + 1, ..."""
    return np.broadcast_to(np.arange(first, first + n, dtype="float32")[:, None, None, None], (n, 2, 2, 1))


def numbers(images):
    images = ops.convert_to_numpy(images)
    assert (images == images[:, :1, :1]).all(), "an image is handed out whole"
    return images[:, 0, 0, 0].astype(int).tolist()


def filled(size, first=0):
    pool, seed = ImagePool(size), keras.random.SeedGenerator(0)
    pool(numbered(first, size), seed=seed)
    return pool, seed


def test_images_pass_until_the_pool_is_full():
    pool, seed = ImagePool(5), keras.random.SeedGenerator(0)
    for first, n, stored in ((0, 1, 1), (1, 2, 3), (3, 3, 5)):
        assert numbers(pool(numbered(first, n), seed=seed)) == list(range(first, first + n))
        assert int(pool.stored) == stored
    assert numbers(pool.images) == [0, 1, 2, 3, 4], "the sixth found no place, and was passed on"


@pytest.mark.compiled  # hundreds of steps
def test_one_image_at_a_time_half_are_exchanged_as_published():
    """Each image is passed on at once or stored, and then is handed out once, for what takes its place."""
    pool, seed = filled(4)
    step, given, handed = backend.compiled(lambda x: pool(x, seed=seed)), list(range(4, 604)), []
    for number in given:
        handed += numbers(step(numbered(number, 1)))
    at_once = sum(new == old for new, old in zip(given, handed, strict=True))
    assert 250 < at_once < 350
    assert sorted([*handed, *numbers(pool.images)]) == list(range(604)), "none is lost, none is there twice"
    waits = [given[place] - number for place, number in enumerate(handed) if number != given[place]]
    assert np.mean(waits) == pytest.approx(2 * 4, rel=0.25)  # of a pool of 4 in which every second image takes a place


@pytest.mark.parametrize("batch", [3, 4, 7])
def test_a_batch_is_exchanged_for_different_images(batch):
    pool, seed = filled(4)
    handed = []
    for first in range(4, 4 + 20 * batch, batch):
        handed += numbers(pool(numbered(first, batch), seed=seed))
    assert sorted([*handed, *numbers(pool.images)]) == list(range(4 + 20 * batch))
    assert any(new != old for new, old in zip(range(4, 4 + 20 * batch), handed, strict=True))


@pytest.mark.compiled
@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_works_in_a_compiled_step_of_any_batch(jit_compile):
    pool, seed = filled(4)
    step = tf.function(
        lambda x: pool(x, seed=seed), input_signature=[tf.TensorSpec((None, 2, 2, 1))], jit_compile=jit_compile
    )
    handed = [number for first in (4, 6, 8) for number in numbers(step(numbered(first, 2)))]
    assert sorted([*handed, *numbers(pool.images)]) == list(range(10))


def test_half_precision_passes_and_the_pool_stays_exact():
    pool, seed = ImagePool(8, dtype="mixed_bfloat16"), keras.random.SeedGenerator(0)
    pool.build((None, 2, 2, 1))
    exact = np.full((8, 2, 2, 1), 1 / 3, "float32")
    pool.images.assign(exact)
    pool.stored.assign(8)
    for _ in range(2):
        handed = pool(ops.cast(numbered(2, 2), "bfloat16"), seed=seed)
        assert keras.backend.standardize_dtype(handed.dtype) == "bfloat16"
    kept = {float(number) for number in ops.convert_to_numpy(pool.images).ravel()}
    assert kept <= {float(exact[0, 0, 0, 0]), 2.0, 3.0} and float(exact[0, 0, 0, 0]) in kept


def test_it_comes_back_with_its_images(tmp_path):
    model, again = (keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Identity()]) for _ in range(2))
    model.pool, _ = filled(3, first=7)
    model.save_weights(tmp_path / "m.weights.h5")
    again.pool = ImagePool.from_config(model.pool.get_config())
    again.pool.build((None, 2, 2, 1))
    again.load_weights(tmp_path / "m.weights.h5")
    assert numbers(again.pool.images) == [7, 8, 9] and int(again.pool.stored) == 3


def test_bad_input():
    with pytest.raises(ValueError, match="`size` must be an integer >= 1"):
        ImagePool(0)


def test_images_of_a_free_size_are_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"images of one size. Expected: a fixed height .* Received: .*\(None, 8, 1\)"):
        ImagePool(4).build((None, None, 8, 1))
