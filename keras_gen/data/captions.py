"""Captions as the numbers of their words."""

import keras
import numpy as np

from keras_gen import checks

_KNOWN = 2  # the first number of a word: 0 stands for no word, 1 for an unknown one


class Captions:
    """Captions as rows of integers, the numbers of their words, for a network that begins with an `Embedding`.

    Words are numbered by Keras's `TextVectorization`, in lower case and without punctuation. Shorter captions are
    filled with 0, which `Embedding(captions.size, width, mask_zero=True)` masks.

    Args:
        texts: List of captions that hold every word that will be used.

    Raises:
        ValueError: If there are no words.

    Example:

    >>> captions = Captions(["a large seven", "a small two, tilted left"])
    >>> captions.length, captions.encode(["a large two"]).shape
    (5, (1, 5))
    >>> captions.decode(captions.encode(["A large TWO."]))
    ['a large two']
    """

    def __init__(self, texts):
        texts = _texts(texts)
        layer = keras.layers.TextVectorization(output_mode="int")
        if not any(character.isalnum() for text in texts for character in text):
            raise ValueError(f"Captions must hold words. Received: {checks.listed(texts)}")
        layer.adapt(texts)
        self.words = tuple(str(word) for word in layer.get_vocabulary()[_KNOWN:])  # the most frequent first
        self._layer = layer
        self.length = self._numbers(texts).shape[1]

    @classmethod
    def of_words(cls, words, length):
        """The `Captions` with these `words`, in this order, and this `length`, as another object has them.

        With `words` and `length` in a file, for instance of JSON, captions are encoded as when a model was trained.
        """
        captions = cls.__new__(cls)
        captions.words, captions.length = tuple(words), checks.integer("length", length)
        captions._layer = keras.layers.TextVectorization(output_mode="int", vocabulary=list(words))
        return captions

    @property
    def size(self):
        """The number of different numbers, the first argument of an `Embedding`."""
        return len(self.words) + _KNOWN

    def encode(self, texts):
        """The numbers of the words of n captions: int32 array `(n, length)`.

        A `ValueError` names words that are unknown, and captions that are too long.
        """
        texts = _texts(texts)
        numbers = self._numbers(texts)
        if (numbers == 1).any():
            words = list(dict.fromkeys(word for text in texts for word in text.split()))
            unknown = [word for word, number in zip(words, self._numbers(words), strict=True) if number[0] == 1]
            near = list(dict.fromkeys(word for one in unknown for word in checks.nearest(one, self.words)))
            expected = f"{len(self.words)} words, such as {checks.listed(near or self.words)}"
            raise ValueError(
                f"Captions must be made of known words. Expected: {expected}. Received: {checks.listed(unknown)}"
            )
        if not numbers.any(axis=1).all():
            wordless = [text for text, row in zip(texts, numbers, strict=True) if not row.any()]
            raise ValueError(f"Captions must hold words. Received: {checks.listed(wordless)}")
        if numbers.shape[1] > self.length:
            raise ValueError(
                f"Captions must not be longer than those that were given. Expected: at most {self.length} words. "
                f"Received: {numbers.shape[1]}"
            )
        return np.pad(numbers, ((0, 0), (0, self.length - numbers.shape[1])))

    def decode(self, numbers):
        """The captions of an array `(n, length)`, as a list of texts."""
        return [" ".join(self.words[number - _KNOWN] for number in row if number >= _KNOWN) for row in numbers]

    def _numbers(self, texts):
        return keras.ops.convert_to_numpy(self._layer(np.asarray(texts))).astype("int32")


def _texts(texts):
    texts = [texts] if isinstance(texts, str) else list(texts)
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"Captions must be texts, none empty. Received: {checks.listed(texts)}")
    return texts
