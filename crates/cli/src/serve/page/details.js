/** What is told of a file and of an array, beside pictures. */

import { bounds, clockOf, isNumeric, leaf, longName, parent, unitOf } from './cf.js';
import { element } from './dom.js';
import { bytes, count, extents, many, number, withUnit } from './text.js';
import { NUMBER, TIME } from './scale.js';

/** Rows of a table of values at most. */
const ROWS = 100;

export function fileHead(file) {
  return [
    element('h1', {}, file.file),
    facts([
      ['Name', file.name],
      ['Commit', count(file.commit)],
      ['Arrays', count(file.arrays)],
      ['Size', bytes(file.bytes)],
    ]),
  ];
}

export const fileSummary = (file) =>
  `commit ${count(file.commit)} · ${many(file.arrays, 'array')} · ${bytes(file.bytes)}`;

export function arrayHead(meta) {
  const group = parent(meta.name);
  const heading = element(
    'h1',
    {},
    ...(group ? [element('span', { className: 'group' }, `${group}/`)] : []),
    leaf(meta.name),
  );
  const about = longName(meta);
  return [
    heading,
    ...(about ? [element('p', { className: 'about' }, about)] : []),
    facts([
      ['Type', meta.dtype],
      ['Shape', shape(meta)],
      ['Chunks', extents(meta.chunks)],
      ['Codec', meta.codec],
      ['Size', bytes(meta.bytes)],
      ['Stored', bytes(meta.stored)],
      ['Ratio', meta.stored ? (meta.bytes / meta.stored).toFixed(2) : '–'],
      ...range(meta),
      ['Missing', count(meta.nulls)],
      ['Fill', short(meta.fill)],
    ]),
  ];
}

function facts(pairs) {
  const list = element('dl', { className: 'facts' });
  for (const [term, what] of pairs) {
    list.append(element('div', {}, element('dt', {}, term), element('dd', {}, what ?? '–')));
  }
  return list;
}

/** A fill value; a number with many digits in its short form. */
function short(fill) {
  const isLong = fill !== null && fill.length > 16 && Number.isFinite(Number(fill));
  return isLong ? element('span', { title: fill }, number(Number(fill))) : fill;
}

function shape(meta) {
  if (!meta.shape.length) return 'scalar';
  const parts = meta.shape.flatMap((extent, i) => [
    i ? ' × ' : '',
    count(extent),
    element('span', { className: 'dimension' }, ` ${meta.dimensions[i] ?? ''}`),
  ]);
  return element('span', {}, ...parts);
}

function range(meta) {
  const limits = bounds(meta);
  if (!limits)
    return [
      ['Min', text(meta.min)],
      ['Max', text(meta.max)],
    ];
  const clock = clockOf(meta);
  const write = (value) => (clock ? TIME.text(clock(value)) : withUnit(NUMBER.text(value), unitOf(meta)));
  return [
    ['Min', write(limits[0])],
    ['Max', write(limits[1])],
  ];
}

/** A value of JSON as a text. */
function text(value) {
  if (typeof value === 'number') return number(value);
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '–' : JSON.stringify(value);
}

export function attributesTable(attributes) {
  const entries = Object.entries(attributes);
  const rows = entries.map(([key, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, key), element('td', {}, text(value))),
  );
  const what = rows.length
    ? element('table', { className: 'attributes' }, element('tbody', {}, ...rows))
    : element('p', { className: 'note' }, 'None.');
  return section('Attributes', what);
}

/** Where the same is a Zarr store, and how Python opens it. */
export function zarr(file, names, array) {
  const url = `${location.origin}/zarr/${encodeURIComponent(file)}`;
  const line = array === null ? openFile(url, names) : openArray(url, array);
  return section(
    'Open as Zarr',
    copyable(url, 'Copy the address'),
    copyable(line, 'Copy the line of Python'),
  );
}

function openFile(url, names) {
  if (!names.some((name) => name.includes('/'))) return `xarray.open_zarr(${quoted(url)}, consolidated=True)`;
  return `xarray.open_datatree(${quoted(url)}, engine="zarr", consolidated=True)`;
}

function openArray(url, array) {
  const group = parent(array) ? `group=${quoted(parent(array))}, ` : '';
  return `xarray.open_zarr(${quoted(url)}, ${group}consolidated=True)[${quoted(leaf(array))}]`;
}

/** Texts in JSON are texts in Python. */
const quoted = JSON.stringify;

function copyable(what, name) {
  const button = element('button', { type: 'button', className: 'copy', 'aria-label': name }, 'Copy');
  const code = element('code', {}, what);
  button.onclick = async () => {
    getSelection().selectAllChildren(code);
    const isCopied = await navigator.clipboard.writeText(what).then(
      () => true,
      () => document.execCommand('copy'),
    );
    button.textContent = isCopied ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  };
  return element('div', { className: 'copyable' }, code, button);
}

function section(title, ...children) {
  return element('section', {}, element('h2', {}, title), ...children);
}

/** A region with about the first hundred elements, in C order. */
export function firstElements(shape) {
  let room = ROWS;
  const parts = shape.map(() => '');
  for (let i = shape.length - 1; i >= 0; i--) {
    const taken = Math.min(shape[i], Math.max(1, room));
    parts[i] = `0:${taken}`;
    room = Math.ceil(room / Math.max(1, taken));
  }
  return parts;
}

/** Elements with their indices, the last axis fastest. */
export function valuesTable(meta, { shape, values }) {
  const all = meta.shape.reduce((a, b) => a * b, 1);
  if (all === 0) return section('Values', element('p', { className: 'note' }, 'The array has no elements.'));
  const rows = [...elements(values, shape.length)]
    .slice(0, ROWS)
    .map(([index, value]) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, `[${index.join(', ')}]`),
        element('td', {}, text(value)),
      ),
    );
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'Index'),
    element('th', { scope: 'col' }, 'Value'),
  );
  const table = element('table', { id: 'values' }, element('thead', {}, head), element('tbody', {}, ...rows));
  const rest = all - rows.length;
  return section(
    'Values',
    table,
    ...(rest ? [element('p', { className: 'note' }, `… ${count(rest)} more`)] : []),
  );
}

function* elements(values, rank, index = []) {
  if (index.length === rank) {
    yield [index, values];
    return;
  }
  for (const [i, inner] of values.entries()) yield* elements(inner, rank, [...index, i]);
}

/** Whether a picture can be drawn of it. */
export const isDrawable = (meta) =>
  meta.shape.length > 0 && meta.shape.every((extent) => extent > 0) && isNumeric(meta);
