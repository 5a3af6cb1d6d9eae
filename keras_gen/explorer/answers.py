"""What the page asks for: one function for each name, from an `Explorer`, the query and the body to JSON or bytes."""

import json
import typing

import numpy as np

from keras_gen import checks, latents
from keras_gen.explorer.uploads import as_address, as_gif, as_png, as_strip, uploaded
from keras_gen.plots.palette import CLASS_COLOURS
from keras_gen.runs.latent_space import default_path

_STEPS = 101  # latents on a path, for a slider
_FRAMES = 24  # images of a picture or an animation of a path
_LARGEST = float(np.finfo("float32").max)
_DECIMALS = 5  # of numbers that the page gets


class Answer(typing.NamedTuple):
    """A function that answers, the method of its requests, and the media type if it answers in bytes."""

    function: typing.Callable
    method: str = "POST"
    media_type: str | None = None


def described(explorer):
    """What the page has to know of a model, as JSON."""
    axes, model = explorer.axes if explorer.latent_dim else None, explorer.model
    translations = sorted(model.generators(), reverse=True) if "translate" in explorer.parts else []
    return {
        "name": type(model).__name__,
        "parts": sorted(explorer.parts | ({"morph"} if explorer.latent_dim else set())),
        "shape": list(model.example_shape),
        "latent_dim": explorer.latent_dim,
        "class_names": list(explorer.class_names),
        "examples": explorer.n_examples,
        "labels": None if explorer.labels is None else explorer.labels.tolist(),
        "colours": list(CLASS_COLOURS),
        "has_codes": bool(explorer.latent_dim) and explorer.codes is not None,
        "translations": translations,
        "set_names": explorer.set_names,
        "conditional": explorer.is_conditional,
        "path": default_path(model),
        "center": [] if axes is None else rounded(axes.center),
        "extents": [] if axes is None else rounded(axes.extents),
        "components": [] if axes is None else rounded(axes.components),
        "component_extents": [] if axes is None else rounded(axes.component_extents),
    }


def _decode(explorer, query, body):
    given = _parsed(body)
    return as_png(explorer.decode([_vector(explorer, given, "z")], given.get("label"))[0])


def _draw(explorer, query, body):
    return {"z": rounded(explorer.draw())}


def _codes(explorer, query, body):
    """The test images' codes along two axes, such as {"axes": [["latent", 0], ["latent", 1]]}."""
    if explorer.codes is None:
        raise ValueError("A scatter needs an encoder and test images. Received: none")
    axes = _field(_parsed(body), "axes")
    if not isinstance(axes, list) or len(axes) != 2 or any(not isinstance(one, list) or len(one) != 2 for one in axes):
        raise ValueError("`axes` must be two pairs. Expected: such as [['latent', 0], ['latent', 1]]")
    along = []
    for kind, number in axes:
        checks.choice("axis", kind, ["latent", "component"])
        of = explorer.codes.T if kind == "latent" else explorer.axes.components
        if checks.integer("axis", number, minimum=0) >= len(of):
            raise ValueError(f"There is no such axis. Expected: 0 to {len(of) - 1}. Received: {number}")
        along.append(of[number] if kind == "latent" else (explorer.codes - explorer.axes.center) @ of[number])
    return {"points": rounded(np.stack(along, axis=1))}


def _example(explorer, query, body):
    return as_png(explorer.example(_whole(query, "number")))


def _example_code(explorer, query, body):
    """The latents of a test image, in a conditional model as one of its own class, or without one of the query's."""
    number = _whole(query, "number")
    image = explorer.example(number)
    if explorer.codes is not None:
        return {"z": rounded(explorer.codes[number])}
    label = _label(query) if explorer.labels is None else int(explorer.labels[number])
    return {"z": rounded(explorer.encode(image, label))}


def _encode(explorer, query, body):
    return {"z": rounded(explorer.encode(uploaded(body, explorer.model.example_shape), _label(query)))}


def _path(explorer, query, body):
    return {"z": rounded(_between(explorer, _parsed(body), _STEPS))}


def _strip(explorer, query, body):
    return as_strip(_on_path(explorer, _parsed(body)))


def _film(explorer, query, body):
    return as_gif(_on_path(explorer, _parsed(body)))


def _on_path(explorer, given):
    return explorer.decode(_between(explorer, given, _FRAMES), given.get("label"))


def _between(explorer, given, steps):
    ends = (_vector(explorer, given, name) for name in "ab")
    return latents.interpolate(*ends, steps, _field(given, "path"))


def _arithmetic(explorer, query, body):
    """mean(a) - mean(b) + mean(c) of the codes of three classes."""
    given = _parsed(body)
    return {"z": rounded(latents.arithmetic(*(explorer.mean_code(_field(given, name))[None] for name in "abc")))}


def _classify(explorer, query, body):
    image = uploaded(body, explorer.model.example_shape)
    probabilities = explorer.classify(image)
    return {
        "image": as_address(image),
        "class": int(probabilities.argmax()),  # rounded probabilities may be equal
        "probabilities": rounded(probabilities),
    }


def _explain(explorer, query, body):
    """What the class depends on, which takes longer than the class."""
    image = uploaded(body, explorer.model.example_shape)
    attack = explorer.attacked(image)
    after = int(attack.probabilities.argmax())
    return {
        "saliency": as_address(explorer.saliency(image)),
        "attacked": as_address(attack.image),
        "attacked_class": after if attack.is_fooled else None,
        "probability": float(attack.probabilities[after]),
        "change": as_address(attack.change),
        "largest": attack.largest,
    }


def _translate(explorer, query, body):
    image = uploaded(body, explorer.model.example_shape, explorer.multiple)
    there, back = explorer.translate(image, query.get("to", "y"))
    back = None if back is None else as_address(back)
    return {"image": as_address(image), "translated": as_address(there), "back": back}


def _parsed(body):
    """The object in a request's body."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"A request must be JSON. Received: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"A request must be an object. Expected: such as {{}}. Received: a {type(found).__name__}")
    return found


def _field(given, name):
    if name not in given:
        raise ValueError(
            f"A request lacks a part. Expected: `{name}`. Received: {checks.listed(list(given)) or 'none'}"
        )
    return given[name]


def _vector(explorer, given, name):
    """The flat latents of a name."""
    values = _field(given, name)
    finite = isinstance(values, list) and all(checks.is_real(one) and abs(one) <= _LARGEST for one in values)
    if not finite or len(values) != explorer.latent_dim:
        raise ValueError(f"`{name}` must be {explorer.latent_dim} finite numbers, one for each latent")
    return np.array(values, "float32")


def _whole(query, name):
    """The whole number of a name in a query."""
    text = _field(query, name)
    if not text.isdecimal():
        raise ValueError(f"`{name}` must be a whole number. Expected: such as 3. Received: {text!r}")
    return int(text)


def _label(query):
    return _whole(query, "label") if "label" in query else None


def rounded(values):
    """An array as lists of numbers, rounded for the page; a `ValueError` if some are not finite."""
    values = np.round(np.asarray(values, "float64"), _DECIMALS)
    if not np.isfinite(values).all():
        raise ValueError(
            "The model gives values that are not finite. Expected: a model whose training has not diverged"
        )
    return values.tolist()


ANSWERS = {
    "model": Answer(lambda explorer, query, body: described(explorer), "GET"),
    "decode": Answer(_decode, media_type="image/png"),
    "draw": Answer(_draw),
    "codes": Answer(_codes),
    "example": Answer(_example, "GET", "image/png"),
    "example-code": Answer(_example_code, "GET"),
    "encode": Answer(_encode),
    "path": Answer(_path),
    "strip": Answer(_strip, media_type="image/png"),
    "film": Answer(_film, media_type="image/gif"),
    "arithmetic": Answer(_arithmetic),
    "classify": Answer(_classify),
    "explain": Answer(_explain),
    "translate": Answer(_translate),
}
