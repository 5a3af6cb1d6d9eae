import gzip
import os
import struct
import zipfile

import numpy as np
import psutil
import pytest

from keras_gen.data import array_files

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels-idx1-ubyte.gz")


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def mnist_files(folder):
    arrays = np.arange(48, dtype="uint8").reshape(3, 4, 4), np.arange(3, dtype="uint8")
    for name, array in zip(NAMES, arrays * 2, strict=True):
        content = idx(array)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    return arrays


def test_mnists_four_files_plain_or_compressed(tmp_path):
    arrays = mnist_files(tmp_path)
    files = array_files.idx_files(tmp_path)
    assert [path.name for path in files] == list(NAMES)
    for path, array in zip(files, arrays * 2, strict=True):
        np.testing.assert_array_equal(array_files.read_idx(path), array)
    (tmp_path / NAMES[1]).unlink()
    with pytest.raises(ValueError, match="must hold the four files of MNIST. .*Received: no train-labels"):
        array_files.idx_files(tmp_path)


def test_another_folder_has_no_such_files(tmp_path):
    (tmp_path / "train-images").mkdir()
    assert array_files.idx_files(tmp_path) is None


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x00\x08", idx(np.zeros((3, 4), "uint8"))[:-1], b"\x1f\x8bnone", b"\x00\x00\x0d\x01" * 3]
)
def test_damaged_idx_files(content, tmp_path):
    (tmp_path / "a-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match="a-ubyte' cannot be read as an idx file"):
        array_files.read_idx(tmp_path / "a-ubyte")


def test_npz_and_npy(tmp_path):
    x, y = np.zeros((4, 2, 2)), np.arange(4)
    np.savez(tmp_path / "parts.npz", x_train=x, y_train=y, x_test=x[:1])
    (train_x, train_y), (test_x, test_y) = array_files.read_array_file(tmp_path / "parts.npz")
    assert len(train_x) == len(train_y) == 4 and len(test_x) == 1 and test_y is None
    np.savez(tmp_path / "whole.npz", images=x, target=y)
    ((images, target),) = array_files.read_array_file(tmp_path / "whole.npz")
    assert images.shape == (4, 2, 2) and target.tolist() == [0, 1, 2, 3]
    np.save(tmp_path / "x.npy", x)
    assert array_files.read_array_file(tmp_path / "x.npy")[0][1] is None


def test_bad_files(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.savez(tmp_path / "objects.npz", x=np.array([{}], object))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "other.npz").read_bytes()[:100])
    (tmp_path / "x.csv").touch()
    for name, message in (
        ("other.npz", r"must hold 'x_train'.*Received: \['a'\]"),
        ("objects.npz", "cannot be read as .npz: it holds Python objects"),
        ("cut.npz", "cannot be read as .npz"),
        ("x.csv", "must be .npz or .npy. Received: .*x.csv"),
        (
            "x.PNG",
            "A set of images must hold many. Expected: the folder that holds the image and others. Received: .*x.P",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            array_files.read_array_file(tmp_path / name)


def test_arrays_that_do_not_fit_into_memory_are_refused(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "large.npz", x=np.zeros(10**6))
    np.save(tmp_path / "large.npy", np.zeros(10**6))
    with gzip.open(tmp_path / "t10k-images-ubyte.gz", "wb") as file:
        file.write(bytes(10**6))
    memory = psutil.virtual_memory()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory._replace(available=10**5))
    message = "do not fit into memory. Expected: at most .* GiB. Received: .* GiB"
    for name in ("large.npz", "large.npy"):
        with pytest.raises(ValueError, match=f"{name}' cannot be read as .np.: its arrays {message}"):
            array_files.read_array_file(tmp_path / name)
    with pytest.raises(ValueError, match=f"cannot be read as an idx file: its arrays {message}"):
        array_files.read_idx(tmp_path / "t10k-images-ubyte.gz")


def test_a_header_that_promises_more_than_there_is(tmp_path):
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**14, 10)}
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.write(tmp_path / "x.npy", "x.npy")
    for name in ("x.npy", "x.npz"):
        with pytest.raises(ValueError, match=f"{name}' cannot be read as "):
            array_files.read_array_file(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_is_no_file(tmp_path):
    for name in ("x.npy", "train-images"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match="A data file must be .npz or .npy"):
        array_files.read_array_file(tmp_path / "x.npy")
    with pytest.raises(ValueError, match="must be a file of MNIST"):
        array_files.read_idx(tmp_path / "train-images")
