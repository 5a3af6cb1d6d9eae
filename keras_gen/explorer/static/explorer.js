// The page: a tab for each view that the model has.

import { button, choice, element, files, pad, Picture } from "./elements.js";
import { attributes, morph, sliders } from "./latents.js";
import { plane } from "./plane.js";
import { attempt, Newest } from "./page.js";
import { get, send } from "./server.js";

const tabs = document.getElementById("tabs");
const views = document.getElementById("views");

/** Latents as pictures, of one class in a conditional model. Views that show them have a method `redraw`. */
class Decoder {
  label = undefined;
  choose = () => {}; // a class, where there are buttons

  image(z) {
    return send("decode", { z, label: this.label });
  }
}

/** A classifier's view of a drawing, a file or a test image. */
function classification(model) {
  const captions = [
    "The image, as the classifier sees it",
    "Saliency: the pixels that the class depends on",
    "DeepFool: the nearest image of another class",
    "What DeepFool changes",
  ];
  const pictures = captions.map((caption) => new Picture(caption));
  const bars = element("div", { className: "bars" });
  const nameOf = (number) => model.class_names[number] ?? String(number);
  let turn = 0; // of the image that is shown; an answer that comes after its turn is left out
  const newest = new Newest(async (image) => {
    const mine = ++turn;
    const found = await send("classify", image);
    if (mine !== turn) return;
    clear();
    const ranked = found.probabilities.map((value, number) => ({ value, name: nameOf(number) }));
    ranked.sort((a, b) => b.value - a.value);
    bars.replaceChildren(...ranked.slice(0, 10).flatMap(({ value, name }) => [
      element("span", {}, name),
      element("meter", { value, attributes: { "aria-label": name } }),
      element("span", {}, value.toFixed(3)),
    ]));
    explained.run(image, mine);
    await pictures[0].show(found.image, `Class ${nameOf(found.class)}`);
  });
  const explained = new Newest(async (image, mine) => {
    const why = await send("explain", image);
    if (mine !== turn) return;
    const other = why.attacked_class;
    const caption = other === null
      ? "DeepFool has found no image of another class"
      : `DeepFool's nearest image of another class: ${nameOf(other)}, with probability ${why.probability.toFixed(2)}`;
    const share = (100 * why.largest).toFixed(1);
    const scale = `What DeepFool changes, brighter or darker than the middle grey, by at most ${share} % of the range`;
    const found = [[why.saliency], [why.attacked, caption], [why.change, scale]];
    await Promise.all(found.map((one, number) => pictures[number + 1].show(...one)));
  });
  const classify = (image) => newest.run(image);
  function clear() {
    bars.replaceChildren();
    pictures.forEach((picture, number) => picture.clear(captions[number]));
  }
  const drawn = pad(Math.max(...model.shape.slice(0, 2)), classify, () => (turn++, clear()));
  const given = element("div", {}, drawn, files("Or a file:", classify), ...ofTest(model, newest));
  return element(
    "section",
    {},
    element("div", { className: "columns" }, given, element("div", {}, bars)),
    element("div", { className: "columns" }, ...pictures.map((picture) => picture.node)),
  );
}

/** A picture's translation, and the way back where there is one. */
function translation(model) {
  const shown = ["The image", "Its translation", "And back"].slice(0, model.parts.includes("cycle") ? 3 : 2);
  const pictures = shown.map((caption) => new Picture(caption));
  let to = model.translations[0];
  let last = null;
  const newest = new Newest(async (image) => {
    const name = model.set_names[to];
    const found = await send("translate", image, { to });
    last = image;
    const sources = [found.image, found.translated, found.back];
    const captions = [shown[0], `${shown[1]} into ${name}`, shown[2]];
    await Promise.all(pictures.map((picture, number) => picture.show(sources[number], captions[number])));
  });
  const ways = model.translations.map((set) => `into ${model.set_names[set]}`);
  const way = choice("Translate", ways, (number) => {
    to = model.translations[number];
    if (last) newest.run(last);
  });
  const row = [...(ways.length > 1 ? [way] : []), ...ofTest(model, newest)];
  return element(
    "section",
    {},
    element("div", { className: "row" }, ...row),
    files("An image file:", (file) => newest.run(file)),
    element("div", { className: "columns" }, ...pictures.map((picture) => picture.node)),
  );
}

/** A button for a test image, which the view begins with; none where there are no test images. */
function ofTest(model, newest) {
  if (!model.examples) return [];
  const drawn = () => get("example", { number: Math.floor(Math.random() * model.examples) });
  const take = () => attempt(async () => newest.run(await drawn()));
  take();
  return [button("Test image", take)];
}

/** The views of a model by name. */
function viewsOf(model, decoder) {
  const decoded = (view) => () => view(model, decoder);
  const found = {};
  if (model.parts.includes("latents")) {
    if (model.latent_dim >= 2) found.Plane = decoded(plane);
    found.Latents = decoded(sliders);
  }
  if (model.parts.includes("morph")) {
    found.Morph = decoded(morph);
    if (model.has_codes && model.labels) found.Attributes = decoded(attributes);
  }
  if (model.parts.includes("classify")) found.Classify = () => classification(model);
  if (model.parts.includes("translate")) found.Translate = () => translation(model);
  return found;
}

/** A row of buttons, one for each class, of which the first is chosen. */
function classButtons(model, decoder, redraw) {
  const buttons = model.class_names.map((name, number) => button(name, () => choose(number)));
  function choose(number) {
    buttons.forEach((one, other) => one.setAttribute("aria-pressed", other === number));
    decoder.label = number;
    redraw();
  }
  decoder.choose = choose;
  choose(0);
  return element("div", { className: "row", attributes: { role: "group", "aria-label": "Class" } }, ...buttons);
}

/** Make a tab for each view, which is made when its tab is first opened, and kept. */
function arrange(model) {
  const decoder = new Decoder();
  let shown = null;
  const redraw = () => shown?.redraw?.();
  const classes = model.parts.includes("classes") ? [classButtons(model, decoder, redraw)] : [];
  tabs.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const place = [...tabs.children].indexOf(document.activeElement);
    if (way && place >= 0) tabs.children[(place + way + tabs.children.length) % tabs.children.length].focus();
  });
  const made = Object.entries(viewsOf(model, decoder)).map(([name, make]) => {
    const tab = button(name, open, { attributes: { role: "tab" } });
    let view = null;
    function open() {
      for (const other of tabs.children) other.setAttribute("aria-selected", other === tab);
      const isNew = view === null;
      shown = view ??= make();
      views.replaceChildren(...(view.redraw ? classes : []), view);
      if (!isNew) redraw(); // the class may be another
    }
    return tab;
  });
  tabs.replaceChildren(...made);
  made[0].click();
}

const model = await attempt(() => get("model"));
if (model) {
  document.getElementById("title").textContent = `${model.name}, ${model.shape.map((side) => side ?? "any").join("x")}`;
  arrange(model);
}
