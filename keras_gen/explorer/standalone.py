"""The page as one file without a server, for small decoders: it holds the weights and computes images itself."""

import base64
import json
import math
import re
from importlib import resources

import numpy as np

from keras_gen.explorer.answers import described, rounded
from keras_gen.explorer.program import Program
from keras_gen.explorer.uploads import as_address
from keras_gen.files import atomic_write
from keras_gen.runs.latent_space import prior

_SCRIPTS = ("page.js", "elements.js", "evaluator.js", "local.js", "plane.js", "latents.js", "explorer.js")
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
_EXAMPLES = 400  # test images in the file, at most
_PIXELS = 2_000_000  # of all of them
_WEIGHTS = 5_000_000  # numbers, at most: 27 MB of the file


def write_standalone(explorer, path):
    """Write the page of an `Explorer` as one HTML file: the plane, the latents and the classes.

    Args:
        explorer: An `Explorer` of a model with latents.
        path: The file's path.

    Raises:
        ValueError: If the model has no latents, or a decoder that the page cannot compute.
    """
    if not explorer.latent_dim:
        raise ValueError(
            "A page without a server shows latents. Expected: a model that samples or encodes. Received: a "
            f"{type(explorer.model).__name__}"
        )
    network, activation = explorer.decoding()
    program = Program(network, activation)
    if len(program.weights) > _WEIGHTS:
        raise ValueError(
            f"The decoder is too large for a page without a server. Expected: at most {_WEIGHTS:,} weights. "
            f"Received: {len(program.weights):,}"
        )
    most = min(_EXAMPLES, _PIXELS // math.prod(explorer.model.example_shape[:2]))
    n = 0 if explorer.codes is None else min(most, len(explorer.codes))
    model = described(explorer) | {"examples": n, "has_codes": n > 0}
    model["parts"] = sorted({"latents", "classes"} & set(model["parts"]))
    model["labels"] = None if model["labels"] is None else model["labels"][:n]
    content = {
        "model": model,
        "program": {"inputs": program.inputs, "steps": program.steps, "output": program.output},
        "weights": base64.b64encode(program.weights.astype("<f4").tobytes()).decode(),
        "value_range": list(explorer.value_range),
        "prior": prior(explorer.model),
        "codes": rounded(explorer.codes[:n]) if n else [],
        "examples": as_address(_sprite(np.stack([explorer.example(number) for number in range(n)]))) if n else None,
    }
    with atomic_write(path) as temporary:
        temporary.write_text(_page(content), "utf-8")


def _sprite(images):
    """Images in rows of one image."""
    n, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    padded = np.concatenate([images, np.zeros((rows * columns - n, height, width, channels), "uint8")])
    sheet = padded.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return sheet.reshape(rows * height, columns * width, channels)


def _page(content):
    """The page's HTML, with its style, its scripts in one and the content."""
    script = "\n".join(_without_modules(_file(name)) for name in _SCRIPTS)
    data = json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")  # no end of the script in a name
    page = _file("index.html")
    page = page.replace('  <link rel="stylesheet" href="style.css">\n', f"  <style>\n{_file('style.css')}  </style>\n")
    policy = f'  <meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
    page = page.replace('  <script type="module" src="explorer.js"></script>\n', policy)
    data = f'<script type="application/json" id="standalone">{data}</script>\n'
    return page.replace("</body>", f'{data}<script type="module">\n{script}</script>\n</body>')


def _without_modules(script):
    """A script without its imports and exports, for one file in which all names are known."""
    return re.sub(r"^export ", "", re.sub(r"^import .*\n", "", script, flags=re.MULTILINE), flags=re.MULTILINE)


def _file(name):
    return (resources.files("keras_gen.explorer") / "static" / name).read_text("utf-8")
