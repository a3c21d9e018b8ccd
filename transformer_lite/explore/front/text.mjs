// Sentences and numbers as a reader sees them.
import { TEXT } from "./data.mjs";

/**
 * The message `key` with its {parts} filled in.
 * @param {string} key
 * @param {Record<string, any>} parts
 */
export function say(key, parts = {}) {
  return TEXT[key].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
}

/**
 * Three significant digits, a true minus sign, −∞ for a masked score; the same as `number` in text.py.
 * @param {number} x
 */
export function number(x) {
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const small = size < 1e-3 || size >= 1e6;
  const digits = small ? x.toExponential(2) : x.toFixed(Math.max(0, 2 - Math.floor(Math.log10(size))));
  let [mantissa, exponent] = digits.split("e");
  if (mantissa.includes(".")) mantissa = mantissa.replace(/0+$/, "").replace(/\.$/, "");
  return (mantissa + (exponent ? `e${Number(exponent)}` : "")).replaceAll("-", "−");
}
