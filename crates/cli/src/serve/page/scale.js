/** Kinds of numbers: how they are written, and where ticks stand. */

import { number } from './text.js';

/** `room` is the pixels that a number takes across. */
export const NUMBER = { ticks: numberTicks, text: number, room: 70 };
export const DEGREES = { ticks: degreeTicks, text: number, room: 60 };
export const TIME = { ticks: timeTicks, text: moment, room: 95 };

function numberTicks(low, high, most) {
  const wanted = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= wanted * 0.999);
  return multiples(low, high, step);
}

function degreeTicks(low, high, most) {
  const wanted = (high - low) / most;
  const step = wanted > 5 ? [10, 15, 30, 45, 60, 90, 180].find((step) => step >= wanted) : undefined;
  return step ? multiples(low, high, step) : numberTicks(low, high, most);
}

function multiples(low, high, step) {
  if (!(step > 0) || !Number.isFinite(step)) return [];
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const isPlain = largest < 1e6 && decimals <= 5;
  const write = (at) => (isPlain ? at.toFixed(decimals) : number(Number(at.toPrecision(7))));
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => {
    const at = (first + i) * step;
    return { at, text: at === 0 ? '0' : write(at) };
  });
}

const [MINUTE, HOUR, DAY, MONTH] = [60, 3600, 86400, 2629746];
const EVEN = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10].map((n) => n * DAY),
];
const MONTHS = [1, 2, 3, 6, ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((years) => years * 12)];

function timeTicks(low, high, most) {
  const wanted = (high - low) / most;
  if (wanted < 1) return numberTicks(low, high, most).map(({ at }) => ({ at, text: moment(at) }));
  const step = EVEN.find((step) => step >= wanted);
  if (step) return multiples(low, high, step).map(({ at }) => ({ at, text: clock(at, step) }));
  return monthTicks(low, high, MONTHS.find((months) => months * MONTH >= wanted) ?? MONTHS.at(-1));
}

function monthTicks(low, high, step) {
  const first = new Date(low * 1000);
  const start = first.getUTCFullYear() * 12 + first.getUTCMonth();
  const ticks = [];
  for (let month = Math.ceil(start / step) * step; ; month += step) {
    const date = new Date(0);
    date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    const at = date.getTime() / 1000;
    if (!(at <= high)) return ticks;
    if (at >= low) ticks.push({ at, text: moment(at).slice(0, step % 12 === 0 ? -6 : -3) });
  }
}

/** The time of a tick: of the day alone, unless a day begins. */
function clock(at, step) {
  const text = moment(at);
  return step < DAY && text.includes(' ') ? text.split(' ')[1] : text;
}

/** Seconds since 1970 as a date, with as much of the time as it has. */
function moment(seconds) {
  const date = new Date(Math.round(seconds * 1000));
  if (Number.isNaN(date.getTime())) return number(seconds);
  const [day, time] = date.toISOString().slice(0, -1).split('T');
  const short = time.replace(/\.000$/, '').replace(/:00$/, '');
  return short === '00:00' ? day : `${day} ${short}`;
}
