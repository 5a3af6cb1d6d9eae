// Elements of the page: pictures, choices, files and a pad to draw on.

const PAD = 280; // pixels of the pad's sides
const BRUSH = 22; // pixels, at least; lines are one and a half pixels wide to a network of small images
const THIN = 1.5;

/** An element with properties, attributes under `attributes`, and children: elements or texts. */
export function element(name, { attributes = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function button(text, work, properties = {}) {
  return element("button", { type: "button", onclick: work, ...properties }, text);
}

/** A labelled choice among texts, whose value is the number of the chosen one. */
export function choice(label, texts, work, chosen = 0) {
  const options = texts.map((text, number) => element("option", { value: number }, text));
  const select = element("select", { onchange: () => work(Number(select.value)) }, ...options);
  select.value = chosen;
  const node = element("label", {}, `${label} `, select);
  return Object.assign(node, { choose: (number) => (select.value = number) });
}

/** A picture with a caption, which shows blobs and `data:` addresses. */
export class Picture {
  constructor(caption, small = false) {
    this.image = element("img", { className: small ? "picture small" : "picture", alt: caption });
    this.caption = element("figcaption", {}, caption);
    this.node = element("figure", {}, this.image, this.caption);
  }

  #turn = 0;

  async show(source, caption) {
    const turn = ++this.#turn;
    const previous = this.image.src;
    this.image.src = source instanceof Blob ? URL.createObjectURL(source) : source;
    if (caption !== undefined) this.caption.textContent = this.image.alt = caption;
    try {
      await this.image.decode();
    } catch (error) {
      if (turn === this.#turn) throw error; // else a newer picture has replaced this one
    }
    if (previous.startsWith("blob:")) URL.revokeObjectURL(previous);
  }

  /** Show nothing but a caption. */
  clear(caption = "") {
    this.#turn++;
    if (this.image.src.startsWith("blob:")) URL.revokeObjectURL(this.image.src);
    this.image.removeAttribute("src");
    this.caption.textContent = this.image.alt = caption;
  }
}

/** Save a blob as a file of that name. */
export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** A place for image files, chosen or dropped, which `work` gets one at a time. */
export function files(label, work) {
  const input = element("input", { type: "file", accept: "image/*", onchange: chosen });
  function chosen() {
    const [file] = input.files;
    input.value = ""; // the same file may be chosen again
    if (file) work(file);
  }
  const place = element("div", { className: "drop" }, element("label", {}, `${label} `, input));
  const over = (event, is) => {
    event.preventDefault();
    place.classList.toggle("over", is);
  };
  place.addEventListener("dragover", (event) => over(event, true));
  place.addEventListener("dragleave", (event) => over(event, false));
  place.addEventListener("drop", (event) => {
    over(event, false);
    if (event.dataTransfer.files[0]) work(event.dataTransfer.files[0]);
  });
  return place;
}

/** A pad to draw on for a network of images of that side; `work` gets its picture after each stroke. */
export function pad(side, work, cleared) {
  const canvas = element("canvas", {
    width: PAD,
    height: PAD,
    className: "plane pad",
    attributes: { role: "img", "aria-label": "Pad: draw with the pointer" },
  });
  const context = canvas.getContext("2d");
  let last = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * PAD, ((event.clientY - box.top) / box.height) * PAD];
  };
  const clear = () => {
    context.fillStyle = "black";
    context.fillRect(0, 0, PAD, PAD);
  };
  const stroke = (to) => {
    const lineWidth = Math.max(BRUSH, (THIN * PAD) / side);
    Object.assign(context, { strokeStyle: "white", lineWidth, lineCap: "round" });
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...to);
    context.stroke();
    last = to;
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    stroke(last);
  });
  canvas.addEventListener("pointermove", (event) => last && stroke(place(event)));
  canvas.addEventListener("pointercancel", () => (last = null));
  canvas.addEventListener("pointerup", () => {
    if (last) canvas.toBlob(work, "image/png");
    last = null;
  });
  clear();
  const empty = () => (clear(), cleared());
  return element("div", {}, element("p", {}, "Draw, in white on black:"), canvas, button("Clear", empty));
}
