// Requests to the server of this page. Their addresses are relative: the page lies in the folder of the token.

const WAIT = 1000; // milliseconds until a server that does not answer is tried again
const message = document.getElementById("message");

/** Show a line of text above the views; an empty one hides it. */
export function show(text) {
  message.textContent = text;
  message.hidden = !text;
}

/** Get JSON or a blob by name. */
export function get(name, query = {}) {
  return requested(name, query, {});
}

/** Send an object as JSON, or a blob as it is, and get JSON or a blob. */
export function send(name, content = {}, query = {}) {
  const body = content instanceof Blob ? content : JSON.stringify(content);
  return requested(name, query, { method: "POST", body });
}

async function requested(name, query, options) {
  const parameters = new URLSearchParams(query).toString();
  const response = await reached(parameters ? `${name}?${parameters}` : name, options);
  const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
  if (!response.ok) {
    throw new Error(isJson ? (await response.json()).error : "This address belongs to a server that has ended.");
  }
  return isJson ? response.json() : response.blob();
}

async function reached(address, options) {
  for (let lost = false; ; lost = true) {
    try {
      const response = await fetch(address, options);
      if (lost) show("");
      return response;
    } catch {
      show("The server does not answer. It is tried again every second.");
      await new Promise((resolve) => setTimeout(resolve, WAIT));
    }
  }
}

/** Latents as pictures of the server, of one class in a conditional model; `redraw` is what a change of class calls. */
export class Decoder {
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

/** Run an asynchronous function, and show the message of its error. */
export async function attempt(work) {
  try {
    const result = await work();
    show("");
    return result;
  } catch (error) {
    show(error.message);
    return undefined;
  }
}

/** Work of which only the newest is done: while one request is under way, a newer one replaces the one that waits. */
export class Newest {
  #busy = false;
  #waiting = null;

  constructor(work) {
    this.work = work;
  }

  async run(...given) {
    this.#waiting = given;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting) {
      const next = this.#waiting;
      this.#waiting = null;
      await attempt(() => this.work(...next));
    }
    this.#busy = false;
  }
}
