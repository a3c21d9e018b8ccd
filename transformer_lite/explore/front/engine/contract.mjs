// What both engines share. An engine has
//   start()      resolves with plotly once it can compute; rejects with a Problem that says what is missing
//   run(values)  resolves with { views, outputs }: how to draw each view, and its numbers by name
//   trace()      resolves with [{ values, outputs }, …] as PyTorch computed them
// `outputs` maps a name to { shape, data }, data being a Float32Array.

/** float32 numbers from base64 (little endian). */
export function unpack({ shape, data }) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return { shape, data: new Float32Array(bytes.buffer) };
}

export function unpackTrace({ cases }) {
  return cases.map(({ values, outputs }) => ({
    values,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, packed]) => [name, unpack(packed)])),
  }));
}

/** Makes a promise the first time it is asked for one, and again only if that one failed. */
export function once(make) {
  let made;
  return () => (made ??= make().catch((reason) => {
    made = undefined;
    throw reason;
  }));
}

/** Runs jobs one after the other. */
export function oneByOne() {
  let last = Promise.resolve();
  return (job) => (last = last.then(job, job));
}
