import keras
import pytest

from keras_gen import runs
from keras_gen.explorer import serving


@pytest.fixture
def served(monkeypatch):
    """The explorers that are served; the second port is the first that is free, and no browser is opened."""
    found, opened = [], []

    def serve(explorer, host, port, on_ready):
        found.append(explorer)
        on_ready(f"http://{host}:{port + 1}/token/", port + 1, f"http://{host}:{port + 1}/once/")

    monkeypatch.setattr(serving, "serve", serve)
    monkeypatch.setattr("webbrowser.open", opened.append)
    return found, opened


def test_a_run_has_its_test_images(folder, run, served):
    code, out, err = run("explore", folder, "--port", 9000)
    assert (
        code == 0 and out == "The page is at http://127.0.0.1:9001/token/ (port 9000 is in use). Ctrl-C ends it.\n"
    ), err
    (explorer,), opened = served
    assert opened == ["http://127.0.0.1:9001/once/"]
    assert explorer.n_examples == 360 and explorer.class_names == tuple("0123456789")


def test_a_file_has_those_of_data(folder, run, served):
    _, out, _ = run("explore", folder / "model.keras", "--no-browser")
    assert out.startswith("Remark: the page has no test images: a file does not name its data, which --data does")
    run("explore", folder / "model.keras", "--data", "digits", "--no-browser")
    (without, with_data), opened = served
    assert without.n_examples == 0 and with_data.n_examples == 360 and not opened


def test_a_run_whose_data_are_gone_is_shown_without(folder, run, served):
    runs.Settings("vae", data="/nowhere/images").write(folder)
    code, out, _ = run("explore", folder, "--no-browser")
    assert code == 0 and out.startswith("Remark: the page has no test images: ") and "/nowhere" in out


def test_one_file(folder, run, tmp_path, served):
    code, out, _ = run("explore", folder, "--standalone", tmp_path / "page.html")
    assert code == 0 and out == f"Wrote {tmp_path / 'page.html'}\n" and (tmp_path / "page.html").stat().st_size > 10_000
    assert served == ([], [])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "No saved model at that path. Expected: a .keras file or the folder of a run. Received: "),
        (("empty",), "No run in that folder."),
        (("cut.keras",), "The file is cut short or is not a saved model."),
        (
            ("other.keras",),
            "Expected: a model of keras_gen, of grey or coloured images. Received: Sequential",
        ),
        (("vae", "--data", "nowhere/images"), "nowhere/images"),
        (
            ("vae", "--standalone", "page.txt"),
            "--standalone is not the name of a page. Expected: one that ends in .html",
        ),
    ],
)
def test_errors_are_one_line(words, message, folder, refused, tmp_path, monkeypatch, served):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut.keras").write_bytes(b"cut")
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    assert message in refused("explore", *words)
    assert served == ([], [])


def test_missing_packages_are_named(folder, refused, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert refused("explore", folder).startswith("Error: `explore` needs starlette and uvicorn. Expected: pip install")
