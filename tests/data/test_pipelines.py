import os

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.data import Pipeline
from keras_gen.data.datasets import drop_uneven_batches, is_endless
from keras_gen.data.pipelines import shuffled

X = np.arange(23, dtype="float32")[:, None]


def epoch(pipeline, number=0, training=True):
    pipeline.epoch.assign(number)
    return np.concatenate([batch.numpy() for batch in pipeline.dataset(training)])


def test_every_epoch_holds_every_example_once_in_an_order_of_its_own():
    pipeline = Pipeline(X, batch_size=5, seed=1)
    orders = [epoch(pipeline, number).ravel() for number in range(4)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), X.ravel())
    assert len({tuple(order) for order in orders}) == 4


def test_an_epochs_order_follows_from_seed_and_number():
    a, b, c = (Pipeline(X, batch_size=5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(epoch(a, 3), epoch(b, 3))
    assert not np.array_equal(epoch(a, 3), epoch(c, 3))


def test_epochs_of_many_examples_have_orders_of_their_own():
    """The correlation of two random orders of n examples has mean 0 and variance 1 / (n - 1)."""
    x = np.arange(60_000, dtype="float32")[:, None]
    pipelines = [Pipeline(x, batch_size=6000, seed=seed) for seed in (0, 1)]
    orders = [epoch(pipeline, number).ravel() for pipeline in pipelines for number in (0, 1, 2)]
    assert np.abs(np.corrcoef([x.ravel(), *orders])[np.triu_indices(7, k=1)]).max() < 4 / np.sqrt(len(x))


@pytest.mark.parametrize("size", [1000, 10_000, 1_000_000])
def test_batches_are_random_draws(size):
    """Neighbours are uncorrelated, and the means of batches scatter as those of random draws."""
    places = tf.range(size, dtype="int64")
    orders = np.array([shuffled(places, tf.constant(0, "int64"), tf.constant(e, "int64"), size) for e in range(4)])
    assert (np.sort(orders) == np.arange(size)).all()
    deviations = orders.reshape(4, -1, 100).mean(axis=2).std(axis=1)
    np.testing.assert_allclose(deviations, size / np.sqrt(12 * 100), rtol=4 / np.sqrt(2 * size / 100))
    for order in orders:
        assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 4 / np.sqrt(size)
    assert np.abs(np.corrcoef(orders)[np.triu_indices(4, k=1)]).max() < 4 / np.sqrt(size)


def test_without_shuffle_and_in_evaluation_the_order_is_the_arrays():
    np.testing.assert_array_equal(epoch(Pipeline(X, shuffle=False), 2), X)
    np.testing.assert_array_equal(epoch(Pipeline(X), 2, training=False), X)


def test_labels_stay_with_their_examples():
    pipeline = Pipeline(X, y=X[:, 0].astype("int64") * 10, batch_size=4)
    for x, y in pipeline.dataset():
        np.testing.assert_array_equal(x.numpy()[:, 0] * 10, y.numpy())


@pytest.mark.parametrize(
    ("options", "sizes"),
    [({}, [5, 5, 5, 5, 3]), ({"drop_remainder": True}, [5, 5, 5, 5]), ({"steps": 2}, [5, 5])],
)
def test_batches(options, sizes):
    pipeline = Pipeline(X, batch_size=5, **options)
    assert [len(batch) for batch in pipeline.dataset()] == sizes
    assert len(pipeline.dataset()) == len(sizes)
    assert len(epoch(pipeline, training=False)) == len(X)


def test_dynamic_draw_depends_on_the_epoch_and_not_on_the_batch_size():
    x = np.full((24, 5, 3, 1), 0.5, "float32")
    small, large = (Pipeline(x, batch_size=size, seed=1, binarization="dynamic") for size in (4, 12))
    np.testing.assert_array_equal(epoch(small, 2), epoch(large, 2))
    assert not np.array_equal(epoch(small, 2), epoch(small, 3))
    np.testing.assert_array_equal(epoch(small, 2, training=False), epoch(small, 7, training=False))


def test_dynamic_draw_has_the_pixels_for_means():
    x = np.tile(np.array([0.0, 0.1, 0.5, 0.9, 1.0], "float32"), (4000, 1))
    drawn = epoch(Pipeline(x, batch_size=500, binarization="dynamic"))
    assert set(np.unique(drawn)) == {0.0, 1.0}
    np.testing.assert_allclose(drawn.mean(axis=0), x[0], atol=4 * 0.5 / np.sqrt(4000))
    assert abs(np.corrcoef(drawn[:, 1], drawn[:, 2])[0, 1]) < 0.07


def test_static_draw_is_the_same_in_every_epoch():
    x = np.full((10, 6), 0.5, "float32")
    pipeline = Pipeline(x, shuffle=False, binarization="static")
    np.testing.assert_array_equal(epoch(pipeline, 0), epoch(pipeline, 1))


def _threads_while_iterating(dataset):
    iterator = iter(dataset)
    next(iterator)
    return len(os.listdir("/proc/self/task"))


def test_no_thread_tunes_a_pipeline():
    """The end of a `fit` would wait for such a thread, for seconds."""
    dataset, tuned = Pipeline(X).dataset(), tf.data.Options()
    tuned.autotune.enabled = True
    _threads_while_iterating(dataset)  # starts the pools of threads that stay
    assert _threads_while_iterating(dataset.with_options(tuned)) == _threads_while_iterating(dataset) + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.zeros((0, 3))}, "`x` must hold at least one example. Received: x of shape \\(0, 3\\)"),
        ({"x": np.array([["a"]])}, "`x` must be an array of numbers"),
        ({"y": [1, 2]}, "`y` must have a row for each example. Expected: 23. Received: 2"),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1. Received: batch_size=0"),
        ({"binarization": "dynamik"}, "Did you mean 'dynamic'"),
        ({"binarization": "None"}, r"Expected: one of \['dynamic', 'static'\]. Received: 'None'"),
        ({"steps": 0.5}, "`steps` must be an integer >= 1. Received: steps=0.5"),
        ({"binarization": "dynamic"}, "Expected: values in \\[0, 1\\]. Received: values in \\[0, 22\\]"),
        ({"steps": 9}, "An epoch cannot have more steps than batches. Expected: at most 1. Received: 9"),
        ({"seed": -1}, "`seed` must be an integer >= 0"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        Pipeline(**{"x": X, **arguments})


def test_a_file_stays_on_disk_and_gives_what_an_array_gives(tmp_path):
    np.save(tmp_path / "x.npy", X)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    on_disk, in_memory = Pipeline(x, batch_size=5, seed=1), Pipeline(X, batch_size=5, seed=1)
    assert on_disk.sources[0]._array is x
    for number in range(2):
        np.testing.assert_array_equal(epoch(on_disk, number), epoch(in_memory, number))


def test_a_sparse_matrix_stays_sparse_and_gives_what_an_array_gives():
    from scipy.sparse import csr_matrix

    sparse, dense = (Pipeline(x, batch_size=5, seed=1) for x in (csr_matrix(X), X))
    assert sparse.sources[0].extremes() == dense.sources[0].extremes() == (0.0, 22.0)
    np.testing.assert_array_equal(epoch(sparse), epoch(dense))


def test_weights_make_batches_dicts():
    (batch,) = Pipeline(X, sample_weight=X[:, 0], shuffle=False).dataset()
    assert sorted(batch) == ["sample_weight", "x"]
    np.testing.assert_array_equal(batch["sample_weight"], batch["x"][:, 0])


def test_a_dataset_without_end_is_known():
    dataset = tf.data.Dataset.from_tensor_slices(X)
    assert is_endless(dataset.repeat()) and not is_endless(dataset) and not is_endless(X)


@pytest.mark.parametrize(
    ("examples", "updates", "batches"), [(11, 1, 1), (12, 1, 2), (12, 2, 1), (14, 1, 1), (16, 2, 2)]
)
def test_a_last_batch_that_devices_cannot_share_out_is_left_out(examples, updates, batches):
    """Four devices; after a batch of 8: three; four, too few for two updates; six, of which one gets none; eight."""
    pipeline = Pipeline(np.zeros((examples, 1)), batch_size=8)
    shared = {"updates": updates, "replicas": 4}
    assert pipeline.batches(**shared) == len(list(pipeline.dataset(**shared))) == batches
    assert pipeline.batches(training=False, **shared) == len(list(pipeline.dataset(False, **shared))) == 2


def test_an_epoch_has_a_batch():
    Pipeline(X[:5], batch_size=5, drop_remainder=True).require(updates=1)
    with pytest.raises(ValueError, match="must fill a batch .* Expected: examples >= 5. Received: examples=4"):
        Pipeline(X[:4], batch_size=5, drop_remainder=True).require(updates=1)
    with pytest.raises(ValueError, match="Expected: examples >= 2, a multiple of 2. Received: examples=7"):
        Pipeline(X[:7], batch_size=8).require(updates=1, replicas=2)
    with pytest.raises(ValueError, match="Expected: examples >= 5. Received: examples=4"):
        Pipeline(X[:4], batch_size=5).require(updates=5)


def test_foreign_batches_that_devices_cannot_share_out_are_left_out():
    batches = tf.data.Dataset.from_tensor_slices(np.arange(11)).batch(4)
    assert [len(batch) for batch in drop_uneven_batches(batches, updates=2, replicas=2)] == [4, 4]
    assert [len(batch) for batch in drop_uneven_batches(batches, updates=1, replicas=3)] == [3]


def test_a_stated_range_is_known_whatever_the_images_show():
    bright = np.full((20, 2, 2, 1), 0.8)
    assert Pipeline(bright, value_range=(-1, 1)).sources[0].extremes() == (-1.0, 1.0)
    assert Pipeline(bright, np.arange(20), value_range=(-1, 1)).sources[1].extremes() == (0.0, 19.0)
    assert Pipeline(bright).sources[0].extremes() == pytest.approx((0.8, 0.8))
    with pytest.raises(ValueError, match=r"`x` is out of range. Expected: values in \[0, 0.5\]"):
        Pipeline(bright, value_range=(0, 0.5))
    with pytest.raises(ValueError, match=r"`value_range` must be \(lowest, highest\)"):
        Pipeline(bright, value_range=(1, 0))


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("first", [None, 1])
def test_workers_read_the_shares_of_a_batch_alone(workers, first):
    """Of 6 replicas, in the order of a whole batch, also in a resumed epoch; a last batch of 4 is left out."""
    pipeline = Pipeline(np.arange(28.0)[:, None], np.arange(28), batch_size=12, seed=3)
    pipeline.epoch.assign(2)
    options = {"updates": 2, "replicas": 6} | ({} if first is None else {"resumed": True})
    pipeline.first.assign(first or 0)
    whole = [x.numpy() for x, _ in pipeline.dataset(**options)]
    assert len(whole) == 2 - (first or 0)
    count = 6 // workers
    shares = [
        [x.numpy() for x, _ in pipeline.dataset(**options, local_replicas=range(worker * count, (worker + 1) * count))]
        for worker in range(workers)
    ]
    for step, batch in enumerate(whole):
        found = [share for worker in shares for share in worker[step * count : (step + 1) * count]]
        assert [len(share) for share in found] == [2] * 6
        np.testing.assert_array_equal(np.concatenate(found), batch)
