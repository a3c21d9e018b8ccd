// The words that a sentence may have, and how a text is parted into them; the same as in vocabulary.py.

// How many words are suggested in place of one that is not known.
const NEAREST = 3;
// Marks that keyboards put in by themselves, and those that are meant.
const ALIKE = { "’": "'", "。": "." };

/** @type {WeakMap<Control, ReturnType<typeof readVocabulary>>} */
const vocabularies = new WeakMap();

/**
 * The vocabulary of a control.
 * @param {Control} control
 */
export function vocabularyOf(control) {
  const found = vocabularies.get(control) ?? readVocabulary(control);
  vocabularies.set(control, found);
  return found;
}

/** @param {Control} control */
function readVocabulary({ vocabulary, split }) {
  /** @type {Map<string, number>} */
  const ids = new Map(vocabulary.map((word, i) => [normal(word), i]));
  const keys = [...ids.keys()];
  const marks = keys.filter((word) => /^[\p{P}\p{S}]$/u.test(word));
  const longest = Math.max(...keys.map((word) => [...word].length));

  /** @type {Record<string, (part: string) => string[]>} */
  const parted = {
    characters: (part) => [...part],
    longest: (part) => longestMatch([...part], ids, longest),
    blanks: (part) =>
      ids.has(part) ? [part] : parts(marks.reduce((text, mark) => text.replaceAll(mark, ` ${mark} `), part)),
  };
  /** The text's words in the form in which they are compared; what is between them is a piece of its own. */
  const pieces = (text) => parts(normal(text)).flatMap(parted[split]);

  return {
    ids,
    pieces,

    /** The same words, as the vocabulary writes them. */
    words: (text) => pieces(text).map((piece) => vocabulary[ids.get(piece)]),

    /** The text with one more word: after a blank only where it is needed. */
    appended(text, word) {
      const wanted = [...pieces(text), normal(word)];
      const [plain, apart] = [`${text.trim()}${word}`, `${text.trim()} ${word}`.trim()];
      return split !== "blanks" && String(pieces(plain)) === String(wanted) ? plain : apart;
    },

    /** Is the last piece of the text the beginning of a word, and none yet? */
    unfinished(text) {
      const last = /\s$/u.test(text) ? undefined : pieces(text).at(-1);
      return last !== undefined && !ids.has(last) && keys.some((word) => word.startsWith(last));
    },

    /** The words that are most like a piece which is not known: they share something with it, and little differs. */
    nearest(piece) {
      const near = keys.map((word, i) => ({ i, apart: distance([...piece], [...word]), most: Math.max([...piece].length, [...word].length) }));
      const sorted = near.filter(({ apart, most }) => apart < most).sort((one, other) => one.apart - other.apart);
      return sorted.slice(0, NEAREST).map(({ i }) => vocabulary[i]);
    },

    /** The words in which a text occurs: first those that begin with it. */
    found(text) {
      const sought = parts(normal(text)).join(" ");
      const where = keys.map((word, i) => ({ i, at: word.indexOf(sought) })).filter(({ at }) => at >= 0);
      return where.sort((one, other) => Math.min(one.at, 1) - Math.min(other.at, 1)).map(({ i }) => vocabulary[i]);
    },
  };
}

/** The form in which words are compared. */
const normal = (text) => text.normalize("NFKC").toLowerCase().replace(/[’。]/g, (mark) => ALIKE[mark]);

/** @type {(text: string) => string[]} */
const parts = (text) => text.split(/\p{White_Space}+/u).filter(Boolean);

function longestMatch(characters, ids, longest) {
  const found = [];
  let unknown = "";
  for (let at = 0; at < characters.length;) {
    let length = Math.min(longest, characters.length - at);
    while (length && !ids.has(characters.slice(at, at + length).join(""))) length--;
    if (!length) unknown += characters[at];
    else {
      if (unknown) found.push(unknown);
      unknown = "";
      found.push(characters.slice(at, at + length).join(""));
    }
    at += length || 1;
  }
  return unknown ? [...found, unknown] : found;
}

/** How many characters must be put in, taken out or replaced (Levenshtein, 1966). */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  one.forEach((a, i) => {
    const before = row;
    row = [i + 1];
    other.forEach((b, j) => row.push(Math.min(before[j + 1] + 1, row[j] + 1, before[j] + Number(a !== b))));
  });
  return row.at(-1) ?? 0;
}
