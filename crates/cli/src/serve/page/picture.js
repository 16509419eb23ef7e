import { plane } from './api.js';
import { bounds, clockOf, leaf, longName, unitOf } from './cf.js';
import { Controls } from './controls.js';
import { element } from './dom.js';
import { drawField, drawLine } from './field.js';
import { DEGREES, NUMBER, TIME } from './scale.js';
import { count, withUnit } from './text.js';

/** Elements along an axis that are asked for at most. */
const SIZE = 1200;
const TALL = { share: 0.64, least: 300, most: 900 };
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const COLOURS = ['background', 'text', 'dim', 'grid', 'line', 'missing', 'hatch'];

/** A picture of an array, with its controls. */
export class Picture {
  #root;
  #latest;
  #onchange;
  #shown = null;
  #data = null;
  #drawn = null;
  #probe = null;
  #canvas = element('canvas', { id: 'canvas', tabIndex: 0, role: 'img', 'aria-describedby': 'readout' });
  #mark = element('div', { className: 'mark', hidden: true });
  #readout = element('div', { id: 'readout', 'aria-live': 'polite', hidden: true });
  #stage = element('div', { className: 'stage' }, this.#canvas, this.#mark, this.#readout);
  #note = element('p', { className: 'note' });
  #controls;

  /** `latest` runs the requests; `onchange` is called when `state` is another. */
  constructor(root, latest, onchange) {
    this.#root = root;
    this.#latest = latest;
    this.#onchange = onchange;
    this.#controls = new Controls(root, {
      axis: (side, axis) => this.#pickAxis(side, axis),
      slide: (axis, index) => this.#slide(axis, index),
      look: () => this.#look(),
      isBusy: () => latest.isBusy,
    });
    root.append(this.#stage, this.#note);
    this.#canvas.addEventListener('pointermove', (event) => this.#point(event));
    this.#canvas.addEventListener('pointerdown', (event) => this.#point(event));
    this.#canvas.addEventListener('pointerleave', () => this.#setProbe(null));
    this.#canvas.addEventListener('blur', () => this.#setProbe(null));
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(this.#stage);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  get state() {
    return { at: this.#shown?.view.text ?? null, map: this.#controls.map, range: this.#controls.range };
  }

  /** Shows an array; `range` is `slice`, `array` or two numbers. */
  show({ file, meta, dimensions, view, map, range }) {
    const clock = clockOf(meta);
    const limits = bounds(meta)?.map(clock ?? Number) ?? null;
    const [kind, unit] = clock ? [TIME, ''] : [NUMBER, unitOf(meta)];
    this.#shown = { file, meta, dimensions, view, clock, limits, kind, unit };
    this.#controls.showLook(map, range === 'array' && !limits ? 'slice' : range, limits !== null, kind === TIME);
    this.#controls.showAxes(view, dimensions);
    this.#root.hidden = this.#root.inert = false;
    this.#latest.replace((signal) => this.#load(signal));
  }

  /** Keeps the picture in sight, though nothing can be done with it, until the next is there. */
  leave() {
    this.#root.inert = true;
    this.#stage.setAttribute('aria-busy', true);
    this.#controls.stop();
    this.#latest.stop();
    this.#setProbe(null);
    this.#data = this.#drawn = null;
  }

  hide() {
    this.leave();
    this.#clear();
    this.#root.hidden = true;
  }

  #clear() {
    this.#setProbe(null);
    this.#data = this.#drawn = null;
    this.#canvas.height = 0;
    this.#canvas.style.height = '0';
    this.#note.textContent = '';
  }

  #pickAxis(side, axis) {
    const { view, dimensions } = this.#shown;
    view.draw(side, axis);
    this.#controls.showAxes(view, dimensions);
    this.#setProbe(null);
    this.#onchange();
    this.#latest.replace((signal) => this.#load(signal));
  }

  #slide(axis, index) {
    this.#shown.view.indices[axis] = index;
    this.#onchange();
    this.#latest.queue((signal) => this.#load(signal));
  }

  #look() {
    this.#onchange();
    this.#draw();
  }

  async #load(signal) {
    const { file, meta, dimensions, clock } = this.#shown;
    const view = this.#shown.view.copy();
    this.#stage.setAttribute('aria-busy', true);
    try {
      const answer = await plane(file, meta.name, view.region, SIZE, signal);
      if (clock) answer.values = answer.values.map(clock);
      this.#data = arrange(answer, view, dimensions);
      this.#draw();
    } catch (error) {
      if (!signal.aborted) this.#clear();
      throw error;
    } finally {
      if (!signal.aborted) this.#stage.removeAttribute('aria-busy');
    }
  }

  #draw() {
    if (!this.#data || !this.#stage.clientWidth) return;
    const { meta, dimensions, limits, kind, unit } = this.#shown;
    const { view, columns, rows, value, facts } = this.#data;
    const { map, range: wanted } = this.#controls;
    const range = rangeOf(wanted, limits, facts, map === 'diverging' && rows !== null);
    const name = longName(meta) || leaf(meta.name);
    const places = view.others.map((i) => `${dimensions[i].name} = ${dimensions[i].text(view.indices[i])}`);
    const title = [name, ...places].join(', ');
    const label = unit ? `${leaf(meta.name)} (${unit})` : leaf(meta.name);
    const picture = { title, label, kind, range, columns, rows, value, map, theme: theme(), isEqual: isEqual(columns, rows) };
    const tall = Math.min(TALL.most, Math.max(TALL.least, innerHeight * TALL.share));
    const size = { width: this.#stage.clientWidth, height: tall, ratio: devicePixelRatio };
    this.#drawn = (rows ? drawField : drawLine)(this.#canvas, picture, size);
    this.#canvas.setAttribute('aria-label', `${rows ? 'Heat map' : 'Line'}: ${title}. Arrow keys read values.`);
    if (!Array.isArray(wanted)) this.#controls.showRange(range);
    this.#note.textContent = this.#describe();
    this.#setProbe(this.#probe);
  }

  #describe() {
    const { kind, unit } = this.#shown;
    const { columns, rows, facts } = this.#data;
    const text = (value) => withUnit(kind.text(value), unit);
    const parts = facts.min === null ? ['no values'] : [`${text(facts.min)} to ${text(facts.max)}`, `mean ${text(Number(facts.mean.toPrecision(5)))}`];
    parts.push(`${count(facts.missing)} of ${count(facts.all)} missing`);
    const steps = [rows, columns].filter((axis) => axis && axis.step > 1).map(({ step, name }) => `every ${step}th of ${name}`);
    return [...parts, ...steps].join(' · ');
  }

  #point(event) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    this.#setProbe(this.#drawn?.locate(event.clientX - left, event.clientY - top) ?? null);
  }

  #key(event) {
    if (!this.#drawn || !Object.hasOwn(MOVES, event.key)) return;
    event.preventDefault();
    const { rows, columns } = this.#data;
    const middle = { row: (rows?.count ?? 1) >> 1, column: columns.count >> 1 };
    this.#setProbe(this.#probe ? this.#drawn.move(this.#probe, ...MOVES[event.key]) : middle);
  }

  /** Says what the element of a row and a column is, and marks it. */
  #setProbe(cell) {
    const outline = cell && this.#drawn.outline(cell);
    this.#probe = cell;
    this.#readout.hidden = !cell;
    this.#mark.hidden = !outline;
    if (!cell) return;
    this.#readout.replaceChildren(...this.#words(cell));
    if (!outline) return;
    for (const [side, length] of Object.entries(outline)) this.#mark.style[side] = `${length}px`;
    this.#placeReadout(outline);
  }

  #words({ row, column }) {
    const { kind, unit } = this.#shown;
    const { view, columns, rows, value } = this.#data;
    const number = value(row, column);
    const text = Number.isNaN(number) ? 'no value' : withUnit(kind.text(number), unit);
    const at = view.element(rows ? rows.index(row) : 0, columns.index(column));
    const line = (axis, i) => element('div', {}, `${axis.name} ${axis.text(i)}`);
    return [
      element('div', { className: 'value' }, text),
      ...(rows ? [line(rows, row)] : []),
      line(columns, column),
      element('div', { className: 'index' }, `[${at.join(', ')}]`),
    ];
  }

  /** Beside the element, on the side where there is room. */
  #placeReadout({ left, top, width, height }) {
    const [right, bottom] = [left + width + 12, top + height + 12];
    const box = this.#readout;
    const x = right + box.offsetWidth < this.#stage.clientWidth ? right : left - 12 - box.offsetWidth;
    const y = bottom + box.offsetHeight < this.#stage.clientHeight ? bottom : top - 12 - box.offsetHeight;
    box.style.left = `${Math.max(0, x)}px`;
    box.style.top = `${Math.max(0, y)}px`;
  }
}

/** The answer to `view` by rows and columns; rows are null for a line. */
function arrange({ values, shape, step }, view, dimensions) {
  const isTurned = view.y !== null && view.y > view.x;
  const [x, y] = isTurned ? [0, 1] : [shape.length - 1, 0];
  const columns = dimensions[view.x].taken(shape[x], step[x]);
  const rows = view.y === null ? null : dimensions[view.y].taken(shape[y], step[y]);
  const width = shape[shape.length - 1];
  const value = isTurned ? (row, column) => values[column * width + row] : (row, column) => values[row * width + column];
  return { view, columns, rows, value, facts: factsOf(values) };
}

function factsOf(values) {
  let [min, max, sum, finite] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    finite++;
  }
  const facts = { all: values.length, missing: values.length - finite };
  return finite ? { ...facts, min, max, mean: sum / finite } : { ...facts, min: null, max: null };
}

/** The least and the greatest value that colours stand for; around 0 if centred and both signs occur. */
function rangeOf(wanted, limits, { min, max }, isCentred) {
  if (Array.isArray(wanted)) return wanted;
  let [low, high] = wanted === 'array' && limits ? limits : [min ?? 0, max ?? 1];
  if (isCentred && low < 0 && high > 0) {
    high = Math.max(-low, high);
    low = -high;
  }
  const margin = low === high ? Math.abs(low) * 0.01 || 1 : 0;
  return [low - margin, high + margin];
}

/** Whether both axes are in degrees, or both are indices, and neither side gets too short. */
function isEqual(columns, rows) {
  if (!rows) return false;
  const aspect = (columns.high - columns.low) / (rows.high - rows.low);
  const isAlike = columns.kind === DEGREES ? rows.kind === DEGREES : !columns.hasPlaces && !rows.hasPlaces;
  return isAlike && aspect > 1 / 4 && aspect < 4;
}

function theme() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--plot-${name}`).trim()]));
}
