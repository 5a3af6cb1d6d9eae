import pytest

from keras_gen.files import atomic_write


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with atomic_write(path) as temporary:
        temporary.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and [entry.name for entry in path.parent.iterdir()] == ["a.txt"]
