// What both engines share; `Engine` in types.d.ts says what they do.

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

/**
 * Makes a promise the first time it is asked for one, and again only if that one failed.
 * @template T
 * @param {() => Promise<T>} make
 * @returns {() => Promise<T>}
 */
export function once(make) {
  /** @type {Promise<T> | undefined} */
  let made;
  return () => (made ??= make().catch((reason) => {
    made = undefined;
    throw reason;
  }));
}

/**
 * Runs jobs one after the other.
 * @returns {<T>(job: () => Promise<T>) => Promise<T>}
 */
export function oneByOne() {
  /** @type {Promise<any>} */
  let last = Promise.resolve();
  return (job) => (last = last.then(job, job));
}
