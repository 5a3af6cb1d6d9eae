"""The page in a real browser: what a reader sees, and what a reader can do."""

import re
import threading
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from keras_gen import data, presets
from keras_gen.explorer import Explorer
from tests.explorer.browsing import DESK, PHONE, opened, pixels, served, tab, until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of uvicorn's, in a thread


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
        asked = []
        page.on("request", lambda request: "example" in request.url and asked.append(request.url))
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_selector("text=/Test image \\d+, class/")
        for step in range(1, 6):
            page.mouse.move(box["x"] + x * box["width"] + step / 100, box["y"] + y * box["height"])
            page.wait_for_selector(".picture[src]")
        assert len(asked) == 1  # as long as the nearest code is the same

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
        page.evaluate("document.getElementById('message').textContent = 'An old message'")
        page.locator(".drop").first.evaluate(drop)
        until(lambda: page.inner_text("#message") == "")


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


def test_classes_are_buttons_of_a_conditional_model(browser):
    explorer = Explorer(presets.build("conditional-gan", (8, 8, 1), latent_dim=3, width=0.1))
    with served(explorer) as address, opened(browser, address) as page:
        tab(page, "Latents")
        for label in (0, 7):
            page.get_by_role("button", name=str(label), exact=True).click()
            expected = explorer.decode([[0, 0, 0]], label)[0, ..., 0].astype(int)
            until(lambda expected=expected: np.abs(pixels(page, "Decoded latents") - expected).max() <= 1)


def test_a_drawing_is_classified(browser, monkeypatch):
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
        page.wait_for_selector("text=/What DeepFool changes, .* by at most [\\d.]+ % of the range/")
        monkeypatch.setattr(explorer, "saliency", Mock(side_effect=ValueError("no saliency")))
        page.locator("canvas").first.click()  # a dot more
        page.wait_for_selector("#message:has-text('no saliency')")
        assert page.locator(".picture[src]").count() == 1  # nothing of the drawing before
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


def test_a_reader_sees_that_an_answer_takes_long(browser, vae, monkeypatch):
    is_free = threading.Event()
    draw = vae.draw
    monkeypatch.setattr(vae, "draw", lambda: is_free.wait(20) and draw())
    with served(vae) as address, opened(browser, address) as page:
        tab(page, "Latents")
        page.get_by_role("button", name="Random").click()
        page.wait_for_selector("#working:has-text('Waiting for the model')")
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


def test_clear_ends_what_is_under_way(browser, monkeypatch):
    explorer = Explorer(presets.build("lenet5", (8, 8, 1), width=0.5))
    is_free, classify = threading.Event(), explorer.classify
    monkeypatch.setattr(explorer, "classify", lambda image: is_free.wait(20) and classify(image))
    with served(explorer) as address:
        page = browser.new_page(viewport=DESK)
        page.goto(address)
        with page.expect_response("**/classify"):
            page.locator("canvas").click()
            page.get_by_role("button", name="Clear").click()
            is_free.set()
        page.wait_for_timeout(0)
        assert page.locator("meter").count() == 0 and page.locator(".picture[src]").count() == 0
        page.close()


def test_a_stroke_is_wide_enough_for_small_images(browser):
    explorer = Explorer(presets.build("lenet5", (8, 8, 1), width=0.5))
    with served(explorer) as address:
        page = browser.new_page(viewport=DESK)
        page.goto(address)
        box = page.locator("canvas").bounding_box()
        x, top, bottom = box["x"] + 0.44 * box["width"], box["y"] + 60, box["y"] + 220  # the middle of a pixel
        page.mouse.move(x, top)
        page.mouse.down()
        page.mouse.move(x, bottom, steps=5)
        page.mouse.up()
        page.wait_for_selector("text=/Class \\d/")
        assert pixels(page, "Class ").max() == 255
        page.close()


@pytest.fixture(scope="module")
def conditional():
    test = data.load("digits")[1]
    split = test._replace(x=test.x[:40], y=test.y[:40])
    model = presets.build("conditional-vae", (8, 8, 1), latent_dim=3, width=0.1)
    for weight in model.decoder.weights:
        weight.assign(4 * weight)
    explorer = Explorer(model, split, test.class_names)
    classes = np.stack([explorer.decode([[0, 0, 0]], label)[0].astype(int) for label in (0, 3, 7)])
    assert np.abs(classes - np.roll(classes, 1, axis=0)).max(axis=(1, 2, 3)).min() > 20  # they differ
    return explorer


def test_all_views_show_the_class_that_is_chosen(browser, conditional):
    def shown(page, caption, z, label):
        expected = conditional.decode([z], label)[0, ..., 0].astype(int)
        until(lambda: np.abs(pixels(page, caption) - expected).max() <= 1)

    with served(conditional) as address, opened(browser, address) as page:
        tab(page, "Latents")
        page.get_by_role("button", name="Keep").click()
        tab(page, "Attributes")
        page.wait_for_selector("text=the buttons above choose the class")
        page.get_by_role("button", name="7", exact=True).click()
        tab(page, "Morph")
        page.get_by_role("button", name="Test image").first.click()
        page.wait_for_selector("text=/class \\d, as the model makes it, in class 7/")
        page.get_by_role("button", name="3", exact=True).click()
        page.wait_for_selector("text=/class \\d, as the model makes it, in class 3/")
        page.get_by_role("button", name="Random sample").first.click()
        until(lambda: page.locator(".small[src]").count() == 0)  # a sample has no original
        tab(page, "Latents")
        shown(page, "Decoded latents", [0, 0, 0], 3)
        page.get_by_role("button", name="Return to kept picture 1").click()
        shown(page, "Decoded latents", [0, 0, 0], 0)  # it is kept with its class
        tab(page, "Plane")
        page.wait_for_selector("text=All other components stay at their centre")


def test_buttons_of_classes_stand_above_views_of_latents_alone(browser):
    explorer = Explorer(presets.build("semi-supervised-vae", (8, 8, 1), width=0.1))
    with served(explorer) as address, opened(browser, address) as page:
        assert page.get_by_role("group", name="Class").count() == 1
        page.get_by_role("tab", name="Classify").click()
        assert page.get_by_role("group", name="Class").count() == 0


def test_the_plane_has_values_on_its_axes_in_both_palettes(browser):
    explorer = Explorer(presets.build("vae", (8, 8, 1), latent_dim=2, width=0.1))  # no codes are drawn
    with served(explorer) as address:
        for scheme, is_light in (("light", False), ("dark", True)):
            context = browser.new_context(color_scheme=scheme)
            page = context.new_page()
            page.goto(address)
            page.wait_for_selector(".picture[src]")
            corner = page.locator("canvas").evaluate(
                "(canvas) => [...canvas.getContext('2d').getImageData(0, 480, 60, 40).data]"
            )
            drawn = np.reshape(corner, (-1, 4))
            drawn = drawn[drawn[:, 3] > 200]
            assert len(drawn) > 10 and (drawn[:, 0].mean() > 128) == is_light
            context.close()


def test_a_traversal_ends_when_its_view_is_left(browser, address):
    with opened(browser, address) as page:
        tab(page, "Latents")
        play = page.get_by_role("button", name="Traverse")
        play.click()
        tab(page, "Morph")
        page.evaluate("new Promise(requestAnimationFrame)")
        tab(page, "Latents")
        until(lambda: play.get_attribute("aria-pressed") == "false")
