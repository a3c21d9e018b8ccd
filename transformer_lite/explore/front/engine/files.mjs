// Files on their way to the page: how much of each has come, and asking again for one that does not come.

// Milliseconds in which a file that comes, or was asked for again, is not asked for once more: figures wait for the same.
const FRESH = 1000;

/**
 * A file that is asked for when it is first wanted, and again if that failed. `ask(suffix, count, signal)` asks: the
 * suffix makes another address of each try that a reader has asked for, because browsers keep a module that did not
 * come, and let a second request for what is on its way wait for the first. It tells `count` of bytes that have come,
 * if it can.
 * @template T
 * @param {number} size in bytes
 * @param {(suffix: string, count: (bytes: number) => void, signal: AbortSignal) => Promise<T>} ask
 * @returns {Arriving<T>}
 */
function arriving(size, ask) {
  let asked = -Infinity;
  let again = 0;
  let launched = 0;
  let here = false;
  /** @type {Promise<T> | undefined} */
  let whole;
  let settle;
  let stop = new AbortController();
  const file = {
    size, come: 0, heard: 0, pending: false,
    get() {
      whole ??= wanted().catch((reason) => {
        whole = undefined;
        throw reason;
      });
      return whole;
    },
    again() {
      const now = performance.now();
      if (here || now - (file.pending ? file.heard : asked) < FRESH) return;
      asked = now;
      again++;
      if (file.pending) launch();
    },
  };

  /** @returns {Promise<T>} */
  const wanted = () => new Promise((resolve, reject) => {
    settle = { resolve, reject };
    launch();
  });

  function launch() {
    stop.abort();
    stop = new AbortController();
    const mine = ++launched;
    Object.assign(file, { come: 0, heard: performance.now(), pending: true });
    const count = (bytes) => {
      file.come += bytes;
      file.heard = performance.now();
    };
    ask(again ? `?again=${again}` : "", count, stop.signal).then((got) => {
      // An earlier try may come after all; it will do.
      here = true;
      Object.assign(file, { come: size, heard: performance.now(), pending: false });
      settle.resolve(got);
    }, (reason) => {
      if (mine < launched) return;
      file.pending = false;
      settle.reject(reason);
    });
  }

  return file;
}

/**
 * What `read` makes of a file's bytes, which are counted as they come. If it throws, the file has not come; nor has it if
 * a network has put a page of its own in the file's place.
 * @template T
 * @param {string} url
 * @param {number} size
 * @param {(bytes: Uint8Array) => T} read
 * @returns {Arriving<T>}
 */
export const readAt = (url, size, read) => arriving(size, async (suffix, count, signal) => {
  const response = await fetch(url + suffix, { signal });
  if (!response.ok) throw new Error(`${response.status} ${nameOf(url)}`);
  if (response.headers.get("content-type")?.startsWith("text/html")) throw new Error(`not ${nameOf(url)}`);
  const pieces = [];
  const reader = response.body.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    pieces.push(value);
    count(value.length);
  }
  return read(new Uint8Array(await new Blob(pieces).arrayBuffer()));
});

/** @type {(url: string, size: number) => Arriving<Uint8Array>} */
export const bytesAt = (url, size) => readAt(url, size, (bytes) => bytes);

/** @param {Uint8Array} bytes */
export const parsed = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/**
 * A module, with the address from which it came. The browser does not tell how much of it has come.
 * @type {(url: string, size: number) => Arriving<{ module: Foreign, address: string }>}
 */
export const moduleAt = (url, size) => arriving(size, async (suffix) => {
  const address = url + suffix;
  return { module: await import(address), address };
});

/**
 * A classic script that leaves `window[name]`. The browser does not tell how much of it has come.
 * @type {(url: string, size: number, name: string) => Arriving<Foreign>}
 */
export const scriptAt = (url, size, name) => arriving(size, (suffix) => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = url + suffix;
  // Not after the larger files, which are counted: while they come, there is something to tell.
  script.fetchPriority = "high";
  script.onload = () => resolve(window[name]);
  script.onerror = () => reject(new Error(nameOf(url)));
  document.head.append(script);
}));

const nameOf = (url) => url.split("/").at(-1);

/**
 * How far they are, taken together.
 * @param {Arriving<any>[]} files
 * @returns {Progress}
 */
export function progressOf(files) {
  const sum = (what) => files.reduce((all, file) => all + file[what], 0);
  return {
    come: sum("come"),
    size: sum("size"),
    quiet: performance.now() - Math.max(...files.map(({ heard }) => heard)),
    done: !files.some(({ pending }) => pending),
  };
}
