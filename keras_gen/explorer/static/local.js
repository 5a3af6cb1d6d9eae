// The answers of a page without a server: the decoder is computed here, from what `standalone.py` has written.

import { evaluated } from "./evaluator.js";

const STANDALONE = JSON.parse(document.getElementById("standalone").textContent);
const bytes = Uint8Array.from(atob(STANDALONE.weights), (sign) => sign.charCodeAt(0));
const WEIGHTS = new Float32Array(bytes.buffer);
const sprite = new Image();
if (STANDALONE.examples) sprite.src = STANDALONE.examples;

/** The model's description, or the picture of a test image. */
export async function get(name, { number } = {}) {
  if (name === "model") return STANDALONE.model;
  await sprite.decode();
  const [height, width] = STANDALONE.model.shape;
  const columns = sprite.naturalWidth / width;
  const canvas = new OffscreenCanvas(width, height);
  const place = [(number % columns) * width, Math.floor(number / columns) * height];
  canvas.getContext("2d").drawImage(sprite, ...place, width, height, 0, 0, width, height);
  return canvas.convertToBlob();
}

/** The picture of latents, random latents, or the test images' codes along two axes. */
export async function send(name, content = {}) {
  if (name === "draw") return { z: drawnLatents() };
  if (name === "codes") {
    return { points: STANDALONE.codes.map((code) => content.axes.map((axis) => along(code, axis))) };
  }
  const inputs = [Float32Array.from(content.z)];
  if (content.label !== undefined) inputs.push(Float32Array.of(content.label));
  return pictured(evaluated(STANDALONE.program, WEIGHTS, inputs));
}

/** A draw from the prior; without one the code of a test image, as the server has it. */
function drawnLatents() {
  const { codes, prior } = STANDALONE;
  if (prior === null && codes.length) return codes[Math.floor(Math.random() * codes.length)];
  return STANDALONE.model.extents.map(drawn);
}

function drawn([low, high]) {
  if (STANDALONE.prior !== "normal") return low + Math.random() * (high - low);
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function along(code, [kind, number]) {
  if (kind === "latent") return code[number];
  const { components, center } = STANDALONE.model;
  return components[number].reduce((total, weight, place) => total + weight * (code[place] - center[place]), 0);
}

async function pictured(values) {
  const [height, width, channels] = STANDALONE.model.shape;
  const [low, high] = STANDALONE.value_range;
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = values[pixel * channels + Math.min(channel, channels - 1)];
      image.data[4 * pixel + channel] = Math.round((255 * (value - low)) / (high - low)); // clipped by the array
    }
    image.data[4 * pixel + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas.convertToBlob();
}
