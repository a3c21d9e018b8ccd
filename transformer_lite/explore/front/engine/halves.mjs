// Numbers of 16 bits on their way to 32.

/**
 * The float32 numbers, as bytes, of float16 numbers (little endian), each of which is one of the former exactly.
 * Browsers know float16 themselves only since 2025. With a number of columns, they are a matrix, and come turned.
 * @type {(bytes: Uint8Array, columns?: number) => Uint8Array}
 */
export function widened(bytes, columns = 0) {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const rows = halves.length / columns;
  const numbers = new Float32Array(halves.length);
  halves.forEach((half, i) => {
    const place = columns ? (i % columns) * rows + Math.floor(i / columns) : i;
    numbers[place] = widenedNumber(half);
  });
  return new Uint8Array(numbers.buffer);
}

function widenedNumber(half) {
  const sign = half >> 15 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
