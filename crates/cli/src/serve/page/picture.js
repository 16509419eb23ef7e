import { plane } from './api.js';
import { bounds, clockOf, leaf, longName, unitOf } from './cf.js';
import { Controls } from './controls.js';
import { element } from './dom.js';
import { drawField, drawLine } from './field.js';
import { Probe } from './probe.js';
import { DEGREES, NUMBER, TIME } from './scale.js';
import { count, withUnit } from './text.js';

/** Elements along an axis that are asked for at most. */
const SIZE = 1200;
const TALL = { share: 0.64, least: 300, most: 900 };
const COLOURS = ['background', 'text', 'dim', 'grid', 'line', 'missing', 'hatch'];

/** A picture of an array, with its controls. */
export class Picture {
  #root;
  #latest;
  #onchange;
  #shown = null;
  #data = null;
  #width = 0;
  #canvas = element('canvas', { id: 'canvas', tabIndex: 0, role: 'img', 'aria-describedby': 'readout' });
  #stage = element('div', { className: 'stage' }, this.#canvas);
  #note = element('span', { className: 'note' });
  #all = element('button', { type: 'button', onclick: () => this.#showAll() }, 'Show all');
  #controls;
  #probe;

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
    this.#probe = new Probe(this.#canvas, {
      words: (cell) => this.#words(cell),
      zoom: (a, b) => this.#zoom(a, b),
      showAll: () => this.#showAll(),
    });
    root.append(this.#stage, element('div', { className: 'foot' }, this.#note, this.#all));
    new ResizeObserver(() => this.#resize()).observe(this.#stage);
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
    this.#controls.showLook(
      map,
      range === 'array' && !limits ? 'slice' : range,
      limits !== null,
      kind === TIME,
    );
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
    this.#forget();
  }

  hide() {
    this.leave();
    this.#clear();
    this.#root.hidden = true;
  }

  #forget() {
    this.#data = null;
    this.#probe.attach(null);
  }

  #clear() {
    this.#forget();
    this.#canvas.height = 0;
    this.#canvas.style.height = '0';
    this.#note.textContent = '';
    this.#all.hidden = true;
  }

  #pickAxis(side, axis) {
    const { view, dimensions } = this.#shown;
    view.draw(side, axis);
    this.#controls.showAxes(view, dimensions);
    this.#pick();
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

  /** What is drawn changes the height alone. */
  #resize() {
    if (this.#stage.clientWidth !== this.#width) this.#draw();
  }

  #draw() {
    this.#width = this.#stage.clientWidth;
    if (!this.#data || !this.#width) return;
    const { meta, dimensions, limits, kind, unit } = this.#shown;
    const { view, columns, rows, value, facts } = this.#data;
    const { map, range: wanted } = this.#controls;
    const range = rangeOf(wanted, limits, facts, map === 'diverging' && rows !== null);
    const name = longName(meta) || leaf(meta.name);
    const places = view.others.map((i) => `${dimensions[i].name} = ${dimensions[i].text(view.indices[i])}`);
    const title = [name, ...places].join(', ');
    const label = unit ? `${leaf(meta.name)} (${unit})` : leaf(meta.name);
    const picture = {
      title,
      label,
      kind,
      range,
      columns,
      rows,
      value,
      map,
      theme: theme(),
      isEqual: isEqual(columns, rows),
    };
    const height = Math.min(TALL.most, Math.max(TALL.least, innerHeight * TALL.share));
    const size = { width: this.#width, height, ratio: devicePixelRatio };
    const geometry = (rows ? drawField : drawLine)(this.#canvas, picture, size);
    this.#canvas.setAttribute(
      'aria-label',
      `${rows ? 'Heat map' : 'Line'}: ${title}. Arrow keys read values, + and - show less and all.`,
    );
    if (!Array.isArray(wanted)) this.#controls.showRange(range.map(rounded));
    this.#note.textContent = this.#describe();
    this.#all.hidden = view.parts.length === 0;
    this.#probe.attach(geometry);
  }

  #describe() {
    const { dimensions, kind, unit } = this.#shown;
    const { view, columns, rows, facts } = this.#data;
    const text = (value) => withUnit(kind.text(value), unit);
    const parts =
      facts.min === null
        ? ['no values']
        : [`${text(facts.min)} to ${text(facts.max)}`, `mean ${text(rounded(facts.mean))}`];
    parts.push(`${count(facts.missing)} of ${count(facts.all)} missing`);
    const steps = [rows, columns]
      .filter((axis) => axis && axis.step > 1)
      .map(({ step, name }) => `${name} in steps of ${step}`);
    const spans = view.parts.map(
      (i) => `${dimensions[i].name} ${view.spans[i].join(' to ')} of ${view.shape[i]}`,
    );
    return [...parts, ...steps, ...(spans.length ? spans : ['drag to zoom'])].join(' · ');
  }

  /** Draws the part between two elements. */
  #zoom(a, b) {
    const { view } = this.#shown;
    const { columns, rows } = this.#data;
    const pick = (axis, side, key) => {
      const [first, last] = [Math.min(a[key], b[key]), Math.max(a[key], b[key])];
      view.zoom(side, axis.index(first), axis.index(last) + axis.step);
    };
    pick(columns, view.x, 'column');
    if (rows) pick(rows, view.y, 'row');
    this.#pick();
  }

  #showAll() {
    if (!this.#shown.view.parts.length) return;
    this.#shown.view.showAll();
    this.#pick();
  }

  /** Asks for other elements than are drawn. */
  #pick() {
    this.#probe.attach(null);
    this.#onchange();
    this.#latest.replace((signal) => this.#load(signal));
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
}

const rounded = (value) => Number(value.toPrecision(5));

/** The answer to `view` by rows and columns; rows are null for a line. */
function arrange({ values, shape, step }, view, dimensions) {
  const isTurned = view.y !== null && view.y > view.x;
  const [x, y] = isTurned ? [0, 1] : [shape.length - 1, 0];
  const taken = (axis, k) => dimensions[axis].taken(view.spans[axis][0], shape[k], step[k]);
  const columns = taken(view.x, x);
  const rows = view.y === null ? null : taken(view.y, y);
  const width = shape[shape.length - 1];
  const value = isTurned
    ? (row, column) => values[column * width + row]
    : (row, column) => values[row * width + column];
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
