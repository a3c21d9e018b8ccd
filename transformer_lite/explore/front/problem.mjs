// What does not fit or does not work, as a sentence for the reader.
import { say } from "./text.mjs";

export class Problem extends Error {}

export const problem = (key, parts) => new Problem(say(key, parts));
