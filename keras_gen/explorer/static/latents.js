// Views of single latents, of paths between pictures, and of sums of classes.

import { button, choice, element, files, Picture, save } from "./elements.js";
import { captionOf } from "./plane.js";
import { attempt, Newest } from "./page.js";
import { get, send } from "./server.js";

const PERIOD = 4000; // milliseconds of a traversal there and back

/** One slider for each latent, and pictures that are kept. */
export function sliders(model, decoder) {
  const picture = new Picture("Decoded latents");
  const kept = element("div", { className: "kept", attributes: { "aria-label": "Kept pictures" } });
  const newest = new Newest(async (z) => picture.show(await decoder.image(z)));
  const rows = model.extents.map(([low, high], number) => {
    const output = element("span");
    const input = element("input", { type: "range", min: low, max: high, step: "any" });
    input.addEventListener("input", changed);
    return { input, output, label: element("label", {}, `z ${number}`, input, output) };
  });
  const values = () => rows.map(({ input }) => Number(input.value));

  function changed() {
    for (const { input, output } of rows) output.textContent = Number(input.value).toFixed(2);
    newest.run(values());
  }
  function set(z) {
    stop();
    rows.forEach(({ input }, number) => (input.value = z[number]));
    changed();
  }
  const random = () => attempt(async () => set((await send("draw")).z));
  function keep() {
    const [z, { label }] = [values(), decoder];
    const back = () => {
      decoder.choose(label);
      set(z);
    };
    const image = element("img", { src: picture.image.src, alt: "Kept picture", className: "picture small" });
    attempt(async () => {
      const copy = new Picture("", true);
      await copy.show(await decoder.image(z));
      image.src = copy.image.src;
    });
    const attributes = { "aria-label": `Return to kept picture ${kept.childElementCount + 1}` };
    kept.append(element("button", { type: "button", onclick: back, attributes }, image));
  }

  let playing = 0;
  let traversed = 0;
  const play = button("Traverse", () => {
    if (playing) {
      stop();
      return;
    }
    playing = performance.now();
    play.setAttribute("aria-pressed", true);
    requestAnimationFrame(step);
  });
  function stop() {
    playing = 0;
    play.setAttribute("aria-pressed", false);
  }
  function step(now) {
    if (!play.isConnected) stop(); // another view has replaced this one
    if (!playing) return;
    const { input } = rows[traversed];
    const share = (1 - Math.cos((2 * Math.PI * (now - playing)) / PERIOD)) / 2;
    input.value = Number(input.min) + share * (input.max - input.min);
    changed();
    requestAnimationFrame(step);
  }
  set(model.center);
  const names = rows.map((_, number) => `latent ${number}`);
  const buttons = [button("Random", random), button("Reset", () => set(model.center)), button("Keep", keep), play];
  const row = [...buttons, choice("Traversed:", names, (number) => (traversed = number))];
  const all = element("div", { className: "sliders" }, ...rows.map(({ label }) => label));
  return element(
    "section",
    { redraw: changed },
    element("div", { className: "row" }, ...row),
    element("div", { className: "columns" }, element("div", {}, picture.node, kept), all),
  );
}

/** A path between two pictures: samples, test images or files. */
export function morph(model, decoder) {
  const picture = new Picture("On the path");
  const newest = new Newest(async (z) => picture.show(await decoder.image(z)));
  const ends = [null, null];
  let { path } = model;
  let points = [];
  const attributes = { "aria-label": "Position on the path" };
  const input = element("input", { type: "range", min: 0, max: 100, value: 50, attributes });
  const moved = () => points.length && newest.run(points[Number(input.value)]);
  input.addEventListener("input", moved);

  const joining = new Newest(async () => {
    points = []; // until the new path is known
    picture.clear("On the path");
    points = (await send("path", { a: ends[0], b: ends[1], path })).z;
    moved();
  });
  const joined = () => ends[0] && ends[1] && joining.run();
  const shown = [() => {}, () => {}];
  const sides = ["first", "second"].map((name, side) => end(model, decoder, name, (z, again) => {
    ends[side] = z;
    shown[side] = again;
    joined();
  }));
  const saved = (name, file) => attempt(async () => {
    if (!ends[0] || !ends[1]) throw new Error("A path has two ends: choose both first.");
    save(await send(name, { a: ends[0], b: ends[1], path, label: decoder.label }), file);
  });
  const paths = ["linear", "spherical"];
  const row = [
    choice("Path", paths, (number) => ((path = paths[number]), joined()), paths.indexOf(path)),
    button("Save as PNG", () => saved("strip", "path.png")),
    button("Save as GIF", () => saved("film", "path.gif")),
  ];
  return element(
    "section",
    { className: "path", redraw: () => [...shown, moved].forEach((again) => again()) },
    element("div", { className: "columns" }, sides[0], element("div", {}, picture.node, input), sides[1]),
    element("div", { className: "row" }, ...row),
  );
}

/** One end of a path, which `chosen` gets as latents, with the function that shows them again. */
function end(model, decoder, name, chosen) {
  const picture = new Picture(`The ${name} picture`);
  const original = new Picture("", true);
  const query = () => (decoder.label === undefined ? {} : { label: decoder.label });
  const made = new Newest(async (z, caption) => {
    const text = captioned(caption); // of the class that is chosen now
    await picture.show(await decoder.image(z), text);
  });
  const newest = new Newest(async (latents, caption, source) => {
    const { z } = await latents();
    if (source) await original.show(await source(), caption);
    else original.clear();
    const again = () => made.run(z, caption);
    chosen(z, again);
    again();
  });
  function captioned(caption) {
    if (!caption) return "A random sample";
    const chosenClass = decoder.label === undefined ? "" : `, in class ${model.class_names[decoder.label]}`;
    return `${caption}, as the model makes it${chosenClass}`;
  }
  const random = () => newest.run(() => send("draw"), "");
  const uploaded = (file) => newest.run(() => send("encode", file, query()), "The file", () => file);
  const ofTest = () => {
    const number = Math.floor(Math.random() * model.examples);
    const source = () => get("example", { number });
    newest.run(() => get("example-code", { number, ...query() }), captionOf(model, number), source);
  };
  random();
  const buttons = [button("Random sample", random), ...(model.examples ? [button("Test image", ofTest)] : [])];
  const file = files(`Or a file, for the ${name} picture:`, uploaded);
  const pictures = element("div", { className: "pictures" }, picture.node, original.node);
  return element("div", {}, pictures, element("div", { className: "row" }, ...buttons), file);
}

/** The mean code of one class, minus that of a second, plus that of a third. */
export function attributes(model, decoder) {
  const picture = new Picture("mean(a) - mean(b) + mean(c)");
  const present = [...new Set(model.labels)].sort((a, b) => a - b);
  const names = present.map((label) => model.class_names[label] ?? String(label));
  const classes = { a: present[0], b: present[1] ?? present[0], c: present.at(-1) };
  const newest = new Newest(async () => picture.show(await decoder.image((await send("arithmetic", classes)).z)));
  const selects = Object.keys(classes).map((name) => {
    const choose = (number) => ((classes[name] = present[number]), newest.run());
    return choice(`${name}:`, names, choose, present.indexOf(classes[name]));
  });
  newest.run();
  const means = "Codes are means over the test images of each class.";
  const limits = "The sum changes what the codes hold, the style; the buttons above choose the class.";
  const help = element("p", {}, model.conditional ? `${means} ${limits}` : means);
  const redraw = () => newest.run();
  return element("section", { redraw }, help, element("div", { className: "row" }, ...selects), picture.node);
}
