"""The contents of a model's batch: declared once by the model, used wherever data come in."""

import dataclasses

import keras
import numpy as np

from keras_gen import checks
from keras_gen.lazy_arrays import LazyArray

_IMAGE_KEYS = ("x", "image", "images")  # of dictionaries, as tensorflow-datasets name them
_LABEL_KEYS = ("y", "label", "labels")
_ENCODED = "Number them by `labels, _, names = data.encode_labels(labels)`, and build the model for len(names) classes."
ENOUGH_EXAMPLES = 16  # of this many examples, one reaches below the middle of the range


@dataclasses.dataclass(frozen=True)
class Component:
    """One part of a batch, as a model takes it.

    Args:
        name: What it is called in a batch and in messages. Defaults to `"x"`.
        shape: One example's shape, whose `None` entries are free; `None` for any shape. Defaults to `None`.
        value_range: The pair (lowest, highest) that bounds its values, or `None`. Defaults to `None`.
        num_classes: For integer labels 0, 1, ..., their number; `None` for values. Defaults to `None`.
        allow_nan: Whether NaN, or -1 among labels, stands for a missing value. Defaults to `False`.
        fills_range: Whether training data must reach below the middle of the range, as a generator's tanh does.
            Defaults to `False`.
        optional: Whether it may be missing; x then takes its place. Defaults to `False`.

    Example:

    >>> Component("x", (8, 8, 1), (0, 1)).check(np.ones((5, 8, 8, 1)))
    """

    name: str = "x"
    shape: tuple | None = None
    value_range: tuple | None = None
    num_classes: int | None = None
    allow_nan: bool = False
    fills_range: bool = False
    optional: bool = False

    @property
    def is_labels(self):
        """Whether it holds integer labels."""
        return self.num_classes is not None

    @property
    def limits(self):
        """The pair (lowest, highest) that bounds every value, or `None` if it is unknown or NaN is allowed."""
        if self.is_labels:
            return -1 if self.allow_nan else 0, self.num_classes - 1
        return None if self.allow_nan else self.value_range

    def check(self, array):
        """Raise a `ValueError` unless an array `(n, ...)` of any kind, sparse or lazy too, is of this kind."""

        def extremes(ignore_nan):
            return array.value_range if isinstance(array, LazyArray) else checks.extremes(array, ignore_nan)

        self._check(array.dtype, tuple(array.shape), extremes)

    def check_source(self, source, in_fit=False):
        """Raise a `ValueError` unless a `data.sources.Source`, or images of files, are of this kind."""
        shape = (source.size, *source.example_shape)
        self._check(source.dtype.as_numpy_dtype, shape, source.extremes)
        if in_fit:
            self.check_filled(source.extremes(self.allow_nan)[0])

    def check_filled(self, lowest):
        """Raise a `ValueError` if training data with this lowest value do not fill the range."""
        if self.fills_range and self.value_range is not None and lowest >= sum(self.value_range) / 2:
            low, high = self.value_range
            raise ValueError(
                f"`{self.name}` does not reach below {sum(self.value_range) / 2:g}, but the generator does. Expected: "
                f"values in [{low}, {high}], as from data.load(name, value_range=({low}, {high})); for images that are "
                f"all bright data.Pipeline(x, value_range=({low}, {high})). Received: values from {lowest:g} on"
            )

    def _check(self, dtype, shape, extremes_of):
        if self.is_labels:
            if shape[1:] not in ((), (1,)) or np.dtype(dtype).kind not in "iu":
                raise ValueError(
                    f"`{self.name}` must be one integer for each example. Expected: shape (n,). "
                    f"Received: shape {shape}, dtype {np.dtype(dtype)}. {_ENCODED}"
                )
            (low, high), (least, most) = extremes_of(False), self.limits
            if low < least or high > most:
                missing = ", or -1 where it is not known" if self.allow_nan else ""
                raise ValueError(
                    f"`{self.name}` must be in 0..{self.num_classes - 1}{missing}. "
                    f"Received: labels in {low:g}..{high:g}. {_ENCODED}"
                )
            return
        checks.array_spec(self.name, dtype, shape, self.shape)
        checks.array_extremes(self.name, *extremes_of(self.allow_nan), self.value_range, self.allow_nan)


_WEIGHT = Component("sample_weight", ())


@dataclasses.dataclass(frozen=True)
class DataDescription:
    """The contents of a model's batch.

    A batch is x, or x and y in Keras's sense: labels, conditions, a target, or a second image. It checks the arrays or
    batches of any kind that are passed to `fit`, `evaluate`, `validation_data` and `train_on_batch`.

    Args:
        x: The `Component` that every batch has. Defaults to any numbers.
        y: The second `Component`, a tuple of several that `fit` takes as a tuple of arrays, or `None` for a model that
            uses only x and ignores integer labels. Defaults to `None`.
        sample_weight: Whether each example has its own loss, which can be weighted. Defaults to `False`.
        paired: Whether row i of x belongs to row i of y. Defaults to `True`.

    Example:

    >>> labelled = DataDescription(Component("x", (2,)), Component("labels", (), num_classes=3))
    >>> sorted(labelled.batch((np.zeros((5, 2)), np.array([[0], [1], [2], [0], [1]]))))
    ['labels', 'x']
    """

    x: Component = Component()
    y: Component | tuple | None = None
    sample_weight: bool = False
    paired: bool = True

    def __post_init__(self):
        names = [component.name for component in self.components]
        if len(set(names)) < len(names):
            raise ValueError(
                f"The parts of a batch must have different names, and not '{_WEIGHT.name}'. Expected: such as x and "
                f"labels. Received: {', '.join(names[:-1])}"
            )

    @property
    def y_components(self):
        """The `Component`s of y, a tuple."""
        return () if self.y is None else self.y if self.has_several_y else (self.y,)

    @property
    def y_names(self):
        """The names of y as Python takes them: one, or a tuple."""
        names = ", ".join(component.name for component in self.y_components)
        return f"({names})" if self.has_several_y else names

    @property
    def has_several_y(self):
        """Whether y is a tuple of arrays."""
        return isinstance(self.y, tuple)

    @property
    def uses_labels(self):
        """Whether y holds integer labels, and nothing else."""
        return isinstance(self.y, Component) and self.y.is_labels

    @property
    def components(self):
        """All `Component`s that a batch can hold."""
        return [self.x, *self.y_components, _WEIGHT]

    def arguments(self, parts):
        """The triple (x, y, sample_weight) of a dict of parts, `None` for what is missing."""
        several = tuple(parts.get(component.name) for component in self.y_components)
        y = several if self.has_several_y else next(iter(several), None)
        return parts["x"], y, parts.get(_WEIGHT.name)

    def parts(self, data):
        """The present parts of a batch that the model uses: a dict by name.

        `data` is x, a tuple (x, y) or (x, y, sample_weight), or a dict such as those of tensorflow-datasets, of arrays
        or of tensors. A `ValueError` names a part that is missing, or that the model cannot use.
        """
        x, y, weight = self.unpacked(data)
        parts = {"x": x, **self._selected_y(y)}
        if weight is not None:
            if not self.sample_weight:
                raise ValueError(
                    "`sample_weight` needs a model with a loss of each example, such as an autoencoder or a "
                    "classifier. Expected: x, or x and y. Received: sample weights"
                )
            if tuple(weight.shape[1:]) not in ((), (1,)) or len(weight.shape) == 0:
                raise ValueError(
                    "`sample_weight` must be one number for each example. Expected: shape (n,). "
                    f"Received: shape {tuple(weight.shape)}"
                )
            parts["sample_weight"] = weight[:, 0] if len(weight.shape) == 2 else weight
        return parts

    def batch(self, data):
        """As `parts`, with x in place of a missing optional y: the input of the losses."""
        parts = self.parts(data)
        for component in self.y_components:
            if component.optional:
                parts.setdefault(component.name, parts["x"])
        return parts

    def unpacked(self, data):
        """The triple (x, y, sample_weight) of a batch in any form that `parts` takes, `None` for what is missing."""
        x, y, weight = (data, None, None) if isinstance(data, dict) else keras.utils.unpack_x_y_sample_weight(data)
        if isinstance(x, (tuple, list)):  # Keras passes `fit((x, y))` on as ((x, y),)
            if y is not None:
                raise ValueError(f"`x` must be one array. Received: a {type(x).__name__} of {len(x)} and a y")
            x, y, weight = keras.utils.unpack_x_y_sample_weight(tuple(x))
        if isinstance(x, dict):
            named = tuple(component.name for component in self.y_components)
            found = {key: x.get(key) for key in (*_IMAGE_KEYS, *_LABEL_KEYS, *named, "sample_weight")}
            first = next((found[key] for key in _IMAGE_KEYS if found[key] is not None), None)
            if first is None:
                raise ValueError(
                    f"A dictionary must hold `x`. Expected: one of the keys {list(_IMAGE_KEYS)}. Received: {sorted(x)}"
                )
            if y is None and self.has_several_y and all(found[key] is not None for key in named):
                y = tuple(found[key] for key in named)
            elif y is None:
                y = next((found[key] for key in (*named, *_LABEL_KEYS) if found[key] is not None), None)
            x, weight = first, found["sample_weight"] if weight is None else weight
        return x, y, weight

    def symbolic_batch(self):
        """A batch of tensors without values, by name."""
        parts = [self.x, *self.y_components]
        if free := [part.name for part in parts if part.shape is None]:
            raise ValueError(
                "`metrics` need the shapes of the data. Expected: a `DataDescription` whose components have shapes. "
                f"Received: no shape of {', '.join(free)}"
            )
        types = ("int64" if part.is_labels else "float32" for part in parts)
        return {
            part.name: keras.KerasTensor((None, *part.shape), kind) for part, kind in zip(parts, types, strict=True)
        }

    def check(self, x, y=None):
        """Raise a `ValueError` unless arrays in memory are such data."""
        if y is not None:
            self._require_order(np.shape(x)[1:], y)
            self.check_y(y)
        self.x.check(_as_numpy(x))

    def check_y(self, y, rows=None):
        """The arrays of y in a tuple; a `ValueError` is raised unless they are such data, of that many `rows`."""
        found = self._selected_y(tuple(map(np.asarray, y)) if self.has_several_y else np.asarray(y))
        for component in self.y_components:
            component.check(found[component.name])
            if rows is not None:
                checks.rows(component.name, len(found[component.name]), rows)
        return tuple(found.values())

    def check_batch(self, data, in_fit=False):
        """Raise a `ValueError` unless a batch, arrays or tensors, is of such data; return its number of examples."""
        parts = self.parts(keras.tree.map_structure(_as_numpy, data))
        self._require_order(parts["x"].shape[1:], self.arguments(parts)[1])
        for component in reversed(self.components):
            if component.name in parts:
                component.check(parts[component.name])
        size = {name: part.shape[0] for name, part in parts.items()}
        if len(set(size.values())) > 1:
            raise ValueError(f"The parts of a batch must have the same length. Received: {size}")
        if in_fit and size["x"] >= ENOUGH_EXAMPLES:
            for component in self.components:
                if component.fills_range and component.name in parts:
                    lowest, _ = checks.extremes(parts[component.name], component.allow_nan)
                    component.check_filled(lowest)
        return size["x"]

    def check_pipeline(self, pipeline, in_fit=False):
        """Raise a `ValueError` unless the sources of a `data.Pipeline` hold such data."""
        used = self.parts(pipeline.symbolic_element())
        self._require_order(tuple(used["x"].shape[1:]), self.arguments(used)[1])
        for component, source in zip((self.x, *self.y_components), pipeline.sources, strict=False):
            if component.name in used:
                component.check_source(source, in_fit)
        if "sample_weight" in used:
            _WEIGHT.check_source(pipeline.sources[-1])

    def _require_order(self, shape_x, y):
        """Raise a `ValueError` if two sets of images of different shapes are given in the wrong order."""
        if y is None or not isinstance(self.y, Component) or self.y.is_labels:
            return
        wanted, found = (self.x.shape, self.y.shape), (tuple(shape_x), tuple(np.shape(y)[1:]))
        if None in wanted or wanted[0] == wanted[1]:
            return
        if all(checks.shapes_agree(*shapes) for shapes in zip(found, wanted[::-1], strict=True)):
            raise ValueError(
                f"`x` and `y` are swapped. Expected: examples of shapes {wanted[0]} and {wanted[1]}. "
                f"Received: {found[0]} and {found[1]}"
            )

    def _is_values(self, y):
        """Whether y has the model's own shape, of at least one axis: its integers are then not labels."""
        return self.y is not None and bool(self.y.shape) and tuple(y.shape[1:]) == self.y.shape

    def _selected_y(self, y):
        """The parts of y that the model uses, a dict by name."""
        if not self.has_several_y:
            selected = self._selected(y)
            return {} if selected is None else {self.y.name: selected}
        names = tuple(component.name for component in self.y)
        if not isinstance(y, (tuple, list)) or len(y) != len(names):
            received = f"{len(y)} arrays" if isinstance(y, (tuple, list)) else "x alone" if y is None else "one array"
            raise ValueError(f"The model needs {self.y_names}. Expected: fit(x, {self.y_names}). Received: {received}")
        return {
            component.name: DataDescription(self.x, component)._selected(part, component.name)
            for component, part in zip(self.y, y, strict=True)
        }

    def _selected(self, y, name="y"):
        """The part of a single y that the model uses, or `None`; messages use the name."""
        if isinstance(y, (tuple, list)):
            raise ValueError(f"`{name}` must be one array. Received: a {type(y).__name__} of {len(y)}")
        labels = y is not None and _are_labels(y) and not self._is_values(y)
        if y is None or (labels and not self.uses_labels):
            if self.y is not None and not self.y.optional:
                expected = "labels" if self.y.is_labels else self.y.name
                received = "x alone" if y is None else "x and integer labels"
                raise ValueError(f"The model needs {expected}. Expected: fit(x, {expected}). Received: {received}")
            return None
        if labels:
            return y[:, 0] if len(y.shape) == 2 else y
        if self.y is None or self.uses_labels:
            expected = (
                "integer labels of shape (n,)"
                if self.uses_labels
                else "x alone, or x and integer labels, which are ignored"
            )
            raise ValueError(
                f"The model cannot use this `{name}`. Expected: {expected}. Received: {name} of shape "
                f"{tuple(y.shape)}, dtype {_name(y.dtype)}" + (f". {_ENCODED}" if self.uses_labels else "")
            )
        if self.y.optional and self.y.shape is not None and not checks.shapes_agree(y.shape[1:], self.y.shape):
            raise ValueError(
                f"`{name}` is neither the model's {self.y.name} nor integer labels. Expected: shape "
                f"(n, {', '.join(map(str, self.y.shape))}). Received: shape {tuple(y.shape)}, dtype {_name(y.dtype)}"
            )
        return y


def _as_numpy(part):
    return part if isinstance(part, LazyArray) or part is None or checks.is_sparse_matrix(part) else np.asarray(part)


def _are_labels(y):
    return _name(y.dtype).startswith(("int", "uint")) and tuple(y.shape[1:]) in ((), (1,))


def _name(dtype):
    return getattr(dtype, "name", str(dtype))
