"""Sets of images in a few large files."""

from keras_gen import checks
from keras_gen.data.loading import load
from keras_gen.data.record_files import INDEX, PARTS, PLACES, is_shard, write_index, write_part
from keras_gen.files import expanded


def write_records(source, folder, shards=8, size=None, channels=None):
    """Write a set of images into TFRecords: `data.load(folder)` gives what `data.load(source, ...)` gives, to the bit.

    A record is a `tf.train.Example` with the features `image`, a PNG file (or an array of numpy, if the values do not
    fit into one: floats, 16 bits or bands), and `label`, an integer, if the set has labels. An index says where each
    image is, so that training reads them in its own order, and `load` looks into no image. The index is written last:
    without it the folder is no set, and the same call writes it again.

    Args:
        source: What `data.load` takes.
        folder: A new folder.
        shards: Number of files of the training part, an integer >= 1; the test part has proportionally many. Defaults
            to 8.
        size, channels: As in `data.load`. Default to `None`.

    Returns:
        The pair of numbers of images, of the training and of the test part.

    Raises:
        ValueError: If the folder holds anything else, or `load` refuses the source.

    Example:

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> write_records("digits", folder, shards=2)
    (1437, 360)
    >>> load(folder)[0].x.shape
    (1437, 8, 8, 1)
    """
    checks.integer("shards", shards)
    folder = expanded(folder)
    _require_new(folder)
    splits = load(source, size=size, channels=channels)
    folder.mkdir(parents=True, exist_ok=True)
    sizes = [len(split.x) for split in splits]
    parts, places = {}, {}
    for name, split, count in zip(PARTS, splits, (shards, -(-shards * sizes[1] // sizes[0])), strict=True):
        parts[name], arrays = write_part(name, split.x, split.y, folder, count)
        places |= arrays
    write_index(folder, parts, places, splits[0].x.shape[1:], splits[0].class_names)
    return tuple(sizes)


def _require_new(folder):
    """Raise a `ValueError` unless a folder is missing, empty, or holds what an interrupted call has left."""
    if folder.is_file():
        raise ValueError(f"Records need a folder. Expected: a new one. Received: the file '{folder}'")
    if not folder.is_dir():
        return
    names = [entry.name for entry in folder.iterdir()]
    if INDEX in names:
        raise ValueError(f"'{folder}' already holds records. Expected: a new folder")
    if others := sorted(name for name in names if name != PLACES and not is_shard(name)):
        raise ValueError(f"Records need a folder of their own. Expected: a new one. Received: one with {others[0]!r}")
