// The page: a tab for each view that the model has.

import { button, choice, element, files, pad, Picture } from "./elements.js";
import { attributes, morph, sliders } from "./latents.js";
import { plane } from "./plane.js";
import { attempt, Newest } from "./page.js";
import { get, send } from "./server.js";

const tabs = document.getElementById("tabs");
const views = document.getElementById("views");

/** Latents as pictures, of one class in a conditional model; `redraw` is what a change of class calls. */
class Decoder {
  label = undefined;
  redraw = () => {};

  image(z) {
    return send("decode", { z, label: this.label });
  }

  choose(label) {
    this.label = label;
    this.redraw();
  }
}

/** A classifier's view of a drawing, a file or a test image. */
function classification(model) {
  const pictures = ["The image, as the classifier sees it", "Saliency: the pixels that the class depends on", "DeepFool: the nearest image of another class"].map((caption) => new Picture(caption));
  const bars = element("div", { className: "bars" });
  const nameOf = (number) => model.class_names[number] ?? String(number);
  const highest = (values) => values.indexOf(Math.max(...values));
  const newest = new Newest(async (image) => {
    const found = await send("classify", image);
    await pictures[0].show(found.image, `Class ${nameOf(highest(found.probabilities))}`);
    const order = found.probabilities.map((_, number) => number).sort((a, b) => found.probabilities[b] - found.probabilities[a]);
    bars.replaceChildren(...order.slice(0, 10).flatMap((number) => {
      const value = found.probabilities[number];
      return [element("span", {}, nameOf(number)), element("meter", { value, attributes: { "aria-label": nameOf(number) } }), element("span", {}, value.toFixed(3))];
    }));
    const why = await send("explain", image);
    await pictures[1].show(why.saliency);
    const other = highest(why.attacked_probabilities);
    const isFooled = other !== highest(found.probabilities);
    await pictures[2].show(why.attacked, isFooled ? `DeepFool's nearest image of another class: ${nameOf(other)}` : "DeepFool has found no image of another class");
  });
  const given = [pad((image) => newest.run(image)), files("Or a file:", (file) => newest.run(file)), ...ofTest(model, newest)];
  return element("section", {}, element("div", { className: "columns" }, element("div", {}, ...given), element("div", {}, bars)), element("div", { className: "columns" }, ...pictures.map((picture) => picture.node)));
}

/** A picture's translation, and the way back where there is one. */
function translation(model) {
  const shown = ["The image", "Its translation", "And back"].slice(0, model.parts.includes("cycle") ? 3 : 2);
  const pictures = shown.map((caption) => new Picture(caption));
  let to = model.translations[0];
  const newest = new Newest(async (image) => {
    const found = await send("translate", image, { to });
    const sources = [found.image, found.translated, found.back];
    await Promise.all(pictures.map((picture, number) => picture.show(sources[number])));
  });
  const ways = model.translations.map((set) => `into ${set}`);
  const way = model.translations.length > 1 ? [choice("Translate", ways, (number) => (to = model.translations[number]))] : [];
  return element("section", {}, element("div", { className: "row" }, ...way, ...ofTest(model, newest)), files("An image file:", (file) => newest.run(file)), element("div", { className: "columns" }, ...pictures.map((picture) => picture.node)));
}

/** A button for a test image, which the view begins with; none where there are no test images. */
function ofTest(model, newest) {
  if (!model.examples) return [];
  const take = () => attempt(async () => newest.run(await get("example", { number: Math.floor(Math.random() * model.examples) })));
  take();
  return [button("Test image", take)];
}

/** The views of a model by name, and the row of class buttons above those of a conditional one. */
function viewsOf(model) {
  const decoder = new Decoder();
  const found = {};
  if (model.parts.includes("latents")) {
    if (model.latent_dim >= 2) found.Plane = () => plane(model, decoder);
    found.Latents = () => sliders(model, decoder);
  }
  if (model.parts.includes("morph")) {
    found.Morph = () => morph(model, decoder);
    if (model.has_codes && model.labels) found.Attributes = () => attributes(model, decoder);
  }
  if (model.parts.includes("classify")) found.Classify = () => classification(model);
  if (model.parts.includes("translate")) found.Translate = () => translation(model);
  if (model.parts.includes("classes")) {
    decoder.choose(0);
    const row = element("div", { className: "row", attributes: { role: "group", "aria-label": "Class" } });
    const buttons = model.class_names.map((name, number) => button(name, () => {
      buttons.forEach((one, other) => one.setAttribute("aria-pressed", other === number));
      decoder.choose(number);
    }));
    buttons.forEach((one, number) => one.setAttribute("aria-pressed", number === 0));
    row.append(...buttons);
    views.before(row);
  }
  return found;
}

/** Make a tab for each view; a view is made anew when its tab is opened. */
function arrange(found) {
  tabs.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const place = [...tabs.children].indexOf(document.activeElement);
    if (way && place >= 0) tabs.children[(place + way + tabs.children.length) % tabs.children.length].focus();
  });
  const made = Object.entries(found).map(([name, view]) => {
    const tab = button(name, open, { attributes: { role: "tab" } });
    function open() {
      for (const other of tabs.children) other.setAttribute("aria-selected", other === tab);
      views.replaceChildren(view());
    }
    return tab;
  });
  tabs.replaceChildren(...made);
  made[0].click();
}

const model = await attempt(() => get("model"));
if (model) {
  document.getElementById("title").textContent = `${model.name}, ${model.shape.map((side) => side ?? "any").join("x")}`;
  arrange(viewsOf(model));
}
