/** Numbers, sizes and units as one reads them. */

const DIGITS = 7;

export const count = (n) => n.toLocaleString('en-US');

export const many = (n, what) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;

export function number(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'no value' : String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) {
    const [digits, power] = value.toExponential(DIGITS - 1).split('e');
    return `${Number(digits)}e${Number(power)}`;
  }
  return String(Number(value.toPrecision(DIGITS)));
}

export function bytes(n) {
  if (n < 1e3) return `${n} B`;
  const power = Math.min(4, Math.floor(Math.log10(n) / 3));
  return `${(n / 1000 ** power).toFixed(power === 1 ? 1 : 2)} ${' kMGT'[power]}B`;
}

export const extents = (shape) => (shape.length ? shape.join(' × ') : 'scalar');

const SHORT = [
  [/^degrees?_?(north|n)$/i, '°N'],
  [/^degrees?_?(east|e)$/i, '°E'],
  [/^degrees?$/i, '°'],
  [/^(deg(rees?)?[ _]?c(elsius)?|celsius)$/i, '°C'],
  [/^1$/, ''],
];

/** A unit in the short form that everybody knows, where there is one. */
export function unit(text) {
  const known = SHORT.find(([pattern]) => pattern.test(text));
  return known ? known[1] : text;
}

export const withUnit = (text, unit) => (unit ? `${text} ${unit}` : text);
