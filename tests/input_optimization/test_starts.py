import warnings

import keras
import numpy as np
import pytest
from keras import ops

from keras_gen.input_optimization import InputOptimization
from keras_gen.input_optimization.starts import optimized, random_start

TARGETS = np.array([[1.0], [2.0], [3.0]], "float32")


def squared():
    return InputOptimization(lambda x, t: ops.sum((x - t) ** 2, axis=-1), keras.optimizers.SGD(0.25))


def test_a_random_start_is_the_same_for_each_row_and_another_at_each_attempt():
    draw = random_start((200, 2), center=3.0, size=0.5, seed=1)
    first = draw(np.arange(2), 0)
    assert first.shape == (2, 200, 2) and first.dtype == "float32"
    np.testing.assert_array_equal(first[0], first[1])
    np.testing.assert_array_equal(draw([7], 0)[0], first[0])
    assert abs(first[0].mean() - 3) < 0.1 and abs(first[0].std() - 0.5) < 0.05
    assert (draw([0], 1)[0] != first[0]).all()
    assert (random_start((200, 2), 3.0, 0.5, seed=2)([0], 0)[0] != first[0]).all()


def test_images_begin_with_coarser_noise_at_each_attempt():
    draw = random_start((6, 5, 2), 0.0, 1.0, seed=0)
    edges = []
    for attempt in range(4):
        (image,) = draw([0], attempt)
        assert image.shape == (6, 5, 2)
        edges.append(next(edge for edge in range(1, 7) if edge == 6 or (image[edge] != image[0]).any()))
    assert edges == [1, 2, 4, 1]


def test_batches_give_all_rows():
    draw = random_start((4,), 0.0, 1.0, seed=0)
    for size in (1, 2, 9):
        np.testing.assert_allclose(
            optimized(squared(), draw, TARGETS, steps=30, batch_size=size), TARGETS + np.zeros(4)
        )
    with pytest.raises(ValueError, match="`batch_size` must be an integer >= 1"):
        optimized(squared(), draw, TARGETS, steps=1, batch_size=0)


def test_rows_at_rest_and_no_others_begin_again():
    """x of row i is -1 at attempts 0 to i: relu has no gradient there."""
    problem = InputOptimization(lambda x, t: -ops.sum(ops.relu(x), axis=-1), keras.optimizers.SGD(1.0))

    def draw(rows, attempt):
        return np.where(attempt > np.asarray(rows)[:, None], 10.0 * attempt, -1.0) * np.ones((1, 2))

    with pytest.warns(
        UserWarning, match="3 of 3 images had no gradient where they started, and began again elsewhere$"
    ):
        found = optimized(problem, draw, TARGETS, steps=1, batch_size=2)
    np.testing.assert_allclose(found, [[11, 11], [21, 21], [31, 31]])
    with pytest.warns(UserWarning, match="1 of 1 images .*; 1 of them found none in 10 starts, and are left where"):
        found = optimized(problem, lambda rows, attempt: -np.ones((1, 2)), TARGETS[:1], steps=1, batch_size=2)
    np.testing.assert_allclose(found, [[-1, -1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        optimized(problem, lambda rows, attempt: np.ones((len(rows), 2)), TARGETS, steps=1, batch_size=2)
