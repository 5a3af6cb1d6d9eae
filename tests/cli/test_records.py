import numpy as np

from keras_gen import data


def test_a_set_is_written_and_can_be_loaded(run, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).integers(0, 256, (30, 8, 8), "uint8"), y=np.arange(30) % 3)
    code, printed, err = run("records", tmp_path / "x.npz", tmp_path / "records", "--shards", 2, "--channels", 3)
    assert code == 0 and printed.strip() == f"Wrote 24 training images and 6 test images into {tmp_path / 'records'}", (
        err
    )
    train, _ = data.load(tmp_path / "records")
    assert train.x.shape == (24, 8, 8, 3) and train.class_names == ("0", "1", "2")


def test_errors_are_one_line(refused, tmp_path):
    (tmp_path / "other.txt").touch()
    assert "Received: one with 'other.txt'" in refused("records", "digits", tmp_path)
    assert "No data at that path" in refused("records", tmp_path / "none", tmp_path / "records")
