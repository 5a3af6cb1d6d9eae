"""Folders of images: which files are images, and of which part and class."""

import functools
import typing
from pathlib import Path

from PIL import Image

from keras_gen.data.images import LOST_LINK, formats
from keras_gen.reports import counted
from keras_gen.texts import has_controls

LAYOUTS = (
    "a folder of images; or of one sub-folder of images for each class; or with sub-folders 'train' and 'test' (or "
    "'val') of the same kind"
)
_TRAIN, _TEST = ("train", "training"), ("test", "testing", "val", "valid", "validation")
_JUNK = ("__macosx", "thumbs.db", "desktop.ini")  # left by operating systems; hidden files are ignored too
_STRAY = 5  # files of one kind are strays if there are so many times as many of the other


class Listing(typing.NamedTuple):
    """The images of a `folder`, pairs (path, class name or `None`), and a dict from other paths to why they are not."""

    folder: Path
    files: list
    others: dict

    @property
    def classes(self):
        """The sorted names of the classes."""
        return sorted({name for _, name in self.files if name is not None})


@functools.cache
def suffixes():
    """The suffixes of the image files that are read."""
    return frozenset(suffix for suffix, kind in Image.registered_extensions().items() if kind in formats())


def listing(folder):
    """The `Listing` of a folder of images, or of one sub-folder of images for each class.

    Hidden files and folders, and files that operating systems leave, are ignored. A few images next to many in class
    folders, or the other way round, are left out.

    Raises:
        ValueError: If there are no images, or both images and class folders, or class names with control characters.
    """
    entries = _visible(folder)
    loose = [entry for entry in entries if _is_image(entry)]
    found = {entry: _images(entry) for entry in entries if entry.is_dir()}
    inner = [(path, entry.name) for entry, paths in found.items() for path in paths]
    if min(len(loose), len(inner)) * _STRAY > max(len(loose), len(inner)):
        raise ValueError(
            f"'{folder}' must not mix images and class folders. Expected: {LAYOUTS}. Received: {len(loose)} images, "
            f"such as '{loose[0].name}', and {len(inner)} in sub-folders, such as '{inner[0][1]}'"
        )
    if not loose and not inner:
        names = [entry.name for entry in entries]
        entries = counted(len(names), "entry", "entries")
        received = f"{entries} without images, such as '{names[0]}'" if names else "an empty folder"
        raise ValueError(f"'{folder}' must hold images. Expected: {LAYOUTS}. Received: {received}")
    if len(loose) > len(inner):
        images = set(loose)
        others = {entry: _reason(entry, "a folder next to images") for entry in entries if entry not in images}
        return Listing(folder, [(path, None) for path in loose], others)
    classes = {entry for entry, paths in found.items() if paths}
    if hostile := [entry.name for entry in classes if has_controls(entry.name)]:
        raise ValueError(f"Class folders must have names without control characters. Received: {min(hostile)!r}")
    others = {entry: _reason(entry, "outside the class folders") for entry in entries if entry not in classes}
    for entry in sorted(classes):
        images = set(found[entry])
        others |= {
            path: _reason(path, "a folder inside a class folder") for path in _visible(entry) if path not in images
        }
    return Listing(folder, inner, others)


def parts(folder):
    """The `Listing` of a folder in a list, or those of its sub-folders for training and for testing.

    Raises:
        ValueError: As `listing`, or if one part has class folders and the other has not.
    """
    folders = {entry.name.lower(): entry for entry in _visible(folder) if entry.is_dir()}
    train, test = (next((folders[name] for name in names if name in folders), None) for names in (_TRAIN, _TEST))
    if train is None or (test is None and len(folders) > 1):
        if test is not None and set(folders) <= set(_TEST):
            raise ValueError(f"'{folder}' has no part 'train'. Expected: {LAYOUTS}. Received: {sorted(folders)}")
        return [listing(folder)]
    chosen = [train] if test is None else [train, test]
    found = [listing(part) for part in chosen]
    unused = "outside the training and the test part"
    found[0].others.update({entry: _reason(entry, unused) for entry in _visible(folder) if entry not in chosen})
    if test is not None and (bool(found[0].classes) != bool(found[1].classes)):
        with_classes, without = (train, test) if found[0].classes else (test, train)
        raise ValueError(
            f"'{without}' must have the class folders of '{with_classes.name}'. Expected: {LAYOUTS}. "
            f"Received: images without classes in '{without.name}'"
        )
    return found


def _visible(folder):
    return sorted(e for e in folder.iterdir() if not e.name.startswith(".") and e.name.lower() not in _JUNK)


def _reason(entry, reason):
    """Why an entry is left out: it is a lost link, not an image, or holds none; otherwise, the given reason."""
    if _is_lost(entry):
        return LOST_LINK
    if entry.is_dir():
        return reason if any(map(_is_image, entry.rglob("*"))) else "a folder without images"
    return reason if _is_image(entry) else "not an image by its name"


def _images(folder):
    return [entry for entry in _visible(folder) if _is_image(entry)]


def _is_image(path):
    """Whether a path is that of an image by its name; reading it finds out that a link leads nowhere."""
    return path.suffix.lower() in suffixes() and (path.is_file() or _is_lost(path))


def _is_lost(path):
    return path.is_symlink() and not path.exists()
