// What does not fit or does not work, as a sentence for the reader.
import { say } from "./text.mjs";

export class Problem extends Error {
  /** Might it go away if the same is asked once more? */
  again = false;
}

/** Nobody answered: what was asked for has not happened, and may yet, if it is asked for again. */
export class Silence extends Problem {}

/** @type {(key: string, parts?: Record<string, any>) => Problem} */
export const problem = (key, parts) => new Problem(say(key, parts));

/**
 * What to say of anything that was thrown.
 * @param {any} reason
 * @returns {string}
 */
export const said = (reason) => reason.message ?? String(reason);

/** What was behind it, where a Problem says more than that. */
export const causeOf = (reason) => reason.cause ?? reason;
