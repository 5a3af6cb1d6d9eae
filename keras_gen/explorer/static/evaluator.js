// The forward pass of a network for one example: steps and weights as `keras_gen/explorer/program.py` writes them.

const ACTIVATIONS = {
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  silu: (x) => x / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
};

/** The output of a program for the values of its inputs, flat arrays. */
export function evaluated(program, weights, inputs) {
  const results = new Map(program.inputs.map((number, place) => [number, inputs[place]]));
  const shapes = new Map();
  const weight = (pair) => pair && weights.subarray(pair[0], pair[0] + pair[1]);
  for (const step of program.steps) {
    const given = step.inputs.map((number) => results.get(number));
    const from = step.inputs.map((number) => shapes.get(number));
    results.set(step.output, OPERATIONS[step.op](given, step, weight, from));
    shapes.set(step.output, step.shape);
  }
  return results.get(program.output);
}

const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

const OPERATIONS = {
  activation: ([x], { name }) => x.map(ACTIVATIONS[name]),
  leaky: ([x], { slope }) => x.map((value) => (value > 0 ? value : slope * value)),
  reshape: ([x]) => x,
  constant: ([x], { shift }, weight) => x.map((value, place) => value + weight(shift)[place]),
  affine([x], { scale, shift }, weight) {
    const [factors, terms] = [weight(scale), weight(shift)];
    return x.map((value, place) => value * factors[place % factors.length] + terms[place % terms.length]);
  },
  sum: (given) => given[0].map((_, place) => given.reduce((total, one) => total + one[place], 0)),
  row([label], { table, shape }, weight) {
    const size = sizeOf(shape);
    return Float32Array.from(weight(table).subarray(label[0] * size, (label[0] + 1) * size));
  },
  concatenate(given, { shape }, weight, from) {
    const out = new Float32Array(sizeOf(shape));
    const width = shape.at(-1);
    const widths = given.map((one, place) => from[place]?.at(-1) ?? one.length);
    let first = 0;
    given.forEach((one, place) => {
      one.forEach((value, index) => {
        const row = Math.floor(index / widths[place]);
        out[row * width + first + (index % widths[place])] = value;
      });
      first += widths[place];
    });
    return out;
  },
  dense([x], { kernel, bias, shape }, weight) {
    const [matrix, terms, units] = [weight(kernel), weight(bias), shape.at(-1)];
    const width = matrix.length / units;
    const out = new Float32Array(sizeOf(shape));
    for (let row = 0; row < out.length / units; row++) {
      for (let unit = 0; unit < units; unit++) {
        let total = terms ? terms[unit] : 0;
        for (let place = 0; place < width; place++) total += x[row * width + place] * matrix[place * units + unit];
        out[row * units + unit] = total;
      }
    }
    return out;
  },
  convolution([x], step, weight, [from]) {
    const out = biased(step, weight);
    moved(step, step.shape, from, (image, small, row, column) => {
      const [matrix, channels, filters] = [weight(step.kernel), from[2], step.shape[2]];
      const first = (row * step.size[1] + column) * channels * filters;
      for (let channel = 0; channel < channels; channel++) {
        const value = x[image * channels + channel];
        const start = first + channel * filters;
        const place = small * filters;
        for (let filter = 0; filter < filters; filter++) out[place + filter] += value * matrix[start + filter];
      }
    });
    return out;
  },
  transposed([x], step, weight, [from]) {
    const out = biased(step, weight);
    moved(step, from, step.shape, (image, small, row, column) => {
      const [matrix, channels, filters] = [weight(step.kernel), from[2], step.shape[2]];
      const first = (row * step.size[1] + column) * channels * filters;
      for (let filter = 0; filter < filters; filter++) {
        let total = 0;
        const start = first + filter * channels;
        const place = small * channels;
        for (let channel = 0; channel < channels; channel++) total += x[place + channel] * matrix[start + channel];
        out[image * filters + filter] += total;
      }
    });
    return out;
  },
  shuffle([x], { period, shape }) {
    const [, width, channels] = shape;
    return picked(shape, (row, column, channel) => {
      const pixel = Math.floor(row / period) * (width / period) + Math.floor(column / period);
      const phase = (row % period) * period + (column % period);
      return x[(pixel * period * period + phase) * channels + channel];
    });
  },
  repeat([x], { factors, shape }, weight, [from]) {
    return picked(shape, (row, column, channel) => {
      const pixel = Math.floor(row / factors[0]) * from[1] + Math.floor(column / factors[1]);
      return x[pixel * shape[2] + channel];
    });
  },
  crop([x], { before, shape }, weight, [from]) {
    return picked(shape, (row, column, channel) => {
      const pixel = (row + before[0]) * from[1] + column + before[1];
      return x[pixel * shape[2] + channel];
    });
  },
};

/** An image of zeros, or of the bias of each channel. */
function biased({ shape, bias }, weight) {
  const [out, terms] = [new Float32Array(sizeOf(shape)), weight(bias)];
  return terms ? out.map((_, place) => terms[place % terms.length]) : out;
}

/** Visit each pixel of a small image with each of a large one under the kernel, and the kernel's row and column. */
function moved({ size, strides, before }, small, large, visit) {
  for (let top = 0; top < small[0]; top++) {
    for (let left = 0; left < small[1]; left++) {
      for (let row = 0; row < size[0]; row++) {
        const y = top * strides[0] + row - before[0];
        if (y < 0 || y >= large[0]) continue;
        for (let column = 0; column < size[1]; column++) {
          const x = left * strides[1] + column - before[1];
          if (x >= 0 && x < large[1]) visit(y * large[1] + x, top * small[1] + left, row, column);
        }
      }
    }
  }
}

/** An image whose values are those of a function of row, column and channel. */
function picked([height, width, channels], valueOf) {
  const out = new Float32Array(height * width * channels);
  let place = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < channels; channel++) out[place++] = valueOf(row, column, channel);
    }
  }
  return out;
}
