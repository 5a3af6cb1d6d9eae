"""What the classifier of a run sees: filters, preferred images, and the pixels that its classes depend on."""

import numpy as np

from keras_gen import checks, plots
from keras_gen.input_optimization import visualization
from keras_gen.input_optimization.visualization.maps import layers_with_maps
from keras_gen.networks.inner_layers import layer_names
from keras_gen.networks.introspection import named_calls
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import range_of
from keras_gen.runs.training import evaluation_arrays
from keras_gen.training.tasks import require_task
from keras_gen.value_ranges import rescaled

_MOST = 32  # filters, channels or classes in a picture


def visualize(folder, layer=None, n=8, steps=100, name=None, seed=0, verbose=0):
    """Pictures of what the classifier of a run sees.

    Args:
        folder: The folder of a run whose model classifies.
        layer: Name of the layer whose channels are shown. Defaults to `None`: the last with maps.
        n: Number of test images, an integer >= 1. Defaults to 8.
        steps: Steps of each optimisation of an image, an integer >= 1. Defaults to 100.
        name: Name or path of the data. Defaults to `None`: the run's own.
        seed: Integer of the starts and shifts. Defaults to 0.
        verbose: 1 shows progress bars. Defaults to 0.

    Returns:
        Dict from file names to figures: `filters.png` (of the first layer), `preferred.png` (what the channels of
        `layer` respond to most), `typical.png` (of each class) and `attribution.png` (saliency and grad-CAM of test
        images). What the network has no layers for is left out.

    Raises:
        ValueError: If the model does not classify, or the layer does not exist.
    """
    run = load_run(folder)
    model, value_range = run.model, range_of(run.model)
    require_task("`visualize`", model, "classify")
    with_maps = layers_with_maps(model.network)
    if layer is not None:
        checks.choice("layer with maps", layer, with_maps)
    layer = layer or (with_maps[-1] if with_maps else None)
    steps, known = checks.integer("steps", steps), {"value_range": value_range}
    x, labels = (array[: checks.integer("n", n)] for array in evaluation_arrays(*run, run.load_data(name)[1]))
    names = [str(one) for one in run.class_names or range(model.num_classes)]
    optimised = {"steps": steps, "seed": seed, "verbose": verbose, **known}
    figures, rows = (
        {},
        {
            "images": rescaled(x, value_range),
            "saliency": plots.stretched(visualization.saliency(model, x, labels, **known)),
        },
    )
    if layer is not None:
        channels = dict(named_calls(model.network))[layer].outputs[0].shape[-1]
        shown = np.linspace(0, channels, min(channels, _MOST), endpoint=False).astype(int)
        preferred = visualization.activation_maximization(model, layer, shown, jitter=2, **optimised)
        title = f"what the channels of {layer} respond to most"
        figures["preferred.png"] = plots.image_grid(plots.stretched(preferred), title=title)
        rows["grad-CAM"] = plots.stretched(visualization.grad_cam(model, x, labels, **known))
    if (found := _filters_of_pixels(model)) is not None:
        first, kernels = found
        figures["filters.png"] = plots.image_grid(plots.stretched(kernels[:_MOST]), title=f"filters of {first}")
    classes = np.arange(min(len(names), _MOST))
    typical = visualization.class_model(model, classes, **optimised)
    title = f"most typical of {', '.join(names[: len(classes)])}"
    figures["typical.png"] = plots.image_grid(typical, value_range=value_range, title=title)
    figures["attribution.png"] = plots.image_rows(rows)
    return figures


def _filters_of_pixels(model):
    """The pair (name, filters) of the first layer whose filters can be shown as grey or colour images, or `None`."""
    for name in layer_names(model.network):
        try:
            kernels = visualization.filters(model, name)
        except ValueError:  # no layer with filters
            continue
        if kernels.ndim == 4 and kernels.shape[-1] in (1, 3):
            return name, kernels
    return None
