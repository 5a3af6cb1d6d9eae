"""Colours of classes, which readers with a colour vision deficiency can distinguish too."""

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
