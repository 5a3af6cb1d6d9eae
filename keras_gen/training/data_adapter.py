"""From the user's input to `fit` or `evaluate` to the batches that the steps take."""

import collections.abc
import dataclasses
import math

import keras
import numpy as np

from keras_gen import backend, checks
from keras_gen.data.datasets import adapt_dataset, batch_count, drop_uneven_batches, is_dataset, is_endless
from keras_gen.data.pipelines import Pipeline, SeededPipeline
from keras_gen.data.translation import unpaired
from keras_gen.lazy_arrays import LazyArray, taken
from keras_gen.training.data_description import ENOUGH_EXAMPLES


@dataclasses.dataclass(frozen=True)
class Batches:
    """Data as Keras's own loops take them."""

    data: object  # a `tf.data.Dataset`, or another iterable of batches
    count: int | None = None  # batches per epoch, where they are known
    steps: int | None = None  # batches per epoch that Keras is asked for, `None` for all
    pipeline: SeededPipeline | None = None  # where they come from
    own_order: bool = False  # whether its seed is the model's, which a callback may restore as training begins
    first: int = 0  # the number of the first batch of the first epoch

    @property
    def read_by_python(self):
        """Whether a pipeline of this library reads them by a Python function."""
        return self.pipeline is not None and not self.pipeline.in_memory


@dataclasses.dataclass(frozen=True)
class BatchPlan:
    """What the batches of a training depend on."""

    seed: int  # of the order of arrays
    updates: int  # updates in a step; each sees different examples
    strategy: object = None  # of TensorFlow's, whose devices share a batch
    shuffle: bool = True  # whether arrays are shuffled, in each epoch
    place: object = None  # the `PlaceInEpoch` of a model that was saved within an epoch

    @property
    def replicas(self):
        """Number of devices that share a batch."""
        return 1 if self.strategy is None else self.strategy.num_replicas_in_sync


def adapt(
    description,
    x,
    y=None,
    sample_weight=None,
    batch_size=None,
    steps=None,
    plan=None,
    class_weight=None,
    in_fit=False,
    steps_name="steps",
):
    """The `Batches` of a model from data of any kind, checked before any step, by the model's `DataDescription`.

    `x` is an array, a list of examples, a sparse matrix, a tuple (x, y) or (x, y, sample_weight), a dict of arrays, a
    `data.Pipeline`, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator of batches. `y`, `sample_weight`,
    `batch_size` (32 if `None`) and `class_weight` go with arrays; a class without a weight has weight 1. `steps` limits
    the batches of an epoch; messages call it `steps_name`. `plan` is `None` for an evaluation, in the order of the
    data. With `in_fit` the data must fill the model's range.
    """
    if steps is not None:
        checks.integer(steps_name, steps)
    if isinstance(x, SeededPipeline):
        own = {"batch_size": batch_size, steps_name: steps if plan is not None else None}
        _require_alone(x, y, sample_weight, class_weight=class_weight, **own)
        return _of_pipeline(description, x, plan, steps, in_fit)
    if _is_stream(x):
        _require_alone(x, y, sample_weight, class_weight=class_weight)
        return _of_stream(description, x, plan, steps, steps_name, in_fit)
    parts = read_arrays(description, x, y, sample_weight)
    if class_weight is not None:
        parts = _weighted_by_class(description, parts, class_weight)
    pipeline = _pipeline(description, parts, 32 if batch_size is None else batch_size, steps, plan)
    return dataclasses.replace(_of_pipeline(description, pipeline, plan, steps, in_fit), own_order=True)


def read_arrays(description, x, y=None, sample_weight=None):
    """The parts of data in memory, as in `adapt`, that a model uses: a dict of arrays or sparse matrices by name."""
    if x is None:
        raise ValueError("`x` must be given. Expected: an array or a dataset. Received: None")
    if isinstance(x, list):
        x = _from_list(x, description.x.shape)
    given = description.unpacked(x if isinstance(x, (tuple, dict)) and y is None else (x, y, sample_weight))
    if isinstance(x, (tuple, dict)) and sample_weight is not None:
        given = (*given[:2], sample_weight)
    several = description.has_several_y and isinstance(given[1], (tuple, list))
    arrays = [
        tuple(_as_array(name, one) for one in part) if several and name == "y" else _as_array(name, part)
        for name, part in zip(("x", "y", "sample_weight"), given, strict=True)
    ]
    parts = description.parts(tuple(arrays))
    if arrays[1] is not None and not several and description.arguments(parts)[1] is None:  # ignored labels
        checks.rows("y", arrays[1].shape[0], arrays[0].shape[0])
    return parts


def split_validation(description, x, y, sample_weight, fraction):
    """The pair (training, validation) of dicts of arrays, as in `adapt`: the last `fraction` validates, as in Keras."""
    if isinstance(x, SeededPipeline) or _is_stream(x):
        raise ValueError("`validation_split` needs arrays. Received: a dataset; give `validation_data` instead")
    training, validation = {}, {}
    for name, array in read_arrays(description, x, y, sample_weight).items():
        cut = math.floor(array.shape[0] * (1 - fraction))
        if not 0 < cut < array.shape[0]:
            raise ValueError(
                f"`validation_split` must leave examples on both sides. Expected: a number in (0, 1). "
                f"Received: {fraction} of {array.shape[0]} examples"
            )
        training[name], validation[name] = taken(array, slice(cut)), taken(array, slice(cut, None))
    return training, validation


def is_array(x):
    """Whether `x` is one plain array (numpy, a tensor), not an iterable of batches."""
    return hasattr(x, "__array__") and hasattr(x, "shape")


def _pipeline(description, parts, batch_size, steps, plan):
    """The pipeline of arrays."""
    arrays = description.arguments(parts)
    options = {"batch_size": batch_size}
    if plan is not None:
        options |= {"shuffle": plan.shuffle, "seed": plan.seed, "steps": steps}
    if not description.paired:
        return unpaired(*arrays[:2], **options)
    return Pipeline(*arrays[:2], sample_weight=arrays[2], **options)


def _weighted_by_class(description, parts, class_weight):
    """The parts with each example weighted by its class, as with Keras's `class_weight`."""
    if not isinstance(class_weight, dict):
        raise ValueError(f"`class_weight` must be a dict from a class to a weight. Received: {class_weight!r}")
    if not (description.uses_labels and description.sample_weight) or "sample_weight" in parts:
        raise ValueError(
            "`class_weight` needs a model of labels, and no `sample_weight`. Expected: a model of labels with a loss "
            f"of each example, such as a classifier. Received: class_weight={class_weight}, {', '.join(parts)}"
        )
    labels = np.asarray(parts[description.y.name])
    return {**parts, "sample_weight": np.array([class_weight.get(int(label), 1.0) for label in labels], "float32")}


def _of_pipeline(description, pipeline, plan, steps, in_fit):
    few_to_validate = plan is None and pipeline.size < ENOUGH_EXAMPLES
    description.check_pipeline(pipeline, in_fit and not few_to_validate)
    if plan is None:
        dataset = pipeline.dataset(training=False)
        return Batches(dataset if steps is None else dataset.take(steps), pipeline=pipeline)
    pipeline.require(plan.updates, plan.replicas)
    count = pipeline.batches(updates=plan.updates, replicas=plan.replicas)
    place = plan.place
    is_within = place is not None and place[1:] == (pipeline.size, pipeline.batch_size) and 0 < place.steps < count
    options = {"updates": plan.updates, "replicas": plan.replicas, "resumed": is_within}

    def batches(local_replicas):
        return pipeline.dataset(**options, local_replicas=local_replicas)

    dataset = backend.distribute_batches(plan.strategy, batches, count)
    return Batches(dataset, count, pipeline=pipeline, first=place.steps if is_within else 0)


def _of_stream(description, data, plan, steps, steps_name, in_fit):
    """Batches of a dataset or another iterable; the first batch is read an extra time for the check."""
    first = _first_batch(data)
    if first is not None:
        size = description.check_batch(first, in_fit)
        if plan is not None:
            checks.batch_size(size, plan.updates, plan.replicas)
    if isinstance(data, collections.abc.Iterator):  # Keras takes only generators
        return Batches(_checked(description, data, plan, in_fit), steps=steps)
    if steps is None and (is_endless(data) or (isinstance(data, keras.utils.PyDataset) and data.num_batches is None)):
        raise ValueError(f"The dataset has no end. Expected: `{steps_name}`, the batches of an epoch. Received: None")
    if isinstance(data, keras.utils.PyDataset):
        return Batches(_CheckedBatches(data, description), batch_count(data), steps)
    if not is_dataset(data):
        return Batches(data, batch_count(data), steps)
    if plan is not None and plan.replicas > 1:
        data = drop_uneven_batches(data, plan.updates, plan.replicas)
    data = adapt_dataset(data, description.parts, description.components)
    if plan is None and steps is not None:
        data, steps = data.take(steps), None
    return Batches(data, batch_count(data), steps)


def _checked(description, generator, plan, in_fit):
    for batch in generator:
        size = description.check_batch(batch, in_fit)
        if plan is not None:
            checks.batch_size(size, plan.updates, plan.replicas)
        batch = _with_tuples(batch)
        yield batch if isinstance(batch, tuple) else (batch,)


class _CheckedBatches(keras.utils.PyDataset):
    """The batches of a `PyDataset`, each of which is checked."""

    def __init__(self, batches, description):
        options = ("workers", "use_multiprocessing", "max_queue_size")
        super().__init__(**{name: getattr(batches, name) for name in options})
        self.batches, self.description = batches, description

    @property
    def num_batches(self):
        return self.batches.num_batches

    def __getitem__(self, index):
        batch = self.batches[index]
        self.description.check_batch(batch)
        return _with_tuples(batch)

    def on_epoch_begin(self):
        self.batches.on_epoch_begin()

    def on_epoch_end(self):
        self.batches.on_epoch_end()


def _with_tuples(batch):
    """A batch whose lists of arrays are tuples, of which alone Keras makes a dataset."""
    if not isinstance(batch, tuple):
        return batch
    return tuple(tuple(part) if isinstance(part, list) and all(map(is_array, part)) else part for part in batch)


def _is_stream(x):
    """Whether `x` is an iterable of batches, not data in memory."""
    in_memory = isinstance(x, (list, tuple, dict, str)) or is_array(x) or checks.is_sparse_matrix(x)
    return isinstance(x, keras.utils.PyDataset) or (hasattr(x, "__iter__") and not in_memory)


def _require_alone(data, y, sample_weight, **options):
    given = {"y": y, "sample_weight": sample_weight, **options}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"`{name}` can be given for arrays only. Expected: arrays, or a {type(data).__name__} that was "
                f"made with it. Received: {name}={'an array' if is_array(value) else value}"
            )


def _first_batch(data):
    """The first batch of data that can be read again; `None` for an iterator, which would lose it."""
    if isinstance(data, keras.utils.PyDataset):
        batch = None if data.num_batches == 0 else data[0]
    elif iter(data) is data:
        return None
    else:
        batch = next(iter(data), None)
    if batch is None:
        raise ValueError("The dataset must hold at least one batch. Received: an empty dataset")
    return batch


def _as_array(name, part):
    """An array from what the user passes as one."""
    if part is None or isinstance(part, (np.ndarray, LazyArray)):
        return part
    if checks.is_sparse_matrix(part):
        return part.tocsr()
    if not (is_array(part) or isinstance(part, (list, tuple, int, float))):
        raise ValueError(
            f"`{name}` must be an array, or x a dataset of batches. Expected: numpy, a tensor, a list of examples, a "
            f"scipy sparse matrix, tf.data, a PyDataset or a generator. Received: {type(part).__name__}"
        )
    return np.asarray(part)


def _from_list(values, shape):
    """A list by its content: examples to be stacked, nested numbers, or the parts (x, y) of the data."""
    if not values or not any(is_array(value) for value in values):
        return np.asarray(values)
    shapes = [tuple(value.shape) if is_array(value) else type(value).__name__ for value in values]
    if shape is not None and all(len(found) == len(shape) for found in shapes) and len(set(shapes)) == 1:
        return np.stack([np.asarray(value) for value in values])
    if len(values) <= 3 and (shape is None or np.ndim(values[0]) == len(shape) + 1):
        return tuple(_as_array("x", value) for value in values)
    raise ValueError(
        f"`x` must be one array, or a list of examples of one shape. Expected: examples of shape {shape}. "
        f"Received: a list of {len(values)} with shapes {shapes[:3]}{', ...' if len(shapes) > 3 else ''}"
    )
