import keras
import pytest

from keras_gen import networks, presets, runs


def test_a_run_a_file_and_a_preset(run, tmp_path):
    runs.Settings("vae").write(tmp_path)
    presets.build("vae", (8, 8, 1), width=0.1).save(tmp_path / "model.keras")
    code, out, err = run("describe", tmp_path)
    assert code == 0 and out.startswith("encoder: 8x8x1 -> 2, 2, ") and "\ndecoder: 2 -> 8x8x1, " in out, err
    networks.patchgan_discriminator((64, 64, 3), 2, name="judge").save(tmp_path / "judge.keras")
    code, out, err = run("describe", tmp_path / "judge.keras")
    assert code == 0 and out.startswith("judge: 64x64x3 -> 6x6x1, "), err
    assert out.splitlines()[-1].split()[-3:] == ["70", "8", "23"] and "Remark" not in out
    code, out, err = run("describe", "lenet5", "--shape", "32,32,3")
    assert code == 0 and out.startswith("lenet5: 32x32x3 -> 10, "), err
    _, default, _ = run("describe", "lenet5")
    assert default.startswith("lenet5: 28x28x1 -> 10, 61,706 parameters, 416,520 operations\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lenet",), "Unknown model. Did you mean 'lenet5'? Expected: one of ['lenet5', 'alexnet'"),
        (("nowhere.keras",), "No saved model at that path. Expected: a .keras file or the folder of a run. Received: "),
        (("runs/nowhere",), "No saved model at that path."),
        (("empty",), "No run in that folder."),
        (("cut.keras",), "The file is cut short or is not a saved model."),
        (("unbuilt.keras",), "must know its layers and their shapes"),
        (("empty", "--shape", "8,8,1"), "--shape is for a model of `keras-gen list`. Expected: no such option."),
        (("lenet5", "--shape", "a,8,1"), "--shape must be whole numbers separated by commas."),
        (("lenet5", "--shape", "8,8"), "`input_shape` must be (height, width, channels). Received: input_shape=(8, 8)"),
    ],
)
def test_errors_are_one_line(words, message, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut.keras").write_bytes(b"cut")
    if words[0] == "unbuilt.keras":
        keras.Sequential([keras.layers.ReLU()]).save("unbuilt.keras")
    assert message in refused("describe", *words)
