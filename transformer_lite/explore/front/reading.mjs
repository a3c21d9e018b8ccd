// Numbers as people type them: any minus sign, any digits, a decimal comma, thousands set apart.

/**
 * What is written in several ways, and the way in which it is read.
 * @type {[RegExp, string][]}
 */
const FORMS = [
  [/\p{Cf}/gu, ""], // marks of direction, which keyboards for Arabic and Hebrew put in
  [/^\s+|\s+$/g, ""],
  [/[-‐‑‒–—―−﹣－ー]/g, "-"],
  [/[＋﹢]/g, "+"],
  [/[，﹐、]/g, ","],
  [/[．﹒。｡٫]/g, "."],
  [/[\s'’‘ʼ＇٬]/g, "'"],
];
const SCIENTIFIC = /^([+-]?)'?(.*?)'?(?:[eEｅＥ]([+-]?\d+))?$/;
// The decimal mark, a point or a comma, with digits on one side of it or on both.
const ONE_MARK = /^(?=.*\d)(\d*)(?:[.,](\d*))?$/;
// Thousands set apart, in threes or as in India: all by one mark, which is not the decimal mark.
const GROUPED = /^([1-9]\d{0,2})([,.'])((?:\d{2,3}\2)*\d{3})(?:(?!\2)([.,])(\d*))?$/;

/**
 * The numbers that a text may mean, the likeliest first; none if it is no number. A comma alone is the decimal mark,
 * but may part thousands as this book prints them: 1,234 is 1.234, or else 1234. A point alone is the decimal mark.
 * `decimals` is how many digits after the point were given.
 * @param {string} text
 * @returns {{ value: number, decimals: number }[]}
 */
export function readings(text) {
  for (const [form, read] of FORMS) text = text.replace(form, read);
  const [, sign, body, power = "0"] = text.replace(/\p{Nd}/gu, digitOf).match(SCIENTIFIC);
  if (/^(∞|inf|infinity)$/i.test(body)) return [{ value: Number(`${sign}Infinity`), decimals: 0 }];
  const reading = (whole, part = "") => ({
    value: Number(`${sign}${whole || 0}.${part || 0}e${power}`),
    decimals: Math.max(0, part.length - Number(power)),
  });
  const found = [];
  const one = body.match(ONE_MARK);
  if (one) found.push(reading(one[1], one[2]));
  const grouped = body.match(GROUPED);
  const [, first, mark, rest, decimalMark, part] = grouped ?? [];
  if (grouped && !(one && mark === "." && !decimalMark)) found.push(reading(first + rest.replaceAll(mark, ""), part));
  return found;
}

/** A digit of any script as one of ours; in each script the ten stand in a row, with 0 before the others. */
function digitOf(digit) {
  let value = 0;
  for (let code = digit.codePointAt(0) - 1; /\p{Nd}/u.test(String.fromCodePoint(code)); code--) value++;
  return String(value % 10);
}

/**
 * What a text means: the likeliest number that fits, or else the likeliest. Text that is no number stays text, so that
 * a message can quote it.
 * @type {(text: string, fits: (x: number) => boolean) => number | string}
 */
export function likeliest(text, fits) {
  const found = readings(text).map(({ value }) => value);
  return found.find(fits) ?? found[0] ?? text;
}

/** @type {(text: string) => number | string} */
export const asNumber = (text) => likeliest(text, () => true);

/**
 * As `readings`, of an answer to a question, which may be a fraction, 1/3 or ⅓, or a percentage too.
 * @param {string} text
 */
export function answersIn(text) {
  const parts = text.replace(/[¼-¾⅐-⅞]/g, (fraction) => ` ${fraction.normalize("NFKC")}`).split(/[/／⁄∕÷]/);
  if (parts.length === 2) {
    const [over, under] = parts.map(readings);
    const quotients = over.flatMap((one) => under.map((other) => ({ value: one.value / other.value, decimals: 0 })));
    return quotients.filter(({ value }) => Number.isFinite(value));
  }
  const percent = text.match(/^(.*)[%％﹪٪]\s*$/);
  if (!percent) return readings(text);
  return readings(percent[1]).map(({ value, decimals }) => ({ value: value / 100, decimals: decimals + 2 }));
}

/**
 * The parts of a list that was typed: apart by semicolons, or else by commas with a space, by spaces, or by commas.
 * @param {string} text
 */
export function listed(text) {
  const inside = text.trim().replace(/^[([（［]\s*|\s*[)\]）］]$/g, "");
  for (const mark of [/[;；؛]/, /\s*[,，、]\s+/, /\s+/, /[,，、]/]) {
    const parts = inside.split(mark).filter(Boolean);
    if (parts.length > 1) return parts;
  }
  return [inside];
}
