"""From the folder of a run, or a file of a model, to an `Explorer`."""

from pathlib import Path

from keras_gen import data
from keras_gen.explorer.explorer import Explorer
from keras_gen.runs.loading import load_run
from keras_gen.runs.translation import set_names
from keras_gen.saving import load_model


def explorer_of(path, name=None):
    """The `Explorer` of a trained model.

    Args:
        path: The folder of a run or of a search, or a `.keras` file.
        name: Name or path of the data with the test images. Defaults to `None`: the run's own; a file has none.

    Returns:
        An `Explorer`, and the reason why it has no test images, or `None`.

    Raises:
        ValueError: If there is no model of images of the library.
    """
    path = Path(path)
    if path.is_file():
        model = load_model(path)
        explorer = Explorer(model)
        if name is None:
            return explorer, "a file does not name its data, which --data does"
        *size, channels = model.example_shape
        split = data.load(name, size=None if None in size else tuple(size), channels=channels)[1]
        return Explorer(model, split, split.class_names or ()), None
    run = load_run(path)
    explorer = Explorer(run.model, class_names=run.class_names, set_names=set_names(run.settings.options))
    if "translate" in explorer.parts:
        return explorer, "a run of translations does not keep them; choose image files"
    try:
        split = run.load_data(name)[1]
    except (ValueError, OSError, ImportError) as error:
        if name is not None:
            raise
        return explorer, str(error)
    return Explorer(run.model, split, run.class_names or split.class_names or ()), None
