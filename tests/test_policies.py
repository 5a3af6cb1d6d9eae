import keras
import pytest

from keras_gen.policies import dtype_policy


def test_the_policy_is_that_of_the_block_alone():
    before = keras.config.dtype_policy()
    with pytest.raises(RuntimeError), dtype_policy("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise RuntimeError
    assert keras.config.dtype_policy() == before
