"""What the server answers, and to whom."""

import base64
import io
import socket
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image, ImageFile
from starlette.testclient import TestClient

from keras_gen import data, presets
from keras_gen.explorer import Explorer
from keras_gen.explorer.answers import described
from keras_gen.explorer.server import application
from keras_gen.explorer.serving import bound, hosts_of, serve
from keras_gen.explorer.uploads import LARGEST_UPLOAD, as_address, as_png

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
    for name in ("explorer.js", "latents.js", "plane.js", "elements.js", "page.js", "server.js", "style.css"):
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


def test_without_a_ticket_there_is_none(page):
    assert page.get(f"http://{HOST}/None/").status_code == 403


def test_a_ticket_leads_to_the_page_once_and_its_second_use_ends_it(explorer):
    page = TestClient(application(explorer, "token", {HOST}, "ticket"), f"http://{HOST}", follow_redirects=False)
    assert page.get("/ticket/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert page.head("/ticket/").status_code == page.get("/ticket/model").status_code == 403
    answer = page.get("/ticket/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/token/")
    assert page.get("/token/").status_code == 200
    for path in ("/ticket/", "/token/", "/token/model"):
        answer = page.get(path)
        assert answer.status_code == 403 and "Start `keras-gen explore` again" in answer.text


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
    np.testing.assert_array_equal(strip[:, :128], np.kron(first, np.ones((16, 16), "uint8")))  # large enough to see
    film = Image.open(io.BytesIO(page.post("film", json=ends).content))
    assert film.size == (128, 128)
    assert film.format == "GIF" and film.n_frames == 2 * 24 - 2  # there and back, with neither end twice


def test_uploads_are_resized_and_encoded(page, explorer):
    image = np.kron(explorer.example(5)[..., 0], np.ones((10, 10), "uint8"))
    found = page.post("encode", content=png(image)).json()
    np.testing.assert_allclose(found["z"], explorer.codes[5], atol=0.3)
    np.testing.assert_allclose(page.get("example-code?number=5").json()["z"], explorer.codes[5], atol=1e-5)
    np.testing.assert_array_equal(opened(page.get("example?number=5").content), explorer.example(5)[..., 0])


def test_the_code_of_a_test_image_is_that_of_its_own_class():
    test = data.load("digits")[1]
    split = test._replace(x=test.x[:5], y=test.y[:5])
    explorer = Explorer(presets.build("conditional-vae", (8, 8, 1), latent_dim=3, width=0.1), split)
    own, other = int(split.y[2]), (int(split.y[2]) + 1) % 10
    expected = explorer.encode(explorer.example(2), own)  # of the image in 8 bits
    assert np.abs(explorer.encode(explorer.example(2), other) - expected).max() > 0.01
    found = client(explorer).get(f"example-code?number=2&label={other}").json()["z"]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    gan = Explorer(presets.build("conditional-gan", (8, 8, 1), latent_dim=2, width=0.1), split)  # no codes: a search
    gan.encode = Mock(return_value=np.zeros(2))
    client(gan).get(f"example-code?number=2&label={other}")
    assert gan.encode.call_args.args[1] == own


def test_an_explanation_names_the_class_even_if_rounded_probabilities_are_equal():
    explorer = Explorer(presets.build("lenet5", (8, 8, 1), width=0.5))
    image = data.load("digits")[1].x[0] * 255
    found = client(explorer).post("classify", content=png(np.uint8(image[..., 0]))).json()
    why = client(explorer).post("explain", content=png(np.uint8(image[..., 0]))).json()
    assert found["class"] == explorer.classify(np.uint8(image)).argmax()
    assert why["attacked_class"] not in (None, found["class"]) and 0 < why["largest"] <= 1
    assert opened(base64.b64decode(why["change"].partition(",")[2])).shape == (8, 8)


def test_translations_go_both_ways():
    explorer = Explorer(presets.build("cyclegan", (24, 24, 1), width=0.03, blocks=1))
    image = np.random.default_rng(0).integers(0, 256, (24, 24), "uint8")
    for way in ("x", "y"):
        found = client(explorer).post(f"translate?to={way}", content=png(image)).json()
        expected = [as_address(one) for one in explorer.translate(image[..., None], way)]
        assert [found["translated"], found["back"]] == expected
    assert "Expected: one of" in client(explorer).post("translate?to=z", content=png(image)).json()["error"]


def test_latents_of_a_test_image_are_searched_for_without_an_encoder(explorer):
    gan = presets.build("gan", (8, 8, 1), latent_dim=2, width=0.1)
    split = data.Split((gan.sample(2, seed=0) + 1) / 2, np.array([0, 1]))
    page, own = client(found := Explorer(gan, split)), found.example(1)
    z = page.get("example-code?number=1").json()["z"]
    assert np.abs(found.decode([z])[0].astype(int) - own).max() <= 2


def test_arithmetic_of_classes(page, explorer):
    found = page.post("arithmetic", json={"a": 3, "b": 3, "c": 7}).json()["z"]
    np.testing.assert_allclose(found, explorer.mean_code(7), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "content", "status", "message"),
    [
        ("encode", b"no image", 400, "cannot be read as an image"),
        ("encode", b"", 400, "cannot be read as an image"),
        ("encode", bytes(LARGEST_UPLOAD + 1), 413, "An upload is too large. Expected: at most 20 MB"),
        ("decode", b'{"z": [1.0]}', 400, "`z` must be 3 finite numbers, one for each latent"),
        ("decode", b'{"z": [NaN, 0, 0]}', 400, "`z` must be 3 finite numbers"),
        ("decode", b"[1]", 400, "A request must be an object. Expected: such as {}. Received: a list"),
        ("decode", b"{", 400, "A request must be JSON. Received: "),
        ("decode", b"{}", 400, "A request lacks a part. Expected: `z`. Received: none"),
        ("decode", b'{"z": [1e39, 0, 0]}', 400, "`z` must be 3 finite numbers"),
        ("decode", b'{"z": ["1", 0, 0]}', 400, "`z` must be 3 finite numbers"),
        ("decode", b"[" * 100_000, 400, "A request must be JSON."),
        ("path", b'{"a": [0, 0, 0], "b": [0, 0, 0]}', 400, "Expected: `path`. Received: 'a', 'b'"),
        ("codes", b'{"axes": [["latent", 0]]}', 400, "`axes` must be two pairs."),
        ("codes", b'{"axes": "ab"}', 400, "`axes` must be two pairs."),
        ("arithmetic", b'{"a": 1, "b": 2, "c": -1}', 400, "Mean codes need test images of the class."),
        ("example?number=x", None, 400, "`number` must be a whole number. Expected: such as 3. Received: 'x'"),
        ("example", None, 400, "A request lacks a part. Expected: `number`."),
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


@pytest.mark.parametrize(("mode", "kind"), [("1", "PNG"), ("P", "PNG"), ("P", "GIF")])
def test_a_picture_of_a_hundred_megapixels_is_refused_before_it_is_decoded(page, mode, kind, monkeypatch):
    buffer = io.BytesIO()
    Image.new(mode, (10_000, 10_000)).save(buffer, kind)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("the image is decoded"))
    answer = page.post("encode", content=buffer.getvalue())
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(
        "The image is too large. Expected: at most 50 million pixels. Received: 10000"
    )


def test_formats_that_hide_their_size_are_refused(page):
    for kind in ("ICO", "TIFF"):
        buffer = io.BytesIO()
        Image.new("L", (16, 16)).save(buffer, kind)
        answer = page.post("encode", content=buffer.getvalue())
        assert "cannot be read as an image. Expected: one of BMP, GIF, JPEG, PNG, WEBP" in answer.json()["error"]


def test_a_model_that_has_diverged_is_reported():
    model = presets.build("lenet5", (8, 8, 1), width=0.3)
    model.set_weights([np.nan * weight for weight in model.get_weights()])
    answer = client(Explorer(model)).post("classify", content=png(np.zeros((8, 8), "uint8")))
    assert answer.status_code == 400 and "values that are not finite" in answer.json()["error"]
    test = data.load("digits")[1]
    vae = presets.build("vae", (8, 8, 1), width=0.1)
    vae.set_weights([np.nan * weight for weight in vae.get_weights()])
    assert client(Explorer(vae, test)).get("model").json()["has_codes"] is False


def test_failures_of_the_model_are_one_line_and_the_page_goes_on(explorer, monkeypatch):
    def failing(*arguments):
        raise RuntimeError("out of\nmemory")

    page = client(explorer)
    monkeypatch.setattr(explorer, "decode", failing)
    answer = page.post("decode", json={"z": [0, 0, 0]})
    assert (answer.status_code, answer.json()) == (500, {"error": "The model has failed: RuntimeError: out of memory"})
    assert page.get("").status_code == 200


def test_paths_begin_with_the_one_that_suits_the_prior():
    models = (presets.build("vae", (8, 8, 1), width=0.1), presets.build("gan", (8, 8, 1), width=0.1, latent="uniform"))
    assert [described(Explorer(model))["path"] for model in models] == ["spherical", "linear"]


def test_a_port_in_use_is_passed_over():
    with bound("127.0.0.1", 47111) as first, bound("127.0.0.1", first.getsockname()[1]) as second:
        assert first.getsockname()[1] < second.getsockname()[1]
        assert first.proto == socket.IPPROTO_TCP, "else asyncio leaves Nagle's algorithm on"
    with (
        bound("127.0.0.1", 65535),
        pytest.raises(OSError, match="No port is free at 127.0.0.1. Expected: one of 65535"),
    ):
        bound("127.0.0.1", 65535)
    with pytest.raises(ValueError, match="`host` must be an address of this machine. Expected: such as 127.0.0.1"):
        bound("203.0.113.7", 8765)


def test_hosts_of_other_addresses():
    assert hosts_of("127.0.0.2", 80) == {
        f"{name}{port}" for name in ("127.0.0.1", "127.0.0.2", "localhost", "[::1]") for port in ("", ":80")
    }
    assert hosts_of("192.0.2.1", 9000) == {"192.0.2.1:9000"}
    assert hosts_of("0.0.0.0", 9000) is None and "[::1]:9000" in hosts_of("::1", 9000)


def test_the_page_is_served_with_a_token_of_its_own_and_to_this_machine_alone(explorer, monkeypatch):
    made, served = [], []
    monkeypatch.setattr("keras_gen.explorer.serving.application", lambda *given: made.append(given))
    monkeypatch.setattr("uvicorn.Server.run", lambda server, sockets: served.append(sockets[0].getsockname()))
    addresses = []
    for _ in range(2):
        serve(explorer, port=47200, on_ready=lambda address, port, once: addresses.append((address, once)))
    (_, token, hosts, ticket), (_, other, _, another) = made
    assert len({token, ticket, other, another}) == 4 and min(len(token), len(ticket)) > 20
    assert served[0][0] == "127.0.0.1"
    assert addresses[0] == tuple(f"http://127.0.0.1:{served[0][1]}/{secret}/" for secret in (token, ticket))
    assert hosts == hosts_of("127.0.0.1", served[0][1])


def test_requests_without_a_path_or_with_two_origins_are_refused(page):
    assert page.request("OPTIONS", f"http://{HOST}").status_code == 403
    headers = [("Host", HOST), ("Origin", "http://evil.example"), ("Origin", f"http://{HOST}")]
    assert page.post("draw", headers=headers).status_code == 403


def test_as_png_keeps_every_pixel():
    for channels in (1, 3):
        image = np.random.default_rng(0).integers(0, 256, (5, 7, channels), "uint8")
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(as_png(image)))).reshape(image.shape), image)
