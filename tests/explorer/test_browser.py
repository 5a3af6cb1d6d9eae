"""The page in a real browser: what a reader sees, and what a reader can do."""

import contextlib
import re
import shutil
import threading
import time

import keras
import numpy as np
import pytest
import uvicorn
from PIL import Image

from keras_gen import data, layers, models, networks, presets
from keras_gen.explorer import Explorer
from keras_gen.explorer.server import application
from keras_gen.explorer.serving import bound
from keras_gen.explorer.standalone import write_standalone

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1100, "height": 800}


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def served(explorer, port=0):
    """Serve an explorer on a free port, or on one that has been free before; the address of its page."""
    with contextlib.closing(bound("127.0.0.1", port)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(application(explorer, "token", {host}), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://{host}/token/"
        server.should_exit = server.force_exit = True
        thread.join()


@contextlib.contextmanager
def opened(browser, address, size=None):
    """A page without an error in its console, and without a request to another host."""
    problems = []
    page = browser.new_page(viewport=size or DESK)
    page.set_default_timeout(20_000)
    page.on("console", lambda line: line.type in ("error", "warning") and problems.append(line.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    own = (address, "blob:", "data:")
    page.on("request", lambda request: request.url.startswith(own) or problems.append(request.url))
    page.goto(address)
    page.wait_for_selector(".picture[src]")
    yield page
    page.close()
    assert problems == []


def tab(page, name):
    page.get_by_role("tab", name=name).click()
    page.wait_for_selector(".picture[src]")


def pixels(page, caption):
    """The pixels of the picture with a caption, as the page shows them: uint8 `(height, width)`."""
    image = page.locator("figure", has_text=caption).locator("img").first
    read = """async (image) => {
        for (let source = null; source !== image.src; ) {
            source = image.src;
            await image.decode().catch((error) => {
                if (source === image.src) throw error; // else a newer picture took its place
            });
        }
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        return [canvas.height, canvas.width, ...context.getImageData(0, 0, canvas.width, canvas.height).data];
    }"""
    height, width, *values = image.evaluate(read)
    return np.array(values, "uint8").reshape(height, width, 4)[..., 0]


def until(fits):
    """Wait until a function of no arguments is true: what the page shows follows a request."""
    end = time.monotonic() + 20
    while not fits():
        assert time.monotonic() < end, "the page has not changed"


@pytest.fixture(scope="module")
def vae():
    test = data.load("digits")[1]
    split = test._replace(x=test.x[:60], y=test.y[:60])
    return Explorer(presets.build("vae", (8, 8, 1), latent_dim=3, width=0.1), split, test.class_names)


@pytest.fixture(scope="module")
def address(vae):
    with served(vae) as address:
        yield address


def test_sliders_show_what_the_model_decodes(browser, vae, address):
    with opened(browser, address) as page:
        tab(page, "Latents")
        sliders = page.locator("input[type=range]")
        for number, value in enumerate((1.5, -0.9, 0.3)):
            sliders.nth(number).fill(str(value))
        z = [[float(slider.input_value()) for slider in sliders.all()]]
        until(lambda: np.abs(pixels(page, "Decoded latents") - vae.decode(z)[0, ..., 0].astype(int)).max() <= 1)
        page.get_by_role("button", name="Keep").click()
        page.get_by_role("button", name="Reset").click()
        until(
            lambda: np.abs(pixels(page, "Decoded latents") - vae.decode([[0, 0, 0]])[0, ..., 0].astype(int)).max() <= 1
        )
        tab(page, "Morph")
        tab(page, "Latents")  # a view is kept with all that is in it
        page.get_by_role("button", name="Traverse").click()
        page.get_by_role("button", name="Return to kept picture 1").click()
        assert [[float(slider.input_value()) for slider in sliders.all()]] == z
        assert page.get_by_role("button", name="Traverse").get_attribute("aria-pressed") == "false"


def test_the_plane_follows_the_pointer_and_the_keys(browser, vae, address):
    with opened(browser, address) as page:
        before = pixels(page, "Decoded point")
        box = page.locator("canvas").bounding_box()
        page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
        until(lambda: (pixels(page, "Decoded point") != before).any())
        moved = pixels(page, "Decoded point")
        page.locator("canvas").focus()
        for _ in range(10):
            page.keyboard.press("ArrowLeft")
        until(lambda: (pixels(page, "Decoded point") != moved).any())
        page.get_by_label("Across").select_option(label="latent 0")
        page.get_by_label("Up").select_option(label="latent 2")
        centre = [vae.axes.extents[0].mean(), 0, vae.axes.extents[2].mean()]
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(0)
        box = page.locator("canvas").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2 + 0.5, box["y"] + box["height"] / 2)
        until(lambda: np.abs(pixels(page, "Decoded point") - vae.decode([centre])[0, ..., 0].astype(int)).max() <= 3)


def test_a_point_near_a_code_shows_the_example(browser, vae, address):
    with opened(browser, address) as page:
        page.get_by_label("Across").select_option(label="latent 0")
        page.get_by_label("Up").select_option(label="latent 1")
        (low, high), (bottom, top) = vae.axes.extents[:2]
        box = page.locator("canvas").bounding_box()
        across, up = map(float, vae.codes[7, :2])
        x, y = (across - float(low)) / float(high - low), 1 - (up - float(bottom)) / float(top - bottom)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_selector("text=/Test image \\d+, class/")

        def shown():
            numbers = re.search(r"Decoded point \((\S+), (\S+)\)", page.inner_text(".pictures"))
            return [float(number) for number in numbers.groups()]

        until(lambda: np.abs(np.subtract(shown(), [across, up])).max() < 0.03)
        page.mouse.move(box["x"] + 1, box["y"] + 1)
        page.wait_for_selector("text=No code of a test image is near")


def test_keys_alone_reach_all_views(browser, address):
    with opened(browser, address) as page:
        for name in ("Latents", "Morph", "Attributes", "Plane"):
            page.locator("body").focus()
            for _ in range(40):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.textContent") == name:
                    break
            page.keyboard.press("Enter")
            until(lambda name=name: page.get_by_role("tab", name=name).get_attribute("aria-selected") == "true")


def test_a_file_becomes_an_end_of_a_path(browser, vae, address, tmp_path):
    Image.fromarray(vae.example(3)[..., 0]).resize((64, 64), Image.Resampling.NEAREST).save(tmp_path / "three.png")
    with opened(browser, address) as page:
        tab(page, "Morph")
        page.locator("input[type=file]").first.set_input_files(tmp_path / "three.png")
        page.wait_for_selector("text=The file, as the model makes it")
        original = pixels(page, "The file").shape  # the first picture, which the model has made
        assert original == (8, 8) and page.locator(".small[src]").count() == 1
        expected = vae.decode(vae.encode(vae.example(3))[None])[0, ..., 0]
        assert np.abs(pixels(page, "The file") - expected.astype(int)).max() <= 25
        for kind in ("GIF", "PNG"):
            with page.expect_download() as download:
                page.get_by_role("button", name=f"Save as {kind}").click()
            assert Image.open(download.value.path()).format == kind


def test_a_file_may_be_dropped(browser, address):
    drop = """(place) => {
        const canvas = new OffscreenCanvas(8, 8);
        const context = canvas.getContext("2d");
        context.fillStyle = "white"; // the untrained encoder maps black to 0, where no spherical path ends
        context.fillRect(0, 0, 4, 8);
        return canvas.convertToBlob().then((blob) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([blob], "half.png", { type: "image/png" }));
            place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        });
    }"""
    with opened(browser, address) as page:
        tab(page, "Morph")
        page.locator(".drop").first.evaluate(drop)
        page.wait_for_selector("text=The file, as the model makes it")


def test_a_file_that_is_no_image_is_refused_in_words(browser, vae, address, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    page = browser.new_page()
    page.goto(address)
    page.get_by_role("tab", name="Morph").click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "text.png")
    page.wait_for_selector("#message:has-text('cannot be read as an image')")
    Image.fromarray(vae.example(0)[..., 0]).save(tmp_path / "good.png")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "good.png")
    page.wait_for_selector("text=The file, as the model makes it")
    assert page.inner_text("#message") == ""
    page.close()


@pytest.mark.parametrize("name", ["Plane", "Latents", "Morph", "Attributes"])
def test_a_phone_shows_all_without_scrolling_sideways(browser, address, name):
    with opened(browser, address, PHONE) as page:
        tab(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.set_viewport_size(DESK)
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_lost_server_is_tried_again(browser, vae):
    with served(vae, 47300) as address:
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("tab", name="Latents").click()
        page.wait_for_selector(".picture[src]")
    page.get_by_role("button", name="Random").click()
    page.wait_for_selector("#message:has-text('The server does not answer')")
    with served(vae, int(address.split(":")[2].split("/")[0])):
        page.wait_for_selector("#message", state="hidden")
    page.close()


STANDALONE = {
    "vae": lambda: presets.build("vae", (8, 8, 1), latent_dim=3, width=0.1),
    "tied and centred autoencoder": lambda: presets.build("autoencoder", (8, 8, 1), latent_dim=3, width=0.1, tied=True),
    "convolutional VAE of odd sides": lambda: presets.build("convolutional-vae", (9, 11, 3), latent_dim=3, width=0.2),
    "DCGAN": lambda: presets.build("dcgan", (28, 28, 1), latent_dim=3, width=0.1),
    "conditional GAN": lambda: presets.build("conditional-gan", (16, 16, 3), latent_dim=3, width=0.1),
    "sub-pixel, repeated and strided": lambda: models.GAN(
        keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(2 * 2 * 4, "elu"),
                keras.layers.Reshape((2, 2, 4)),
                layers.SubPixelConv2D(3, 3, activation="silu"),
                keras.layers.UpSampling2D(2),
                keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="softplus"),
                keras.layers.Conv2DTranspose(1, 2, strides=2, activation="tanh"),
            ]
        ),
        networks.mlp_discriminator((8, 8, 1), (4,)),
        3,
    ),
}


@pytest.mark.parametrize("name", STANDALONE)
def test_a_page_without_a_server_computes_what_the_model_does(browser, tmp_path, name):
    model = STANDALONE[name]()
    shape = model.example_shape
    x = np.random.default_rng(0).random((40, *shape)).astype("float32")
    split = data.Split(x, np.arange(40) % 10) if "VAE" in name or name == "vae" else None
    explorer = Explorer(model, split)
    for weight in (one for one in model.weights if "moving_variance" in one.path):
        weight.assign(2 * keras.ops.ones_like(weight))  # as after training
    write_standalone(explorer, tmp_path / "page.html")
    with opened(browser, (tmp_path / "page.html").as_uri()) as page:
        tab(page, "Latents")
        labels = (0, 4) if explorer.is_conditional else (None,)
        for label in labels:
            if label is not None:
                page.get_by_role("button", name=str(label), exact=True).click()
            for number in range(3):
                page.locator("input[type=range]").nth(number).fill(str(0.6 - 0.5 * number))
            z = [[float(slider.input_value()) for slider in page.locator("input[type=range]").all()]]
            expected = explorer.decode(z, label)[0, ..., 0].astype(int)
            until(lambda expected=expected: np.abs(pixels(page, "Decoded latents") - expected).max() <= 1)
        if split is not None:
            tab(page, "Plane")
            page.locator("canvas").hover()
            page.wait_for_selector("text=/Test image \\d+, class/")


def test_classes_are_buttons_of_a_conditional_model(browser):
    explorer = Explorer(presets.build("conditional-gan", (8, 8, 1), latent_dim=3, width=0.1))
    with served(explorer) as address, opened(browser, address) as page:
        tab(page, "Latents")
        for label in (0, 7):
            page.get_by_role("button", name=str(label), exact=True).click()
            expected = explorer.decode([[0, 0, 0]], label)[0, ..., 0].astype(int)
            until(lambda expected=expected: np.abs(pixels(page, "Decoded latents") - expected).max() <= 1)


def test_a_drawing_is_classified(browser):
    explorer = Explorer(presets.build("lenet5", (8, 8, 1), width=0.5))
    with served(explorer) as address:
        page = browser.new_page(viewport=DESK)
        page.goto(address)
        box = page.locator("canvas").bounding_box()
        page.mouse.move(box["x"] + 80, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 80, box["y"] + 200, steps=5)
        page.mouse.up()
        page.wait_for_selector("text=/nearest image of another class: \\d/")
        drawn = pixels(page, "Class ")
        assert drawn.max() > 100 and drawn.min() == 0
        assert page.locator("meter").count() == 10
        page.wait_for_selector("text=/What DeepFool changes: .* by at most [\\d.]+ % of the range/")
        page.get_by_role("button", name="Clear").click()
        assert page.locator("meter").count() == 0 and page.locator(".picture[src]").count() == 0
        page.close()


def test_a_picture_is_translated_there_and_back(browser, tmp_path):
    names = {"x": "photos", "y": "monet"}
    explorer = Explorer(presets.build("cyclegan", (24, 24, 1), width=0.03, blocks=1), set_names=names)
    image = np.random.default_rng(0).integers(0, 256, (24, 24), "uint8")
    Image.fromarray(image).save(tmp_path / "x.png")
    with served(explorer) as address:
        page = browser.new_page(viewport=DESK)
        page.goto(address)
        page.locator("input[type=file]").set_input_files(tmp_path / "x.png")
        page.wait_for_selector("figure:has-text('And back') img[src]")
        there, back = explorer.translate(image[..., None])
        for caption, expected in (("Its translation", there), ("And back", back)):
            assert np.abs(pixels(page, caption) - expected[..., 0].astype(int)).max() <= 1
        page.locator("select").select_option(label="into photos")  # the same image goes the other way
        page.wait_for_selector("text=Its translation into photos")
        other = explorer.translate(image[..., None], "x")[0][..., 0].astype(int)
        until(lambda: np.abs(pixels(page, "Its translation") - other).max() <= 1)
        page.close()


def test_a_reader_sees_that_the_model_computes(browser, vae, monkeypatch):
    is_free = threading.Event()
    draw = vae.draw
    monkeypatch.setattr(vae, "draw", lambda: is_free.wait(20) and draw())
    with served(vae) as address, opened(browser, address) as page:
        tab(page, "Latents")
        page.get_by_role("button", name="Random").click()
        page.wait_for_selector("#working:has-text('The model computes')")
        is_free.set()
        until(lambda: page.inner_text("#working") == "")


def test_a_phone_shows_the_plane_and_its_picture_at_once(browser, address):
    with opened(browser, address, PHONE) as page:
        picture, plane = page.locator(".picture").first.bounding_box(), page.locator("canvas").bounding_box()
        assert picture["y"] + picture["height"] <= plane["y"]
        assert plane["y"] + plane["height"] <= PHONE["height"]
        tab(page, "Morph")
        slider = page.get_by_label("Position on the path").bounding_box()
        assert slider["y"] + slider["height"] <= PHONE["height"]
