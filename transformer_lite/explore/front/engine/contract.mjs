// What both engines share; `Engine` in types.d.ts says what they do.

/** Numbers of a type from bytes. */
export const numbersOf = (type, buffer) => (type === "int64" ? new BigInt64Array(buffer) : new Float32Array(buffer));

/** A tensor from base64 (little endian). */
export function unpack({ shape, data, type = "float32", every = 1 }) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return { type, shape, data: numbersOf(type, bytes.buffer), every };
}

/** Tensors by name. */
export const unpackAll = (tensors = {}) => mapped(tensors, unpack);

/** The recorded cases; `start` is the state before the first step. */
export function unpackTrace({ tensors, cases, memory, states }, start = {}) {
  const unpacked = tensors.map(unpack);
  const named = (places = {}) => mapped(places, (place) => unpacked[place]);
  return cases.map(({ values, outputs, next }) => {
    const begin = states[values[memory]];
    return { values, outputs: named(outputs), state: begin ? named(begin) : start, next: named(next) };
  });
}

/** An object with each of its values changed. */
export const mapped = (object, change) => Object.fromEntries(Object.entries(object).map(([name, x]) => [name, change(x)]));

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
