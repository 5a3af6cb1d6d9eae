"""What the server answers, and to whom."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from keras_gen import data, presets
from keras_gen.explorer import Explorer
from keras_gen.explorer.server import application
from keras_gen.explorer.serving import bound
from keras_gen.explorer.uploads import LARGEST_UPLOAD, as_png

HOST = "127.0.0.1:8000"


def client(explorer, hosts=frozenset({HOST})):
    """A client in the folder of the token, on which redirections would be seen."""
    return TestClient(application(explorer, "token", hosts), f"http://{HOST}/token/", follow_redirects=False)


def png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def opened(content):
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.fixture(scope="module")
def explorer():
    test = data.load("digits")[1]
    split = test._replace(x=test.x[:30], y=test.y[:30])
    return Explorer(presets.build("vae", (8, 8, 1), latent_dim=3, width=0.1), split, test.class_names)


@pytest.fixture(scope="module")
def page(explorer):
    return client(explorer)


def test_the_page_and_its_files(page):
    assert "<title>keras_gen explorer</title>" in page.get("").text
    for name in ("explorer.js", "latents.js", "plane.js", "elements.js", "server.js", "style.css"):
        answer = page.get(name)
        assert answer.status_code == 200 and answer.text, name
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_other_files_are_served(page):
    for name in ("../server.py", "..%2fserver.py", "static/index.html", "/etc/passwd", "%2e%2e/answers.py"):
        assert page.get(f"http://{HOST}/token/{name}").status_code in (403, 404), name


def test_every_answer_has_the_policy(page):
    for answer in (page.get(""), page.get("nothing"), page.get(f"http://{HOST}/other/")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:8001"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_forged_headers_are_refused(page, headers):
    for name, method in (("", "GET"), ("model", "GET"), ("draw", "POST")):
        assert page.request(method, name, headers=headers).status_code == 403


def test_the_page_itself_is_answered(page):
    headers = {"Host": HOST, "Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert page.post("draw", headers=headers).status_code == 200


def test_another_token_is_refused(page):
    for token in ("", "toke", "tokens", "Token", "tökén"):
        assert page.get(f"http://{HOST}/{token}/model").status_code == 403


def test_any_host_may_be_allowed_but_no_other_origin(explorer):
    page = client(explorer, hosts=None)
    assert page.get("model", headers={"Host": "studio:9000"}).status_code == 200
    headers = {"Host": "studio:9000", "Origin": "http://evil.example"}
    assert page.get("model", headers=headers).status_code == 403


def test_the_model_is_described(page, explorer):
    found = page.get("model").json()
    assert (found["name"], found["parts"], found["latent_dim"]) == ("VAE", ["encode", "latents", "morph"], 3)
    assert found["examples"] == 30 and found["labels"] == explorer.labels.tolist()
    assert np.shape(found["components"]) == (3, 3) and np.shape(found["extents"]) == (3, 2)


def test_decoded_pixels_are_those_of_the_model(page, explorer):
    z = [0.5, -1.0, 2.0]
    shown = opened(page.post("decode", json={"z": z}).content)
    assert np.abs(shown / 255 - explorer.model.decode(np.array([z]))[0, ..., 0]).max() <= 0.5 / 255 + 1e-6


def test_codes_along_latents_and_components(page, explorer):
    points = page.post("codes", json={"axes": [["latent", 2], ["component", 0]]}).json()["points"]
    np.testing.assert_allclose(np.array(points)[:, 0], explorer.codes[:, 2], atol=1e-5)
    # the first component has the largest variance of all directions
    assert np.var(np.array(points)[:, 1]) >= explorer.codes.var(axis=0).max() - 1e-4


def test_paths_pictures_and_animations(page, explorer):
    ends = {"a": [1.0, 0.0, 0.0], "b": [0.0, 1.0, 0.0], "path": "spherical"}
    path = np.array(page.post("path", json=ends).json()["z"])
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, atol=1e-4)
    strip = opened(page.post("strip", json=ends).content)
    first = explorer.decode([ends["a"]])[0, ..., 0]
    np.testing.assert_array_equal(strip[:, :8], first)
    film = Image.open(io.BytesIO(page.post("film", json=ends).content))
    assert film.format == "GIF" and film.n_frames > 24


def test_uploads_are_resized_and_encoded(page, explorer):
    image = np.kron(explorer.examples[5][..., 0], np.ones((10, 10), "uint8"))
    found = page.post("encode", content=png(image)).json()
    assert found["image"].startswith("data:image/png;base64,")
    np.testing.assert_allclose(found["z"], explorer.codes[5], atol=0.3)
    np.testing.assert_allclose(page.get("example-code?number=5").json()["z"], explorer.codes[5], atol=1e-5)
    np.testing.assert_array_equal(opened(page.get("example?number=5").content), explorer.examples[5][..., 0])


def test_arithmetic_of_classes(page, explorer):
    found = page.post("arithmetic", json={"a": 3, "b": 3, "c": 7}).json()["z"]
    np.testing.assert_allclose(found, explorer.mean_code(7), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "content", "status", "message"),
    [
        ("encode", b"no image", 400, "cannot be read as an image"),
        ("encode", b"", 400, "cannot be read as an image"),
        ("encode", bytes(LARGEST_UPLOAD + 1), 413, "An upload has at most 20 MB"),
        ("decode", b'{"z": [1.0]}', 400, "`z` does not fit the network. Expected: shape (n, 3)"),
        ("decode", b'{"z": [NaN, 0, 0]}', 400, "`z` must be finite"),
        ("decode", b"[1]", 400, "A request must be an object. Received: a list"),
        ("decode", b"{", 400, "Expecting"),
        ("decode", b"{}", 400, "z"),
        ("codes", b'{"axes": [["latent", 3], ["latent", 0]]}', 400, "There is no such axis. Expected: 0 to 2"),
        ("classify", b"", 400, "cannot be read as an image"),
        ("example?number=30", None, 400, "There is no such example. Expected: a number from 0 below 30. Received: 30"),
        ("nothing", None, 404, "There is no such page"),
        ("decode", None, 405, "Expected: POST. Received: GET"),
    ],
)
def test_bad_requests(page, name, content, status, message):
    answer = page.get(name) if content is None else page.post(name, content=content)
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_a_picture_of_a_hundred_megapixels_is_refused_before_it_is_decoded(page):
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "PNG")
    answer = page.post("encode", content=buffer.getvalue())
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(
        "The image is too large. Expected: at most 50 million pixels. Received: 10000"
    )


def test_a_port_in_use_is_passed_over():
    with bound("127.0.0.1", 47111) as first, bound("127.0.0.1", 47111) as second:
        assert first.getsockname()[1] < second.getsockname()[1]


def test_as_png_keeps_every_pixel():
    for channels in (1, 3):
        image = np.random.default_rng(0).integers(0, 256, (5, 7, channels), "uint8")
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(as_png(image)))).reshape(image.shape), image)
