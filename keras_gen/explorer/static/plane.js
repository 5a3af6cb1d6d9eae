// A plane of latent space: the pointer or the arrow keys choose a point, whose image is decoded.

import { choice, element, Picture } from "./elements.js";
import { Newest } from "./page.js";
import { get, send } from "./server.js";

const SIDE = 520; // pixels of the canvas
const NEAR = 12; // pixels within which a code is under the pointer
const STEP = 0.02; // of the plane, for an arrow key
const NARROW = 2; // extent of an axis below which its values have another decimal
const MARGIN = 6; // pixels around the values of the axes
const FONT = 12; // pixels, as shown, of their digits and of a line
const LINE = 15;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** The view of the plane, for a model and its `Decoder`. */
export function plane(model, decoder) {
  const axes = axesOf(model);
  const byComponents = model.components.length >= 2 && model.latent_dim > 2;
  const chosen = byComponents ? [model.latent_dim, model.latent_dim + 1] : [0, 1];
  const canvas = element("canvas", {
    width: SIDE,
    height: SIDE,
    className: "plane",
    tabIndex: 0,
    attributes: { role: "application", "aria-label": "Plane of the latents: move the pointer, or use the arrow keys" },
  });
  const picture = new Picture("Decoded point");
  const help = element("p");
  const example = new Picture("The test image of the nearest code", true);
  const rate = element("span", { id: "rate" });
  const point = [0.5, 0.5];
  const times = [];
  let codes = [];
  let near = null; // the number of the code under the pointer, -1 for none

  const newest = new Newest(async (z, caption) => {
    await picture.show(await decoder.image(z), caption);
    times.push(performance.now());
    while (times[0] < times.at(-1) - 1000) times.shift();
    rate.textContent = times.length > 1 ? `${times.length} images in the last second` : "";
  });
  const nearest = new Newest(async (number) => {
    if (number < 0) example.clear("No code of a test image is near");
    else await example.show(await get("example", { number }), captionOf(model, number));
  });
  const extents = () => chosen.map((number) => axes[number].extent);

  function moved() {
    const z = [...model.center];
    const places = chosen.map((number, way) => {
      const { direction, extent } = axes[number];
      const along = extent[0] + point[way] * (extent[1] - extent[0]);
      direction(z, along);
      return along.toFixed(2);
    });
    draw(canvas, codes, model, extents(), point);
    newest.run(z, `Decoded point (${places.join(", ")})`);
    const [x, y] = [point[0] * SIDE, (1 - point[1]) * SIDE];
    let best = NEAR ** 2;
    let number = -1;
    codes.forEach((code, index) => {
      const [left, top] = onCanvas(code, extents());
      const distance = (left - x) ** 2 + (top - y) ** 2;
      if (distance < best) [best, number] = [distance, index];
    });
    if (number !== near) nearest.run((near = number));
  }

  const scatter = new Newest(async () => {
    codes = (await send("codes", { axes: chosen.map((number) => axes[number].name) })).points;
    moved();
  });
  function turned() {
    [codes, near] = [[], null];
    const shown = model.has_codes ? "Points are the codes of test images. " : "";
    const others = axes[chosen[0]].name[0] === "component" ? "components" : "latents";
    help.textContent = shown + (model.latent_dim > 2 ? `All other ${others} stay at their centre.` : "");
    moved();
    if (model.has_codes) scatter.run();
  }

  /** Choose an axis; the other one stays different and of the same kind, single latents or components. */
  function turn(way, number) {
    const same = axes.map((_, other) => other).filter((other) => axes[other].name[0] === axes[number].name[0]);
    chosen[way] = number;
    if (chosen[1 - way] === number || !same.includes(chosen[1 - way])) {
      chosen[1 - way] = same[(same.indexOf(number) + 1) % same.length];
    }
    [across, up].forEach((one, place) => one.choose(chosen[place]));
    turned();
  }

  function pointed(event) {
    const box = canvas.getBoundingClientRect();
    point[0] = clipped((event.clientX - box.left) / box.width);
    point[1] = clipped(1 - (event.clientY - box.top) / box.height);
    moved();
  }
  canvas.addEventListener("pointerdown", pointed);
  canvas.addEventListener("pointermove", pointed);
  canvas.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    step.forEach((way, number) => (point[number] = clipped(point[number] + STEP * way)));
    moved();
  });
  turned();
  const names = axes.map((axis) => axis.text);
  const across = choice("Across", names, (number) => turn(0, number), chosen[0]);
  const up = choice("Up", names, (number) => turn(1, number), chosen[1]);
  const legend = model.has_codes && model.labels ? legendOf(model) : "";
  const nodes = [picture.node, ...(model.has_codes ? [example.node] : [])];
  const pictures = element("div", { className: "pictures" }, ...nodes);
  return element(
    "section",
    { className: "of-plane", redraw: moved },
    element("div", { className: "row" }, across, up, rate),
    help,
    element("div", { className: "columns" }, element("div", {}, canvas, legend), pictures),
  );
}

/** The axes that a plane may have: single latents, then principal components. */
function axesOf(model) {
  const single = model.extents.map((extent, number) => ({
    name: ["latent", number],
    text: `latent ${number}`,
    extent,
    direction: (z, along) => (z[number] = along),
  }));
  const components = model.components.map((weights, number) => ({
    name: ["component", number],
    text: `principal component ${number + 1}`,
    extent: model.component_extents[number],
    direction: (z, along) => weights.forEach((weight, index) => (z[index] += along * weight)),
  }));
  return [...single, ...components];
}

function draw(canvas, codes, model, extents, point) {
  const context = canvas.getContext("2d");
  const text = getComputedStyle(document.body).color; // the canvas may not be in the page yet
  context.clearRect(0, 0, SIDE, SIDE);
  codes.forEach((code, index) => {
    const [x, y] = onCanvas(code, extents);
    context.fillStyle = text; // an outline, where a colour is near that of the page
    context.fillRect(x - 2.5, y - 2.5, 5, 5);
    if (model.labels?.[index] >= 0) context.fillStyle = colourOf(model, model.labels[index]);
    context.fillRect(x - 2, y - 2, 4, 4);
  });
  ticks(context, text, extents, (canvas.clientWidth || SIDE) / SIDE);
  const [x, y] = [point[0] * SIDE, (1 - point[1]) * SIDE];
  context.strokeStyle = text;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, 8, 0, 2 * Math.PI);
  context.stroke();
}

/** The values of the axes at their ends and in their middles, along two sides of a canvas that is shown at a scale. */
function ticks(context, text, extents, scale) {
  Object.assign(context, { fillStyle: text, font: `${FONT / scale}px system-ui, sans-serif` });
  for (const [share, align, baseline] of [[0, "left", "bottom"], [0.5, "center", "middle"], [1, "right", "top"]]) {
    const [across, up] = extents.map(([low, high]) => {
      const value = (low + share * (high - low)).toFixed(high - low < NARROW ? 2 : 1);
      return value.replace(/^-([0.]+)$/, "$1"); // no minus in front of 0
    });
    Object.assign(context, { textAlign: align, textBaseline: "bottom" });
    // In the corner, the value of the vertical axis stands above that of the horizontal one
    context.fillText(across, MARGIN + share * (SIDE - 2 * MARGIN), SIDE - MARGIN);
    Object.assign(context, { textAlign: "left", textBaseline: baseline });
    context.fillText(up, MARGIN, SIDE - MARGIN - share * (SIDE - 2 * MARGIN) - (share ? 0 : LINE / scale));
  }
}

function onCanvas(code, extents) {
  const [across, up] = code.map((value, way) => (value - extents[way][0]) / (extents[way][1] - extents[way][0]));
  return [across * SIDE, (1 - up) * SIDE];
}

function legendOf(model) {
  const present = [...new Set(model.labels)].sort((a, b) => a - b);
  return element("div", { className: "legend" }, ...present.map((label) => {
    const mark = element("span", { className: "mark" });
    mark.style.background = colourOf(model, label);
    return element("span", {}, mark, model.class_names[label] ?? String(label));
  }));
}

export function captionOf(model, number) {
  const label = model.labels?.[number];
  const name = `Test image ${number}`;
  return label === undefined ? name : `${name}, class ${model.class_names[label] ?? label}`;
}

const colourOf = (model, label) => model.colours[label % model.colours.length];
const clipped = (share) => Math.min(1, Math.max(0, share));
