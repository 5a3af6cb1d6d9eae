import numpy as np
import pytest
from PIL import Image


@pytest.mark.compiled
def test_compare_prints_a_table_and_writes_it_with_a_picture(vae, conditional, run, tmp_path):
    out, picture = tmp_path / "table.csv", tmp_path / "compare.png"
    options = ["--metrics", "FID,density,coverage", "--n", 100, "--features", "identity"]
    code, text, err = run("compare", vae, conditional, *options, "--out", out, "--picture", picture)
    assert code == 0 and "Warning: `fid` is measured as `frechet`" in err, err
    lines = text.splitlines()
    assert lines[0].split() == ["model", "runs", "epochs", "frechet", "density", "coverage"]
    assert [line.split()[0] for line in lines[1:4]] == ["convolutional-vae", "conditional-gan", "training"]
    assert lines[4] == "Measured: frechet[identity,n=100], density[identity,k=5,n=100], coverage[identity,k=5,n=100]"
    assert lines[-1] == f"Wrote {out} and {picture}"
    assert out.read_text().startswith("model,runs,epochs,") and np.asarray(Image.open(picture)).std() > 0


def test_what_cannot_be_compared_is_one_line_and_leaves_nothing(vae, refused, run, tmp_path, monkeypatch):
    picture = ["--picture", tmp_path / "compare.png"]
    assert "No run in that folder." in refused("compare", vae, tmp_path / "nowhere", *picture)
    assert "Unknown metric. Did you mean 'coverage'?" in refused("compare", vae, "--metrics", "covrage", *picture)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "folder.png").mkdir()
    monkeypatch.setattr("keras_gen.runs.compare", lambda *args: pytest.fail("too late"))
    before = (vae / "model.keras").read_bytes()
    for name in ("compare.doc", "folder.png", "vae/model.keras", "compare", "vae/model.keras/a.png"):
        assert "--picture is not the name of a picture." in refused("compare", vae, "--picture", tmp_path / name)
    for name in ("compare.png", "folder.csv", "vae/model.keras", "compare"):
        assert "--out is not the name of a table. Expected: one that ends in .csv" in refused(
            "compare", vae, "--out", tmp_path / name, *picture
        )
    assert (vae / "model.keras").read_bytes() == before
    assert not list(tmp_path.glob("compare*"))
    code, _, err = run("compare")
    assert code == 2 and "Missing argument" in err
