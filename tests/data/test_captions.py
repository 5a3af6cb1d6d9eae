import numpy as np
import pytest

from keras_gen.data import Captions

TEXTS = ["a large seven, tilted left", "a small two"]


def test_captions_come_back_in_lower_case_and_without_punctuation():
    captions = Captions(TEXTS)
    numbers = captions.encode(["A large two!", "two"])
    assert captions.decode(numbers) == ["a large two", "two"]
    assert numbers.dtype == "int32" and numbers.shape == (2, captions.length) == (2, 5)
    assert numbers.max() < captions.size and (numbers[1, 1:] == 0).all()


def test_each_word_has_its_own_number_the_same_for_every_order_of_texts():
    captions = Captions(TEXTS)
    numbers = captions.encode(captions.words)[:, 0]
    assert sorted(numbers) == list(range(2, captions.size))
    np.testing.assert_array_equal(Captions(TEXTS[::-1]).encode(TEXTS), captions.encode(TEXTS))


def test_captions_are_encoded_by_saved_words_as_before():
    captions = Captions(TEXTS)
    again = Captions.of_words(list(captions.words), captions.length)
    np.testing.assert_array_equal(again.encode(TEXTS), captions.encode(TEXTS))
    assert (again.size, again.decode(again.encode(TEXTS))) == (captions.size, captions.decode(captions.encode(TEXTS)))


def test_texts_without_words_are_refused():
    with pytest.raises(ValueError, match="Captions must hold words. Received: '!!!', '?'"):
        Captions(["!!!", "?"])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a huge two", "a tiny two"], "made of known words. Expected: 7 words, such as .* Received: 'huge', 'tiny'"),
        (["a a a a a a"], "must not be longer than those that were given. Expected: at most 5 words. Received: 6"),
        ([""], "Captions must be texts, none empty. Received: ''"),
        ([3], "Captions must be texts, none empty. Received: 3"),
        ([], "Captions must be texts"),
        (["two", "!!!"], "Captions must hold words. Received: '!!!'"),
    ],
)
def test_what_cannot_be_encoded_is_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        Captions(TEXTS).encode(texts)
