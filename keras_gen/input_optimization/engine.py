"""The engine: images that minimise an objective, by gradient steps on the images themselves."""

import dataclasses
import typing

import keras
import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.input_optimization.together import together

_EDGE = 0.01  # of the width of a range: how near to its ends a start of `LBFGS(sigmoid=True)` may be


class Optimized(typing.NamedTuple):
    """Optimised images and the values that they went through.

    Args:
        images: float32 array `(n, *shape)`.
        history: Dict from `"objective"` and the names of the regularisers to float32 arrays `(steps, n)`: the values
            in front of each step. An example that L-BFGS has finished earlier keeps its last values.

    Example:

    >>> Optimized(np.zeros((1, 8, 8, 1)), {"objective": np.zeros((20, 1))}).history["objective"].shape
    (20, 1)
    """

    images: np.ndarray
    history: dict


@dataclasses.dataclass(frozen=True)
class LBFGS:
    """scipy's L-BFGS-B as the optimizer of an `InputOptimization`, each example with its own.

    Args:
        memory: Number of past steps from which the curvature is estimated. Defaults to 10.
        tolerance: Relative decrease of the objective in a step below which an example is finished. Defaults to 1e-9.
        sigmoid: Whether pixels are kept in the range as x = low + (high - low) sigmoid(u), with u free, instead of by
            bounds on x. Bounds make steps short where many pixels are near them and the objective bends down. The start
            is kept 1 % of the range's width away from its ends. Defaults to `False`.

    Example:

    >>> LBFGS(memory=5)
    LBFGS(memory=5, tolerance=1e-09, sigmoid=False)

    Reference:
        Byrd, Lu, Nocedal and Zhu, 1995, A limited memory algorithm for bound constrained optimization.
    """

    memory: int = 10
    tolerance: float = 1e-9
    sigmoid: bool = False


class InputOptimization:
    """Minimise an objective over images by gradient steps.

    minimise over x    objective(x) + sum_k weight_k regularizer_k(x)

    with x in the range and in the projections' sets. Each example is minimised by itself, as long as its objective
    depends on it alone: a batch gives what single examples give. A step is compiled once for each shape of the images,
    however often `run` is called.

    Args:
        objective: Function of images `(n, *shape)` and of the `data` given to `run`, that returns a tensor `(n,)`.
        optimizer: Keras optimizer or its name, a `SteepestDescent`, or `LBFGS()`, for objectives without jitter and
            projections. Each run begins with a new state of it. Defaults to `"adam"`.
        value_range: The pair (lowest, highest) in which pixels are kept, or `None`. Defaults to `None`.
        projections: Functions of the images and of `data` that return images, applied in their order to the start and
            after each step, before the range. Defaults to ().
        regularizers: Dict from a name to a pair of a weight and a function of the images and of `data` that returns a
            tensor `(n,)`. Defaults to `None`.
        jitter: Pixels by which the images are shifted at most, by random numbers of rows and columns, anew in each
            step, an integer >= 0. What leaves on one side enters on the other. Defaults to 0.

    Raises:
        ValueError: If an argument is invalid, or, by `run`, if the objective has no gradient.

    Example:

    >>> nearest = InputOptimization(lambda x: ops.sum((x - 2.0) ** 2, axis=-1), keras.optimizers.SGD(0.25))
    >>> nearest.run(np.zeros((1, 3)), steps=20).images.round(3).tolist()
    [[2.0, 2.0, 2.0]]
    """

    def __init__(self, objective, optimizer="adam", value_range=None, projections=(), regularizers=None, jitter=0):
        self.objective, self.regularizers = objective, regularizers or {}
        self.optimizer = optimizer if isinstance(optimizer, LBFGS) else keras.optimizers.get(optimizer)
        self.value_range = value_range if value_range is None else checks.interval("value_range", value_range)
        self.projections, self.jitter = tuple(projections), checks.integer("jitter", jitter, minimum=0)
        if isinstance(optimizer, LBFGS) and (self.projections or self.jitter):
            raise ValueError(
                "L-BFGS minimises a fixed function within a range of values. Expected: no projections, jitter=0. "
                f"Received: {len(self.projections)} projections, jitter={jitter}"
            )
        if isinstance(optimizer, LBFGS) and optimizer.sigmoid and value_range is None:
            raise ValueError("`LBFGS(sigmoid=True)` needs a range. Expected: `value_range`. Received: value_range=None")
        self._states, self._evaluated = {}, backend.compiled(self._values_and_gradients)
        self._objective_gradients = backend.compiled(self._gradients_of_objective)

    def run(self, start, *data, steps, seed=0, verbose=0, on_step=None, batches=None):
        """Take `steps` steps from the images `start`.

        Args:
            start: Array `(n, *shape)`.
            *data: Arrays `(n, ...)` for the objective and the projections, such as labels.
            steps: Number of steps, an integer >= 0; for L-BFGS, at most.
            seed: Integer of the jitter. Defaults to 0.
            verbose: 1 shows a progress bar. Defaults to 0.
            on_step: Function of a step's number and, in front of the step, of the images and the terms
                `(1 + regularizers, n)`, both tensors; not for L-BFGS. Defaults to `None`.
            batches: Function of a step's number that returns a tuple of arrays `(n, ...)`, data of that step that
                follow `data`; the first are also for the projections of the start. Not for L-BFGS. Defaults to `None`.

        Returns:
            `Optimized`.
        """
        steps, seed = checks.integer("steps", steps, minimum=0), checks.integer("seed", seed, minimum=0)
        start = np.asarray(start, "float32")
        data = _for_each("data", start, data)
        if self.jitter and start.ndim < 4:
            raise ValueError(
                "Jitter shifts the rows and columns of images. Expected: `start` of shape (n, height, width, channels),"
                f" or jitter=0. Received: shape {start.shape}, jitter={self.jitter}"
            )
        bar = keras.utils.Progbar(steps) if verbose and steps else None
        if isinstance(self.optimizer, LBFGS):
            if batches is not None:
                raise ValueError("L-BFGS minimises a fixed function. Expected: batches=None. Received: a function")
            images, history = self._by_lbfgs(start, data, steps, bar)
        else:
            images, history = self._by_steps(start, data, steps, seed, bar, on_step, batches or (lambda step: ()))
        names = ["objective", *self.regularizers]
        return Optimized(images, dict(zip(names, np.moveaxis(history, 1, 0), strict=True)))

    def terms(self, images, *data):
        """The objective and the weighted regularisers of images: a list of float32 tensors `(n,)`."""
        terms = [
            self.objective(images, *data),
            *(weight * term(images, *data) for weight, term in self.regularizers.values()),
        ]
        if any(len(term.shape) != 1 for term in terms):
            raise ValueError(
                "The objective and the regularisers must return one value for each image. Expected: tensors (n,). "
                f"Received: shapes {[tuple(term.shape) for term in terms]}"
            )
        return [ops.cast(term, "float32") for term in terms]

    def has_gradient(self, images, *data):
        """Whether the gradient of the objective alone, without regularisers, differs from 0: booleans `(n,)`."""
        gradients = self.gradient(images, *data)
        return gradients.reshape(len(gradients), -1).any(axis=1)

    def gradient(self, images, *data):
        """The gradient of the objective alone, without regularisers: float32 array of the shape of the images."""
        tensors = [ops.convert_to_tensor(entry) for entry in (np.asarray(images, "float32"), *map(_array, data))]
        return np.asarray(self._objective_gradients(*tensors))

    def _by_steps(self, start, data, steps, seed, bar, on_step, batches):
        key = start.shape, str(self.optimizer.get_config())  # a learning rate may have been set since the last run
        if key not in self._states:
            self._states[key] = _Steps(self, start.shape)
        state, data = self._states[key], [ops.convert_to_tensor(entry) for entry in data]
        drawn = _for_each("batches", start, batches(0))
        state.reset(start, [*data, *map(ops.convert_to_tensor, drawn)])
        rng, history = np.random.default_rng(seed), np.zeros((steps, 1 + len(self.regularizers), len(start)), "float32")
        for step in range(steps):
            shifts = rng.integers(-self.jitter, self.jitter + 1, size=2).astype("int32")
            if step:
                drawn = _for_each("batches", start, batches(step))
            images, terms = state.step(ops.convert_to_tensor(shifts), *data, *map(ops.convert_to_tensor, drawn))
            history[step] = terms
            if on_step is not None:
                on_step(step, images, terms)
            if bar is not None:
                bar.update(step + 1)
        return np.array(state.images.value), history

    def _by_lbfgs(self, start, data, steps, bar):
        from scipy.optimize import minimize

        history, taken = np.zeros((steps, 1 + len(self.regularizers), len(start)), "float32"), np.zeros(len(start), int)
        bounds, scale = None, _Pixels()
        if self.value_range is not None and self.optimizer.sigmoid:
            scale = _Sigmoid(*self.value_range)
        elif self.value_range is not None:
            bounds = [self.value_range] * start[0].size

        def evaluate_all(indices, points):
            if bar is not None:
                bar.update(min(int(taken.max()), steps - 1))
            points = ops.convert_to_tensor(points.reshape(-1, *start.shape[1:]), "float32")
            terms, gradients = self._evaluated(points, *(ops.convert_to_tensor(entry[indices]) for entry in data))
            return np.array(terms).T, np.asarray(gradients, "float64").reshape(len(indices), -1)

        def work(index, evaluate):
            latest = in_front = None

            def function(point):
                nonlocal latest, in_front
                pixels = scale.pixels(point)
                latest, gradient = evaluate(pixels)
                if in_front is None:
                    in_front = history[:, :, index] = latest  # for all steps, until some are taken
                return float(latest.sum(dtype="float64")), gradient * scale.slopes(pixels)

            def after_step(_):
                nonlocal in_front
                history[taken[index], :, index] = in_front
                in_front, taken[index] = latest, taken[index] + 1
                history[taken[index] :, :, index] = latest

            options = {"maxiter": steps, "maxcor": self.optimizer.memory, "ftol": self.optimizer.tolerance, "gtol": 0}
            options["maxfun"] = 20 * steps
            begin = scale.free(start[index].ravel().astype("float64"))
            found = minimize(
                function, begin, jac=True, method="L-BFGS-B", bounds=bounds, callback=after_step, options=options
            )
            return scale.pixels(found.x).reshape(start.shape[1:]).astype("float32")

        images = np.stack(together(work, len(start), evaluate_all)) if steps else start
        if bar is not None:
            bar.update(steps, finalize=True)
        return images, history

    def _values_and_gradients(self, images, *data, shifts=None):
        """The terms of images and the gradient of their sum with respect to the images, which the terms see shifted."""

        def loss():
            terms = self.terms(images if shifts is None else ops.roll(images, shifts, axis=(1, 2)), *data)
            return ops.sum(sum(terms[1:], terms[0])), terms

        terms, (gradient,) = backend.value_and_grad(loss, [images])
        return terms, _required(gradient)

    def _gradients_of_objective(self, images, *data):
        return _required(backend.input_gradient(lambda images: self.objective(images, *data), images))


def _array(data):
    """Data as an array: float64 as float32, like the images."""
    data = np.asarray(data)
    return data.astype("float32") if data.dtype == "float64" else data


def _for_each(name, start, data):
    """Data as arrays, checked to have an entry for each image."""
    arrays = [_array(entry) for entry in data]
    if any(array.shape[:1] != start.shape[:1] for array in arrays):
        raise ValueError(
            f"`{name}` must have an entry for each image. Expected: arrays ({len(start)}, ...). Received: shapes "
            f"{[array.shape for array in arrays]}"
        )
    return arrays


def _required(gradient):
    if gradient is None:
        raise ValueError(
            "The objective has no gradient with respect to the images. Expected: differentiable operations between "
            "them. Received: an objective that does not depend on the images, or only by steps"
        )
    return gradient


class _Pixels:
    """Pixels that are minimised over themselves."""

    def pixels(self, free):
        return free

    def free(self, pixels):
        return pixels

    def slopes(self, pixels):
        return 1.0


@dataclasses.dataclass(frozen=True)
class _Sigmoid:
    """Pixels in a range as functions of free numbers: low + (high - low) sigmoid(free)."""

    low: float
    high: float

    def pixels(self, free):
        return self.low + (self.high - self.low) * (1 + np.tanh(free / 2)) / 2  # which cannot overflow

    def free(self, pixels):
        share = np.clip((pixels - self.low) / (self.high - self.low), _EDGE, 1 - _EDGE)
        return np.log(share / (1 - share))

    def slopes(self, pixels):
        return (pixels - self.low) * (self.high - pixels) / (self.high - self.low)


class _Steps:
    """The images of one shape, the optimizer's state, and the compiled step."""

    def __init__(self, problem, shape):
        self.problem = problem
        self.images = keras.Variable(np.zeros(shape, "float32"), name="images")
        self.optimizer = type(problem.optimizer).from_config(problem.optimizer.get_config())
        self.optimizer.build([self.images])
        self.initial = [np.array(variable.value) for variable in self.optimizer.variables]
        self.step, self.project = backend.compiled(self._step), backend.compiled(self._project)

    def reset(self, start, data):
        for variable, value in zip(self.optimizer.variables, self.initial, strict=True):
            variable.assign(value)
        self.images.assign(start)
        self.project(*data)

    def _project(self, *data):
        images = ops.convert_to_tensor(self.images)
        for projection in self.problem.projections:
            images = projection(images, *data)
        if self.problem.value_range is not None:
            images = ops.clip(images, *self.problem.value_range)
        self.images.assign(images)

    def _step(self, shifts, *data):
        images = ops.copy(self.images)
        terms, gradient = self.problem._values_and_gradients(
            images, *data, shifts=shifts if self.problem.jitter else None
        )
        self.optimizer.apply([gradient], [self.images])
        self._project(*data)
        return images, ops.stack(terms)  # those in front of the step, (terms, n)
