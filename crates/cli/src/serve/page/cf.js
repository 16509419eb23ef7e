/** What the CF conventions say of arrays: units, times, packed numbers, coordinates. */

import { unit } from './text.js';

const SECONDS = [
  [/^(s|secs?|seconds?)$/i, 1],
  [/^(mins?|minutes?)$/i, 60],
  [/^(h|hrs?|hours?)$/i, 3600],
  [/^(d|days?)$/i, 86400],
];
const SINCE =
  /^(\S+)\s+since\s+(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?)?\s*(?:Z|UTC|GMT|\+?00?(?::?00)?)?$/i;

const textOf = (meta, key) => (typeof meta.attributes[key] === 'string' ? meta.attributes[key] : '');

export const isNumeric = ({ dtype }) => /^(bool|(u?int|b?float|bf|[iuf])\d+|timestamp_ns)$/.test(dtype);

export const unitOf = (meta) => unit(textOf(meta, 'units').trim());

export const longName = (meta) => textOf(meta, 'long_name') || textOf(meta, 'standard_name');

/** How numbers of an array become seconds since 1970, or null where they are no times of our calendar. */
export function clockOf(meta) {
  if (meta.dtype === 'timestamp_ns') return (value) => value;
  const [, name, year, ...rest] = SINCE.exec(textOf(meta, 'units').trim()) ?? [];
  const seconds = SECONDS.find(([pattern]) => pattern.test(name ?? ''))?.[1];
  if (!seconds || !isOurCalendar(textOf(meta, 'calendar').toLowerCase(), Number(year))) return null;
  const [month, day, hour, minute, second] = rest.map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(Number(year), month - 1, day);
  const origin = date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
  return (value) => origin + value * seconds;
}

/** Before 1583 the standard calendar is not the one that browsers count by. */
function isOurCalendar(calendar, year) {
  if (calendar === 'proleptic_gregorian') return true;
  return ['', 'standard', 'gregorian'].includes(calendar) && year >= 1583;
}

/** The array that says where the elements along a dimension are: of its name, in the group or one around it. */
export function coordinateOf(byName, meta, i) {
  const name = meta.dimensions[i];
  for (let group = parent(meta.name); ; group = parent(group)) {
    const found = byName.get(group ? `${group}/${name}` : name);
    if (found && found !== meta && found.shape.length === 1 && found.shape[0] === meta.shape[i]) return found;
    if (!group) return null;
  }
}

export const parent = (name) => name.slice(0, Math.max(0, name.lastIndexOf('/')));

export const leaf = (name) => name.slice(name.lastIndexOf('/') + 1);

/** The stored statistics as the numbers that planes have, or null where there are none. */
export function bounds(meta) {
  if (meta.dtype === 'timestamp_ns') return ordered(Date.parse(meta.min) / 1000, Date.parse(meta.max) / 1000);
  if (typeof meta.min !== 'number' || typeof meta.max !== 'number') return null;
  const attribute = (key, otherwise) =>
    typeof meta.attributes[key] === 'number' ? meta.attributes[key] : otherwise;
  const [factor, offset] = [attribute('scale_factor', 1), attribute('add_offset', 0)];
  return ordered(meta.min * factor + offset, meta.max * factor + offset);
}

const ordered = (a, b) => (Number.isNaN(a + b) ? null : [Math.min(a, b), Math.max(a, b)]);
