import * as api from './api.js';
import { dimensions } from './axis.js';
import { leaf } from './cf.js';
import { isMap, MAPS } from './colors.js';
import * as details from './details.js';
import { element } from './dom.js';
import { Picture } from './picture.js';
import { Tree } from './tree.js';
import { View } from './view.js';

const HASH_MS = 300;
const FIRST_MAP = MAPS[0][0];

const at = (id) => document.getElementById(id);
const loading = new api.Latest(showError);
const drawing = new api.Latest(showError);
const picture = new Picture(at('picture'), drawing, keepState);
const tree = new Tree(at('tree'), at('matches'), choose);

let files = null;
/** The file that is open, its arrays by name, and which of them is shown. */
let file = null;
let arrays = new Map();
let shown = null;
let writing = null;

function readHash() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const map = parts.get('map');
  return {
    file: parts.get('file'),
    array: parts.get('array'),
    at: parts.get('at'),
    map: isMap(map) ? map : FIRST_MAP,
    range: readRange(parts.get('range') ?? ''),
  };
}

function readRange(text) {
  const numbers = text.split(',').map(Number);
  if (numbers.length === 2 && numbers[0] < numbers[1]) return numbers;
  return text === 'array' ? text : 'slice';
}

function hashOf({ file, array = null, at = null, map = FIRST_MAP, range = 'slice' }) {
  const parts = new URLSearchParams({ file });
  if (array !== null) parts.set('array', array);
  if (at !== null) parts.set('at', at);
  if (map !== FIRST_MAP) parts.set('map', map);
  if (range !== 'slice') parts.set('range', range);
  return `#${parts}`.replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':');
}

function go(state) {
  clearTimeout(writing);
  location.hash = hashOf(state);
}

/** Puts what is drawn into the address; not at once, as browsers limit how often. */
function keepState() {
  clearTimeout(writing);
  writing = setTimeout(() => {
    history.replaceState(null, '', hashOf({ file: file.name, array: shown.name, ...picture.state }));
  }, HASH_MS);
}

/** Goes to an array; on the same grid the same place stays shown. */
function choose(name) {
  const grid = ({ shape, dimensions }) => JSON.stringify([shape, dimensions]);
  const isSame = shown && details.isDrawable(shown) && grid(shown) === grid(arrays.get(name));
  const { at, map } = picture.state;
  go({ file: file.name, array: name, at: isSame ? at : null, map });
}

function navigate() {
  clearTimeout(writing);
  drawing.stop();
  loading.replace(show);
}

async function show(signal) {
  const wanted = readHash();
  if (!files) fillFiles(await api.files(signal));
  const found = files.find(({ name }) => name === wanted.file);
  await openFile(found ?? files[0], signal);
  const meta = arrays.get(wanted.array) ?? null;
  shown = meta;
  tree.pick(meta?.name ?? null);
  document.title = [...(meta ? [leaf(meta.name)] : []), file.name, 'af'].join(' · ');
  if (meta) await showArray(meta, wanted, signal);
  else await showFile(signal);
  if (wanted.file !== null && !found)
    throw new api.Failure(`There is no file “${wanted.file}”.`, 'This is another one.', false);
  if (wanted.array !== null && !meta) {
    throw new api.Failure(
      `There is no array “${wanted.array}” in ${file.file}.`,
      'Choose one from the list.',
      false,
    );
  }
}

async function openFile(wanted, signal) {
  if (wanted === file) return;
  at('matches').textContent = 'Loading …';
  const list = await api.arrays(wanted.name, signal);
  file = wanted;
  arrays = new Map(list.map((meta) => [meta.name, meta]));
  at('file').value = file.name;
  at('home').textContent = files.length > 1 ? 'Overview' : file.file;
  at('home').href = hashOf({ file: file.name });
  at('summary').textContent = details.fileSummary(file);
  at('filter').value = '';
  tree.load(list);
}

async function showFile(signal) {
  picture.hide();
  at('head').replaceChildren(...details.fileHead(file));
  at('zarr').replaceChildren(details.zarr(file.name, [...arrays.keys()], null));
  at('details').replaceChildren();
  at('details').append(details.attributesTable(await api.attributes(file.name, signal)));
}

async function showArray(meta, wanted, signal) {
  at('head').replaceChildren(...details.arrayHead(meta));
  at('zarr').replaceChildren(details.zarr(file.name, [...arrays.keys()], meta.name));
  at('details').replaceChildren(details.attributesTable(meta.attributes));
  at('main').scrollTop = 0;
  if (details.isDrawable(meta)) await showPicture(meta, wanted, signal);
  else await showValues(meta, signal);
}

async function showPicture(meta, wanted, signal) {
  picture.leave();
  const infos = await axesOf(meta, signal);
  picture.show({
    file: file.name,
    meta,
    dimensions: dimensions(infos, meta, arrays),
    view: View.parse(wanted.at ?? '', meta.shape) ?? View.first(meta.shape),
    map: wanted.map,
    range: wanted.range,
  });
}

async function axesOf(meta, signal) {
  try {
    return await api.axes(file.name, meta.name, signal);
  } catch (error) {
    if (!signal.aborted) picture.hide();
    throw error;
  }
}

async function showValues(meta, signal) {
  picture.hide();
  const answer = await api.values(file.name, meta.name, details.firstElements(meta.shape), signal);
  at('details').prepend(details.valuesTable(meta, answer));
}

/** Says in a line what went wrong and what to do; null takes the line away. */
function showError(error) {
  const line = at('error');
  line.hidden = error === null;
  if (error === null) return;
  if (!(error instanceof api.Failure)) console.error(error);
  const again = element(
    'button',
    { type: 'button', onclick: navigate, hidden: error.mayPass === false },
    'Try again',
  );
  line.replaceChildren(
    element('strong', {}, error.message),
    ` ${error.advice ?? 'Reload the page.'} `,
    again,
  );
}

function fillFiles(list) {
  files = list;
  at('file').replaceChildren(...files.map(({ name, file }) => element('option', { value: name }, file)));
  at('file').hidden = files.length < 2;
}

at('file').addEventListener('change', () => go({ file: at('file').value }));
at('filter').addEventListener('input', () => tree.filter(at('filter').value));
at('filter').addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown') at('tree').focus();
});
addEventListener('hashchange', navigate);
navigate();
