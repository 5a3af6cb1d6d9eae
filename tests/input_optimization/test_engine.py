import keras
import numpy as np
import pytest
from keras import ops
from scipy.optimize import minimize

from keras_gen.input_optimization import LBFGS, InputOptimization, SteepestDescent
from keras_gen.input_optimization.projections import ball

CENTERS = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]], "float32")
STARTS = np.array([[0.0, 0.5, 1.0], [2.0, 2.0, 2.0]], "float32")


def quartic(x, centers):
    """A function whose minimum is not where its first gradient points to."""
    return ops.sum((x - centers) ** 4 * ops.array([1.0, 3.0, 0.2]) + 0.1 * x**2, axis=-1)


def optimizers():
    return [keras.optimizers.Adam(0.1), SteepestDescent(0.05), SteepestDescent(0.05, "l2"), LBFGS()]


@pytest.mark.parametrize("optimizer", optimizers(), ids=lambda optimizer: type(optimizer).__name__)
def test_a_batch_gives_what_single_examples_give(optimizer):
    problem = InputOptimization(quartic, optimizer, value_range=(-1.5, 1.5))
    together = problem.run(STARTS, CENTERS, steps=15)
    single = [problem.run(STARTS[i : i + 1], CENTERS[i : i + 1], steps=15) for i in range(2)]
    np.testing.assert_allclose(together.images, np.concatenate([one.images for one in single]), atol=1e-6)
    objectives = np.concatenate([one.history["objective"] for one in single], axis=1)
    np.testing.assert_allclose(together.history["objective"], objectives, rtol=1e-5, atol=1e-6)


def test_each_step_may_have_data_of_its_own():
    batches = [CENTERS, 2 * CENTERS, -CENTERS]
    sgd = keras.optimizers.SGD(0.1)
    nearest = InputOptimization(lambda x, scale, centers: ops.sum(scale[:, None] * (x - centers) ** 2, axis=-1), sgd)
    scales = np.array([1.0, 0.5], "float32")
    expected = STARTS
    for centers in batches:
        expected = expected - 0.2 * scales[:, None] * (expected - centers)
    found = nearest.run(STARTS, scales, steps=3, batches=lambda step: (batches[step],)).images
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_projections_see_the_data_of_their_step():
    """Each step ends at the data of that step, and the start is put to those of the first."""
    batches = [CENTERS, 2 * CENTERS, -CENTERS]
    problem = InputOptimization(
        lambda x, centers: ops.sum(x**2, axis=-1), "sgd", projections=[lambda x, centers: centers]
    )
    seen = []
    found = problem.run(
        STARTS, steps=3, batches=lambda step: (batches[step],), on_step=lambda step, x, terms: seen.append(np.array(x))
    )
    np.testing.assert_allclose(seen, [CENTERS, *batches[:2]])
    np.testing.assert_allclose(found.images, batches[2])


def test_lbfgs_finds_what_scipy_finds():
    def value(point, center):
        return np.sum((point - center) ** 4 * [1.0, 3.0, 0.2] + 0.1 * point**2)

    found = InputOptimization(quartic, LBFGS(), value_range=(-1.5, 1.5)).run(STARTS, CENTERS, steps=100)
    for image, start, center in zip(found.images, STARTS, CENTERS, strict=True):
        expected = minimize(value, start, args=(center,), method="L-BFGS-B", bounds=[(-1.5, 1.5)] * 3, tol=1e-14)
        assert value(image, center) == pytest.approx(expected.fun, rel=1e-5)
        assert np.abs(image).max() <= 1.5
    assert (np.diff(found.history["objective"], axis=0) <= 1e-6).all(), "no step of L-BFGS goes up"


def test_the_history_holds_the_values_in_front_of_each_step():
    problem = InputOptimization(
        lambda x, c: ops.sum((x - c) ** 2, axis=-1),
        keras.optimizers.SGD(0.25),
        regularizers={"size": (3.0, lambda x, c: ops.sum(ops.abs(x), axis=-1))},
    )
    seen = []
    found = problem.run(
        STARTS, CENTERS, steps=3, on_step=lambda step, x, terms: seen.append((step, np.array(x), terms))
    )
    np.testing.assert_array_equal(seen[0][1], STARTS)
    assert [step for step, _, _ in seen] == [0, 1, 2]
    for step, x, terms in seen:
        np.testing.assert_allclose(found.history["objective"][step], ((x - CENTERS) ** 2).sum(axis=1), rtol=1e-6)
        np.testing.assert_allclose(found.history["size"][step], 3 * np.abs(x).sum(axis=1), rtol=1e-6)
        np.testing.assert_array_equal(np.asarray(terms), [found.history[name][step] for name in ("objective", "size")])
    gradient = 2 * (STARTS - CENTERS) + 3 * np.sign(STARTS)
    np.testing.assert_allclose(seen[1][1], STARTS - 0.25 * gradient, rtol=1e-6)


def test_the_history_of_lbfgs_begins_at_the_start():
    found = InputOptimization(quartic, LBFGS()).run(STARTS, CENTERS, steps=4)
    values = [InputOptimization(quartic, LBFGS()).run(STARTS, CENTERS, steps=steps).images for steps in range(4)]
    expected = [quartic(images, CENTERS) for images in values]
    np.testing.assert_allclose(found.history["objective"], expected, rtol=1e-4)


def test_the_history_of_lbfgs_without_a_step_is_the_value_of_the_start():
    found = InputOptimization(lambda x: ops.sum(x**2, axis=-1) + 5.0, LBFGS()).run(0 * STARTS, steps=3)
    np.testing.assert_array_equal(found.history["objective"], np.full((3, 2), 5.0))


def test_lbfgs_through_a_sigmoid_finds_what_bounds_find_and_stays_within():
    inside, outside = np.array([[0.3, -0.2, 1.0]], "float32"), np.array([[5.0, -5.0, 0.5]], "float32")
    for center in (inside, outside):
        start = np.array([[-1.5, 1.5, 0.0]], "float32")  # at the ends of the range
        bounded, smooth = (
            InputOptimization(quartic, LBFGS(sigmoid=sigmoid), value_range=(-1.5, 1.5)).run(start, center, steps=200)
            for sigmoid in (False, True)
        )
        assert np.abs(smooth.images).max() <= 1.5
        np.testing.assert_allclose(
            smooth.history["objective"][-1], bounded.history["objective"][-1], rtol=2e-2, atol=1e-4
        )


def test_no_steps_only_project_the_start():
    problem = InputOptimization(quartic, value_range=(0, 1), projections=[lambda x, c: x + c])
    found = problem.run(STARTS, CENTERS, steps=0)
    np.testing.assert_array_equal(found.images, np.clip(STARTS + CENTERS, 0, 1))
    assert found.history["objective"].shape == (0, 2)


def test_projections_hold_after_every_step():
    within, seen = ball(0.3, "l2"), []
    problem = InputOptimization(quartic, SteepestDescent(0.5), (-2, 2), [lambda x, c: within(x, STARTS)])
    images = problem.run(STARTS, CENTERS, steps=4, on_step=lambda step, x, terms: seen.append(np.array(x))).images
    assert all((np.linalg.norm(x - STARTS, axis=1) <= 0.3 + 1e-6).all() for x in [*seen, images])


@pytest.mark.compiled
def test_a_step_is_compiled_once_for_a_shape_and_each_run_begins_anew():
    traces = []

    def objective(x, centers):
        traces.append(x.shape)
        return quartic(x, centers)

    problem = InputOptimization(objective, keras.optimizers.Adam(0.1))
    first, other, again = (problem.run(STARTS, centers, steps=5) for centers in (CENTERS, -CENTERS, CENTERS))
    assert traces == [(2, 3)]
    np.testing.assert_array_equal(first.images, again.images)
    assert np.abs(first.images - other.images).max() > 0.1
    problem.run(STARTS[:1], CENTERS[:1], steps=1)
    assert traces == [(2, 3), (1, 3)]


def test_a_learning_rate_that_is_set_between_runs_counts():
    optimizer = keras.optimizers.SGD(0.1)
    problem = InputOptimization(lambda x: ops.sum(x**2, axis=-1), optimizer)
    for rate in (0.1, 0.25):
        optimizer.learning_rate = rate
        np.testing.assert_allclose(problem.run(STARTS, steps=1).images, STARTS * (1 - 2 * rate), rtol=1e-6)


def test_the_memory_and_the_tolerance_of_lbfgs():
    exact = InputOptimization(quartic, LBFGS()).run(STARTS, CENTERS, steps=12)
    short = InputOptimization(quartic, LBFGS(memory=1)).run(STARTS, CENTERS, steps=12)
    assert np.abs(exact.images - short.images).max() > 1e-4
    rough = InputOptimization(quartic, LBFGS(tolerance=0.5)).run(STARTS, CENTERS, steps=12).history["objective"]
    assert (rough[-1] > exact.history["objective"][-1]).all()
    np.testing.assert_array_equal(rough[-1], rough[-3])  # both examples are finished


def test_jitter_shifts_what_the_objective_sees_by_the_seed():
    board, seen = np.arange(25.0, dtype="float32").reshape(1, 5, 5, 1), []

    def objective(x):
        seen.append(np.array(x)[0, ..., 0])
        return ops.sum((x - 1.0) ** 2, axis=(1, 2, 3))

    problem = InputOptimization(objective, keras.optimizers.SGD(0.0), jitter=2)
    problem.run(board, steps=6, seed=3)
    problem.run(board, steps=6, seed=3)
    problem.run(board, steps=6, seed=4)
    runs = np.split(np.stack(seen), 3)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()
    shifts = {(place // 5, place % 5) for place in runs[0].reshape(6, -1).argmin(axis=1)}
    assert len(shifts) > 1
    assert shifts <= {(row, column) for row in (3, 4, 0, 1, 2) for column in (3, 4, 0, 1, 2)}
    moved = InputOptimization(objective, keras.optimizers.SGD(0.25), jitter=2).run(board, steps=30).images
    np.testing.assert_allclose(moved, 1.0, atol=1e-4)  # gradients come back to the pixels that they belong to


@pytest.mark.parametrize("optimizer", ["adam", LBFGS()], ids=["steps", "lbfgs"])
def test_an_objective_without_a_gradient_is_refused(optimizer):
    problem = InputOptimization(lambda x: ops.sum(ops.ones_like(x), axis=-1), optimizer)
    with pytest.raises(ValueError, match="has no gradient .* Expected: .* Received: "):
        problem.run(STARTS, steps=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jitter": -1}, "`jitter` must be an integer >= 0"),
        ({"value_range": (1, 0)}, r"`value_range` must be \(lowest, highest\)"),
        ({"optimizer": LBFGS(), "jitter": 2}, "L-BFGS minimises a fixed function .* Received: 0 projections, jitter=2"),
        ({"optimizer": LBFGS(sigmoid=True)}, r"`LBFGS\(sigmoid=True\)` needs a range. .* Received: value_range=None"),
        ({"optimizer": LBFGS(), "projections": [ball(1.0, "l2")]}, "Received: 1 projections, jitter=0"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        InputOptimization(quartic, **options)
    with pytest.raises(ValueError, match="`steps` must be an integer >= 0"):
        InputOptimization(quartic).run(STARTS, CENTERS, steps=1.5)


@pytest.mark.parametrize(
    ("objective", "data", "options", "message"),
    [
        (
            lambda x: ops.sum(x**2),
            [],
            {},
            r"must return one value for each image. Expected: .* Received: shapes \[\(\)\]",
        ),
        (quartic, [CENTERS[:1]], {}, r"`data` must have an entry for each image. .* Received: shapes \[\(1, 3\)\]"),
        (quartic, [CENTERS], {"seed": -1}, "`seed` must be an integer >= 0"),
    ],
)
@pytest.mark.parametrize("optimizer", ["adam", LBFGS()], ids=["steps", "lbfgs"])
def test_runs_that_do_not_fit(optimizer, objective, data, options, message):
    with pytest.raises(ValueError, match=message):
        InputOptimization(objective, optimizer).run(STARTS, *data, steps=2, **options)


@pytest.mark.parametrize(
    ("optimizer", "rows", "message"),
    [
        ("adam", [1, 2], r"`batches` must have an entry for each image. Expected: arrays \(2, ...\). Received: .*1, 3"),
        ("adam", [2, 1], r"`batches` must have an entry for each image."),
        (LBFGS(), [2, 2], "L-BFGS minimises a fixed function. Expected: batches=None. Received: a function"),
    ],
)
def test_batches_that_do_not_fit(optimizer, rows, message):
    with pytest.raises(ValueError, match=message):
        InputOptimization(quartic, optimizer).run(STARTS, steps=2, batches=lambda step: (CENTERS[: rows[step]],))


def test_jitter_needs_rows_and_columns():
    with pytest.raises(ValueError, match=r"Jitter shifts the rows and columns .* shape \(2, 3\), jitter=2"):
        InputOptimization(quartic, jitter=2).run(STARTS, CENTERS, steps=2)


def test_data_may_be_of_double_precision():
    double, single = (
        InputOptimization(quartic).run(STARTS, CENTERS.astype(t), steps=2) for t in ("float64", "float32")
    )
    np.testing.assert_array_equal(double.images, single.images)


def test_a_gradient_of_the_objective_is_told_from_one_of_regularisers():
    problem = InputOptimization(
        lambda x: ops.sum(ops.relu(x - 1.0), axis=-1),
        regularizers={"size": (3.0, lambda x: ops.sum(x**2, axis=-1))},
    )
    assert problem.has_gradient(STARTS).tolist() == [False, True]
