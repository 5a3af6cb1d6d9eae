// The line of messages, and work of which the newest counts.

const message = document.getElementById("message");

/** Show a line of text above the views; an empty one hides it. */
export function show(text) {
  message.textContent = text;
}

for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, () => show(""), true);

/** Run an asynchronous function, and show the message of its error, until the reader does something else. */
export async function attempt(work) {
  try {
    return await work();
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
