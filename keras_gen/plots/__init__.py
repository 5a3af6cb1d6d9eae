"""Figures of what a model does. Every function returns a matplotlib figure or an array, and needs no screen."""

from keras_gen.plots.classification import confusion_matrix, wrong_images
from keras_gen.plots.comparison import compared
from keras_gen.plots.curves import error_against, history_curves
from keras_gen.plots.detection import detections
from keras_gen.plots.flow import flow_colours, flows
from keras_gen.plots.images import image_grid, image_rows, mosaic, stretched
from keras_gen.plots.latents import latent_scatter, manifold
from keras_gen.plots.tables import imputation_report, outlier_report
from keras_gen.plots.translation import translations

__all__ = [
    "compared",
    "confusion_matrix",
    "detections",
    "error_against",
    "flow_colours",
    "flows",
    "history_curves",
    "image_grid",
    "image_rows",
    "imputation_report",
    "latent_scatter",
    "manifold",
    "mosaic",
    "outlier_report",
    "stretched",
    "translations",
    "wrong_images",
]
