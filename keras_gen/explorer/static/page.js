// The line of messages, the sign of a slow answer, and work of which the newest counts.

const PATIENCE = 400; // milliseconds until a reader learns that an answer takes long

const message = document.getElementById("message");
const working = document.getElementById("working");
let slow = 0; // tasks that take longer

/** Show a line of text above the views; an empty one hides it. */
export function show(text) {
  message.textContent = text;
}

// Not at `pointerdown`: the page moves up when the message goes, and a click would miss its button
for (const event of ["click", "keydown", "drop", "change"]) {
  document.addEventListener(event, () => show(""), true);
}

/** The result of an asynchronous function; the page says so while it is slow. */
async function watched(work) {
  let isSlow = false;
  const timer = setTimeout(() => {
    isSlow = true;
    slow++;
    working.textContent = "Waiting for the model …";
  }, PATIENCE);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    if (isSlow && --slow === 0) working.textContent = "";
  }
}

/** Run an asynchronous function, and show the message of its error, until the reader does something else. */
export async function attempt(work) {
  try {
    return await watched(work);
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
