import numpy as np
import pytest

from keras_gen import checks


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None, True])
def test_integer(value):
    with pytest.raises(ValueError, match=r"`n` must be an integer >= 1. Received: n="):
        checks.integer("n", value)


def test_an_integer_that_no_library_takes():
    assert checks.integer("n", 2**32 - 1) == 2**32 - 1
    with pytest.raises(ValueError, match=r"`n` must be an integer below 2\*\*32. Received: n=4294967296"):
        checks.integer("n", 2**32)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "1", None, True])
def test_number(value):
    with pytest.raises(ValueError, match=r"`beta` must be a finite number >= 0.0. Received: beta="):
        checks.number("beta", value)


def test_numbers_pass():
    assert checks.integer("n", np.int64(3)) == 3 and checks.number("beta", np.float32(0.5)) == 0.5


def test_unknown_names_get_the_nearest_and_hopeless_ones_the_list():
    with pytest.raises(ValueError, match=r"Unknown model. Did you mean 'vae'\? .*Received: 'vea'"):
        checks.choice("model", "vea", ["vae", "gan"])
    with pytest.raises(ValueError, match=r"Unknown model. Expected: one of \['gan', 'vae'\]. Received: 'qqq'"):
        checks.choice("model", "qqq", ["vae", "gan"])
    assert checks.choice("model", None, ["vae"], optional=True) is None
    for value in ("None", "qqq"):
        with pytest.raises(
            ValueError, match=rf"Unknown model. Expected: None or one of \['vae'\]. Received: '{value}'"
        ):
            checks.choice("model", value, ["vae"], optional=True)


def test_did_you_mean_one_of_the_known_names():
    assert checks.did_you_mean("mnst", ["digits", "mnist"]) == " Did you mean 'mnist'?"
    assert checks.did_you_mean("qqq", ["digits", "mnist"]) == ""
    far = {"dogs": "digits", "pictures": "dices", "images": "imagewang", "faces": "race", "unet": "lenet5"}
    for name, known in far.items():
        assert checks.did_you_mean(name, [known]) == ""
    close = {"vea": "vae", "cifar": "cifar10", "latent": "latent_dim", "smae": "same", "celeba": "celeb_a"}
    for name, known in close.items():
        assert checks.nearest(name, [*close.values(), *far.values()])[0] == known


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), ("ab", "'a', 'b'"), ("abc", "'a', 'b', 'c'"), ("abcd", "'a', 'b' and 2 others")]
)
def test_a_list_names_the_first_items_and_no_single_other(items, text):
    assert checks.listed(items, most=2) == text
    assert checks.listed(items, most=2, show=str) == text.replace("'", "")


def test_free_axes_of_a_shape():
    checks.array("x", np.zeros((2, 7, 5, 3)), shape=(None, None, 3))
    with pytest.raises(ValueError, match="does not fit"):
        checks.array("x", np.zeros((2, 7, 5, 3)), shape=(None, None, 1))
    with pytest.raises(ValueError, match=r"shape \(n, 5, 3\). Received: shape \(5, 3\). It has no batch axis."):
        checks.array("x", np.zeros((5, 3)), shape=(5, 3))


@pytest.mark.parametrize("value", [-0.1, 1, 1.0, float("nan"), "0.5", None, False])
def test_rate(value):
    with pytest.raises(ValueError, match=r"`corruption` must be a number in \[0, 1\). Received: corruption="):
        checks.rate("corruption", value)


@pytest.mark.parametrize("value", [0, -0.1, float("nan"), float("inf"), "1", None, True])
def test_positive(value):
    with pytest.raises(ValueError, match=r"`clip` must be a finite number > 0. Received: clip="):
        checks.positive("clip", value)
    assert checks.positive("clip", np.float32(0.5)) == 0.5


@pytest.mark.parametrize("value", [0, 1, -0.1, float("nan"), "0.5", None, True])
def test_probability(value):
    with pytest.raises(ValueError, match=r"`rho` must be a number in \(0, 1\). Received: rho="):
        checks.probability("rho", value)
    assert checks.probability("rho", np.float32(0.5)) == 0.5


@pytest.mark.parametrize("value", [[[1]], [], 1, [1, None], [1, float("nan")], ["1"], [[1], [1, 2]], "box"])
def test_kernel(value):
    with pytest.raises(ValueError, match="`kernel` must be a 1-D or 3-D array of finite numbers, not empty. Received"):
        checks.kernel(value, dimensions=(1, 3))
    assert checks.kernel([1, 2], dimensions=(1, 3)).dtype == "float64"


@pytest.mark.parametrize(
    "value", [[0, 0, 1, 1], [[0, 0, 1]], [[0, 0, 0, 1]], [[0, 1, 1, 0]], [["a"] * 4], [[0, 0, 1, float("nan")]]]
)
def test_boxes(value):
    with pytest.raises(ValueError, match=r"`box` must be boxes \(top, left, bottom, right\). Expected: .* Received: "):
        checks.boxes("box", value)


def test_boxes_pass():
    boxes = checks.boxes("box", [[0, -1, 2, 0.5]])
    assert boxes.tolist() == [[0, -1, 2, 0.5]] and boxes.dtype == "float64"
    assert checks.boxes("box", np.zeros((0, 4), int)).shape == checks.boxes("box", []).shape == (0, 4)


def test_images():
    with pytest.raises(ValueError, match=r"`x` must be images. Expected: shape \(n, h.* Received: shape \(2, 8, 8\)"):
        checks.images("x", np.zeros((2, 8, 8)))
    with pytest.raises(ValueError, match="`x` must be finite"):
        checks.images("x", np.full((2, 8, 8, 1), np.nan))
    with pytest.raises(ValueError, match="`x` is out of range"):
        checks.images("x", np.full((2, 8, 8, 1), 2.0), (0, 1))
    checks.images("x", np.zeros((2, 8, 8, 1)), (0, 1))


def test_ranges_leave_room_for_rounding():
    checks.array("x", np.array([-1.0000001, 1.00001], "float32"), value_range=(-1, 1))
    checks.in_range("x", -0.002, 255.002, (0, 255))
    for low, high, value_range in ((-1.00003, 0.998, (-1, 1)), (0, 1.00002, (0, 1)), (0, 255.003, (0, 255))):
        with pytest.raises(ValueError, match="out of range"):
            checks.in_range("x", low, high, value_range)


@pytest.mark.parametrize(
    ("values", "value_range", "message"),
    [
        ([-1.00003, 0.998], (-1, 1), r"Expected: values in \[-1, 1\]. Received: values in \[-1.00003, 0.998\].$"),
        ([0, 1.0000101], (0, 1), r"Received: values in \[0, 1.0000101\]"),
        ([100, 101.00002], (100, 101), r"Received: values in \[100, 101.00002\]"),
        ([0, 255], (0, 1), r"Received: values in \[0, 255\]. Pixels of 0 to 255 are scaled by x / 255."),
        ([0, 255], (-1, 1), r"are scaled by x / 127.5 - 1."),
    ],
)
def test_a_message_about_a_range_never_shows_a_value_as_the_bound_it_exceeds(values, value_range, message):
    with pytest.raises(ValueError, match=message):
        checks.array("x", np.array(values), value_range=value_range)


def test_nan_where_it_means_missing():
    missing, nothing = np.array([[1.0, np.nan]]), np.full((2, 2), np.nan)
    for x in (missing, nothing):
        checks.array("x", x, value_range=(0, 1), allow_nan=True)
        with pytest.raises(ValueError, match="`x` must be finite"):
            checks.array("x", x)
    with pytest.raises(ValueError, match="`x` must be finite"):
        checks.array("x", np.array([np.nan, np.inf]), allow_nan=True)
    with pytest.raises(ValueError, match="out of range"):
        checks.array("x", np.array([np.nan, 2.0]), value_range=(0, 1), allow_nan=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (4, 5),
            "least one example for each of the 5 updates of a step. Expected: batch_size >= 5. Received: batch_si",
        ),
        ((10, 2, 2), "divides among 2 devices and the 2 updates of a step, a multiple of 4. Received: batch_size=10"),
        ((2, 2, 2), "divides among 2 devices and the 2 updates of a step, a multiple of 4. Received: batch_size=2"),
        ((3, 1, 2), "Expected: a batch that divides among 2 devices, a multiple of 2. Received: batch_size=3"),
    ],
)
def test_a_batch_for_every_update_on_every_replica(arguments, message):
    with pytest.raises(ValueError, match=f"`batch_size` must .*{message}"):
        checks.batch_size(*arguments)
    for enough in ((5, 5), (8, 2, 2)):
        checks.batch_size(*enough)


@pytest.mark.parametrize("value", [5, (0, 1, 2), (1, 1), (1, 0), None, ("a", "b"), (0, float("inf"))])
def test_interval(value):
    with pytest.raises(ValueError, match=r"`value_range` must be \(lowest, highest\).* Received: "):
        checks.interval("value_range", value)
    assert checks.interval("value_range", [-1, 1]) == (-1, 1)
