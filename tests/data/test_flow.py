import keras
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from keras_gen import data
from keras_gen.layers import Warp2D
from keras_gen.losses import end_point_error
from tests.images import image_folders

SMALL = {"size": 16, "max_displacement": 2.5, "control_points": 3, "batch_size": 4}
Y, X = np.mgrid[:24, :24].astype("float32")


def photographs(n=6, side=64):
    """Real photographs, cut out of one, in [0, 1]."""
    photo = load_sample_image("china.jpg").astype("float32")[:384] / 255
    tiles = [photo[top : top + side, left : left + side] for top in (0, 160, 300) for left in (0, 200, 400, 500)]
    return np.stack(tiles[:n])


def of(function, n=6):
    """n images of a function of (x, y), as large as `SMALL` needs and no larger."""
    return np.broadcast_to(function(X, Y)[..., None], (n, 24, 24, 1)).astype("float32")


def epoch(pipeline, number=0, dataset=None, **options):
    """The arrays (first, second, flow) of one epoch, of the pipeline's `dataset` if there is one already."""
    pipeline.epoch.assign(number)
    dataset = pipeline.dataset(**options) if dataset is None else dataset
    batches = [(*images, flow) for images, flow in dataset.as_numpy_iterator()]
    return [np.concatenate(part) for part in zip(*batches, strict=True)]


def assert_equal(found, expected):
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


def test_ramps_move_by_the_flow_exactly():
    """first(p) = second(p + flow(p)) with channel 0 along x; the smallest photographs, so nothing is clamped."""
    first, second, flow = epoch(data.moving_pairs(of(lambda x, y: 2 * x - 3 * y), **SMALL))
    np.testing.assert_allclose(first[..., 0], second[..., 0] + 2 * flow[..., 0] - 3 * flow[..., 1], atol=1e-4)
    np.testing.assert_allclose(Warp2D()([second, flow])[:, 3:-3, 3:-3], first[:, 3:-3, 3:-3], atol=1e-4)


def test_cubic_convolution_keeps_squares():
    """second(p) = (4 + x)^2, because a photograph of the smallest size has one place for the views, at its margin."""
    first, second, flow = epoch(data.moving_pairs(of(lambda x, y: x * x), **SMALL))
    np.testing.assert_allclose(second[..., 0], np.broadcast_to((4 + X[:16, :16]) ** 2, (6, 16, 16)), rtol=1e-5)
    np.testing.assert_allclose(first[..., 0], (4 + X[:16, :16] + flow[..., 0]) ** 2, rtol=1e-4)


def test_the_flow_warps_the_second_photograph_onto_the_first():
    first, second, flow = epoch(data.moving_pairs(photographs(), size=32, max_displacement=4))

    def difference(image):
        return np.abs(np.asarray(image) - first)[:, 5:-5, 5:-5].mean()

    found = difference(Warp2D()([second, flow]))
    others = second, Warp2D()([second, -flow]), Warp2D()([second, flow[..., ::-1]])
    assert found < 0.3 * min(map(difference, others))


def test_values_stay_within_those_of_the_photograph():
    board = of(lambda x, y: (x + y) % 2)
    first, second, _ = epoch(data.moving_pairs(board, **SMALL))
    assert min(first.min(), second.min()) >= 0 and max(first.max(), second.max()) <= 1


@pytest.mark.parametrize("deformation", [0.0, 0.5, 1.0])
def test_motions_keep_their_bound_and_never_fold(deformation):
    options = {**SMALL, "control_points": 2} if deformation == 1 else SMALL
    *_, flow = epoch(data.moving_pairs(of(np.minimum, n=300), deformation=deformation, **options))
    assert 2 < np.abs(flow).max() <= 2.5
    assert np.abs(flow.mean(axis=(0, 1, 2))).max() < 0.25, "all directions alike"
    across, down = np.diff(flow, axis=2)[:, :-1], np.diff(flow, axis=1)[:, :, :-1]  # d flow / dx, d flow / dy
    assert (np.abs(across).max() == 0) == (deformation == 0)
    determinants = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
    assert determinants.min() > 0


def test_draws_are_of_the_seed_the_epoch_and_the_place_alone():
    images = photographs()

    def pairs(**options):
        return data.moving_pairs(images, **{**SMALL, **options})

    pipeline = pairs()
    dataset = pipeline.dataset()  # one for all epochs, as in `fit`
    first_epoch, second_epoch = (epoch(pipeline, number, dataset) for number in (0, 1))
    assert_equal(epoch(pipeline, 0, dataset), first_epoch)
    assert_equal(epoch(pairs(batch_size=6), 1), second_epoch)  # a resumed run, whatever the batch
    for other in (second_epoch, epoch(pairs(seed=1))):
        assert all(np.abs(left - right).max() > 0.1 for left, right in zip(first_epoch, other, strict=True))
    flows = first_epoch[2].reshape(6, -1)
    assert len({tuple(flow) for flow in flows.round(3)}) == 6, "every pair has its own flow"


def test_evaluation_keeps_the_order_and_the_draws():
    images = np.arange(6, dtype="float32")[:, None, None, None] + np.zeros((6, 24, 24, 1), "float32")
    pipeline = data.moving_pairs(images, **SMALL)
    held_out, dataset = pipeline.dataset(training=False), pipeline.dataset()
    tests = epoch(pipeline, 0, held_out)
    assert tests[0][:, 0, 0, 0].tolist() == list(range(6))
    assert_equal(epoch(pipeline, 5, held_out), tests)
    orders = {tuple(epoch(pipeline, number, dataset)[0][:, 0, 0, 0]) for number in range(4)}
    assert len(orders) > 1 and all(sorted(order) == list(range(6)) for order in orders)
    assert_equal(epoch(data.moving_pairs(images, shuffle=False, **SMALL)), tests)


def test_fit_sees_the_draws_of_the_epoch_that_a_callback_sets():
    pipeline, seen = data.moving_pairs(photographs(), **SMALL), []
    inputs = [keras.Input((16, 16, 3)) for _ in range(2)]
    network = keras.Model(inputs, keras.layers.Conv2D(2, 1)(keras.layers.Concatenate()(inputs)))

    def loss(true, predicted):
        seen.append(np.array(true))
        return end_point_error(true, predicted)

    network.compile(loss=loss, run_eagerly=True)
    count = keras.callbacks.LambdaCallback(on_epoch_begin=lambda number, logs: pipeline.epoch.assign(number))
    options = {"shuffle": False, "callbacks": [count], "verbose": 0}
    dataset = pipeline.dataset()
    network.fit(dataset, initial_epoch=1, epochs=3, **options)
    expected = [epoch(pipeline, number, dataset)[2] for number in (1, 2)]
    np.testing.assert_allclose(np.concatenate(seen), np.concatenate(expected), atol=1e-6)


def test_files_are_resized_to_twice_the_views(tmp_path):
    (folder,) = image_folders(tmp_path, {"photos": 3}, size=(50, 40))
    pipeline = data.moving_pairs(folder, size=(16, 24), max_displacement=2, control_points=2)
    assert pipeline.sources[0].example_shape == (32, 48, 3)
    assert pipeline.shapes == ((16, 24, 3), (16, 24, 3), (16, 24, 2))
    first, second, flow = epoch(pipeline)
    assert first.shape == second.shape == (3, 16, 24, 3) and flow.shape == (3, 16, 24, 2)
    assert -1 <= first.min() < 0 < first.max() <= 1
    (images, flow), shapes = pipeline.symbolic_element(), pipeline.shapes
    assert tuple(tuple(part.shape[1:]) for part in (*images, flow)) == shapes
    grey = data.moving_pairs(folder, size=16, max_displacement=1, control_points=2, image_size=20, channels=1)
    assert grey.shapes[0] == (16, 16, 1) and grey.sources[0].example_shape == (20, 20, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"size": 20},
            r"too small for views of \(20, 20\) that move by 2.5 pixels. Expected: sides of at least \(28, 28\). "
            r"Received: \(24, 24\)",
        ),
        ({"max_displacement": 3.5}, r"that move by 3.5 pixels. Expected: sides of at least \(26, 26\). Received"),
        ({"max_displacement": 0}, "`max_displacement` must be a finite number > 0"),
        ({"control_points": 1}, "`control_points` must be an integer >= 2"),
        ({"control_points": 4}, r"could fold. Expected: 4 deformation .* views - 1, 15. Received: 15"),
        ({"deformation": -0.1}, "`deformation` must be a finite number >= 0"),
        ({"deformation": 1.5}, "`deformation` must be a share from 0 to 1. Received: deformation=1.5"),
        ({"size": (16, 16, 16)}, r"`size` must be a side or \(height, width\)"),
        ({"image_size": 32}, r"`images` is an array, which is not resized. Expected: \(32, 32\). Received: \(24, 24\)"),
        ({"images": np.zeros((3, 24, 24))}, "`images` must be images"),
        ({"images": "missing"}, "`images` must be an image or a folder of images that exists"),
        ({"seed": -1}, "`seed` must be an integer >= 0"),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1"),
        ({"steps": 3}, "more steps than batches. Expected: at most 2. Received: 3"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        data.moving_pairs(**{"images": of(np.minimum), **SMALL, **options})
