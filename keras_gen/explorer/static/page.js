// The line of messages, the sign of a model that computes, and work of which the newest counts.

const PATIENCE = 400; // milliseconds until a reader learns that the model computes

const message = document.getElementById("message");
const working = document.getElementById("working");
let tasks = 0;
let timer = 0;

/** Show a line of text above the views; an empty one hides it. */
export function show(text) {
  message.textContent = text;
}

for (const event of ["pointerdown", "keydown", "drop", "change"]) {
  document.addEventListener(event, () => show(""), true);
}

function count(step) {
  tasks += step;
  clearTimeout(timer);
  if (!tasks) working.textContent = "";
  else timer = setTimeout(() => (working.textContent = "The model computes …"), PATIENCE);
}

/** Run an asynchronous function, and show the message of its error, until the reader does something else. */
export async function attempt(work) {
  count(1);
  try {
    return await work();
  } catch (error) {
    show(error.message);
    return undefined;
  } finally {
    count(-1);
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
