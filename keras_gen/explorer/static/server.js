// Requests to the server of this page. Their addresses are relative: the page lies in the folder of the token.

import { show } from "./page.js";

const WAIT = 1000; // milliseconds until a server that does not answer is tried again

/** Get JSON or a blob by name. */
export function get(name, query = {}) {
  return requested(name, query, {});
}

/** Send an object as JSON, or a blob as it is, and get JSON or a blob. */
export async function send(name, content = {}, query = {}) {
  // A file is read first: one that cannot be read is no reason to try the server again
  const body = content instanceof Blob ? await content.arrayBuffer() : JSON.stringify(content);
  return requested(name, query, { method: "POST", body });
}

async function requested(name, query, options) {
  const parameters = new URLSearchParams(query).toString();
  const response = await reached(parameters ? `${name}?${parameters}` : name, options);
  const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
  if (!response.ok) {
    if (isJson) throw new Error((await response.json()).error);
    const isOld = response.status === 403;
    throw new Error(isOld ? "This address belongs to a server that has ended." : "The server has failed.");
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
