"""The colours of figures, which readers with a colour vision deficiency can distinguish too."""

CLASS_COLOURS = (  # Paul Tol's qualitative scheme "muted", and a grey
    "#332288",
    "#88ccee",
    "#44aa99",
    "#117733",
    "#999933",
    "#ddcc77",
    "#cc6677",
    "#882255",
    "#aa4499",
    "#777777",
)
# Of lines, bars and points: Okabe and Ito's palette
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#777777"
LINE_COLOURS = BLUE, ORANGE, GREEN, VERMILION, GREY
