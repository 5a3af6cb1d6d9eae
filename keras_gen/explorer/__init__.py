"""The page in the browser that shows what a trained model has learnt; it needs the extra `explore`."""

from keras_gen.explorer.explorer import Explorer
from keras_gen.explorer.opening import explorer_of

__all__ = ["Explorer", "explorer_of"]
