// The page of `af serve` in a browser.
//
//     NODE_MODULES=… node page.mjs BASE_URL SCREENSHOT.png
//
// The server's first file has an array of float32 of rank 3 or more, and one of floats of rank 1.
// Ends with 1, and a line that says why, when the page does not do what it should.

import { createRequire } from 'node:module';

const puppeteer = createRequire(`${process.env.NODE_MODULES}/`)('puppeteer-core');

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const LEAST_COLOURS = 20;
const PROBES = 12;

function check(isTrue, what) {
  if (!isTrue) throw new Error(what);
}

/** Notes what goes wrong in a page without any check asking for it. */
function watch(page, origin) {
  const wrong = [];
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(`console: ${message.text()} ${message.location().url ?? ''}`);
  });
  page.on('pageerror', (error) => wrong.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) wrong.push(`request to another origin: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`status ${response.status()}: ${response.url()}`);
  });
  // What is no longer wanted is aborted on purpose.
  page.on('requestfailed', (request) => {
    const error = request.failure()?.errorText;
    if (error !== 'net::ERR_ABORTED') wrong.push(`request failed with ${error}: ${request.url()}`);
  });
  return wrong;
}

/** Counts how many requests for planes are in flight. */
function countPlanes(page) {
  const planes = { now: 0, most: 0 };
  const isPlane = (request) => request.url().includes('/plane?');
  const end = (request) => isPlane(request) && planes.now--;
  page.on('request', (request) => isPlane(request) && (planes.most = Math.max(planes.most, ++planes.now)));
  page.on('requestfinished', end);
  page.on('requestfailed', end);
  return planes;
}

async function get(url) {
  const response = await fetch(url);
  check(response.ok, `${url} answers ${response.status}`);
  return response;
}

/** The API of a file, asked without the browser. */
class File {
  constructor(base, name) {
    this.name = name;
    this.path = `${base}api/files/${encodeURIComponent(name)}`;
    this.zarr = `${base}zarr/${encodeURIComponent(name)}`;
  }

  async arrays() {
    return (await get(`${this.path}/arrays`)).json();
  }

  async axes(array) {
    return (await get(`${this.path}/axes?array=${encodeURIComponent(array)}`)).json();
  }

  async plane(array, region) {
    const query = `array=${encodeURIComponent(array)}&region=${encodeURIComponent(`[${region}]`)}&size=1200`;
    const response = await get(`${this.path}/plane?${query}`);
    const shape = response.headers.get('x-shape').split(',').map(Number);
    return { shape, values: new Float64Array(await response.arrayBuffer()) };
  }
}

async function until(page, what, condition, ...given) {
  await page.waitForFunction(condition, { timeout: 15000 }, ...given).catch(() => check(false, what));
}

/** Whether the page shows the picture of an array. */
const isDrawn = (name) => {
  const canvas = document.querySelector('#canvas');
  const isDone = canvas?.height > 100 && !canvas.closest('[hidden], [aria-busy=true]');
  return isDone && document.querySelector('h1').textContent === name;
};

async function goBackTo(page, name) {
  await page.goBack();
  await until(page, `going back does not draw ${name}`, isDrawn, name);
}

const pixels = (page) => page.$eval('#canvas', (canvas) => canvas.toDataURL());

const hashOf = (page) => page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('at'));

/** How many colours a part of the picture has, without what is around it. */
const colours = (page) =>
  page.$eval('#canvas', (canvas) => {
    const [width, height] = [canvas.width, canvas.height].map((side) => Math.round(side / 4));
    const { data } = canvas.getContext('2d').getImageData(width / 2, height, width, 2 * height);
    return new Set(new Uint32Array(data.buffer)).size;
  });

/** Opens all groups, and gives the full names of the arrays that the tree lists from top to bottom. */
const listed = (page) =>
  page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const tree = document.querySelector('#tree');
    const closed = () => tree.querySelector('[aria-expanded=false] .twisty');
    const names = new Set();
    for (let top = 0; ; top += tree.clientHeight / 2) {
      tree.scrollTop = top;
      await frame();
      while (closed()) closed().click();
      for (const row of tree.querySelectorAll('[role=treeitem].array')) names.add(row.title);
      if (top + tree.clientHeight >= tree.scrollHeight) break;
    }
    tree.scrollTop = 0;
    return [...names];
  });

async function choose(page, name) {
  await page.$eval('#filter', (filter) => (filter.value = ''));
  await page.type('#filter', name);
  await until(
    page,
    `the tree does not list ${name}`,
    (name) => document.querySelector(`[role=treeitem][title=${CSS.escape(name)}]`),
    name,
  );
  await page.click(`[role=treeitem][title="${name}"] .name`);
  await until(page, `${name} is not drawn`, isDrawn, name);
}

async function filterBy(page, text) {
  await page.click('#filter', { count: 3 });
  await page.keyboard.press('Backspace');
  await page.type('#filter', text);
}

/** What hovering over a part of the canvas says, and the colour there; null beside the plot. */
async function probe(page, across, down) {
  const box = await (await page.$('#canvas')).boundingBox();
  const [x, y] = [Math.floor(box.width * across), Math.floor(box.height * down)];
  await page.mouse.move(box.x + x + 0.5, box.y + y + 0.5);
  return page.evaluate(
    (x, y) => {
      const readout = document.querySelector('#readout');
      if (readout.hidden) return null;
      const canvas = document.querySelector('#canvas');
      const [red, green, blue] = canvas.getContext('2d').getImageData(x, y, 1, 1).data;
      const text = readout.querySelector('.value').textContent;
      return {
        value: text === 'no value' ? null : parseFloat(text),
        index: JSON.parse(readout.querySelector('.index').textContent),
        lightness: 0.2126 * red + 0.7152 * green + 0.0722 * blue,
        isGrey: Math.max(red, green, blue) - Math.min(red, green, blue) < 25,
      };
    },
    x,
    y,
  );
}

const isSame = (said, value) =>
  said === null ? Number.isNaN(value) : Math.abs(said - value) <= 1e-6 * Math.abs(value);

/** Compares what hovering says with the API, and colours with values. */
async function checkProbes(page, file, array) {
  const at = (await hashOf(page)).split(',');
  const region = at.map((part) => (/^[xy]/.test(part) ? ':' : part));
  const [x, y] = ['x', 'y'].map((side) => at.findIndex((part) => part.startsWith(side)));
  const { shape, values } = await file.plane(array.name, region);
  const axes = await file.axes(array.name);
  const places = (axis, i) => axes[axis].places?.[i] ?? i;
  const probes = [];
  for (let i = 0; i < PROBES * PROBES; i++) {
    const [across, down] = [(i % PROBES) + 0.5, Math.floor(i / PROBES) + 0.5].map((n) => n / PROBES);
    const found = await probe(page, across, down);
    if (!found) continue;
    const wanted =
      values[y < x ? found.index[y] * shape[1] + found.index[x] : found.index[x] * shape[1] + found.index[y]];
    check(
      region.every((part, k) => part === ':' || Number(part) === found.index[k]),
      `hovering says [${found.index}] for ${at}`,
    );
    check(
      isSame(found.value, wanted),
      `hovering over [${found.index}] says ${found.value}; the API, ${wanted}`,
    );
    check(
      found.isGrey === (found.value === null),
      `the colour at [${found.index}] is not that of ${found.value}`,
    );
    probes.push({ ...found, across, down });
  }
  check(probes.length > PROBES, 'hovering says nothing');
  checkOrder(probes, 'across', (probe) => places(x, probe.index[x]), 1, 'from left to right');
  checkOrder(
    probes,
    'down',
    (probe) => places(y, probe.index[y]),
    axes[y].is_down ? 1 : -1,
    'from top to bottom',
  );
  const valued = probes.filter(({ value }) => value !== null).sort((a, b) => a.value - b.value);
  check(valued.length > 10, 'too few values are hovered over');
  for (const [i, { lightness, value }] of valued.entries()) {
    check(
      i === 0 || lightness > valued[i - 1].lightness - 1,
      `the colour of ${value} is darker than that of ${valued[i - 1]?.value}`,
    );
  }
  return valued[valued.length >> 1];
}

/** Whether places run the right way along a side of the canvas. */
function checkOrder(probes, side, place, sign, words) {
  const sorted = [...probes].sort((a, b) => a[side] - b[side]);
  for (const [i, probe] of sorted.entries()) {
    check(
      i === 0 || sign * (place(probe) - place(sorted[i - 1])) >= 0,
      `coordinates do not run ${words} as they should`,
    );
  }
  check(place(sorted[0]) !== place(sorted.at(-1)), `coordinates are all the same ${words}`);
}

async function checkSlider(page, planes, name) {
  const [picture, hash] = [await pixels(page), await hashOf(page)];
  await page.focus('.slider input:enabled');
  const last = await page.$eval('.slider input:enabled', (slider) => Number(slider.max));
  for (let i = 0; i < Math.min(3, last); i++) await page.keyboard.press('ArrowRight');
  await until(
    page,
    'moving the slider does not change the address',
    (hash) => new URLSearchParams(location.hash.slice(1)).get('at') !== hash,
    hash,
  );
  await until(
    page,
    'moving the slider does not change the picture',
    (picture) => document.querySelector('#canvas').toDataURL() !== picture,
    picture,
  );
  await until(page, 'the picture stays busy', isDrawn, name);
  check(planes.most === 1, `${planes.most} planes are asked for at the same time`);
}

/** Compares a line with the API, and says where Zarr clients find the file. */
async function checkLine(page, file, array) {
  await choose(page, array.name);
  const { values } = await file.plane(array.name, [':']);
  const found = await probe(page, 0.6, 0.4);
  check(found && isSame(found.value, values[found.index[0]]), `hovering over a line says ${found?.value}`);
  const zarr = await page.$eval('#zarr', ({ textContent }) => textContent);
  check(zarr.includes(file.zarr), 'the page does not say where the Zarr store is');
}

/** Picks a part of the picture, and goes back to all of it. */
async function checkZoom(page, file, array) {
  const [picture, hash] = [await pixels(page), await hashOf(page)];
  const { x, y, width, height } = await (await page.$('#canvas')).boundingBox();
  await page.mouse.move(x + width * 0.2, y + height * 0.3);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.3, y + height * 0.5);
  await page.mouse.move(x + width * 0.4, y + height * 0.6);
  await page.mouse.up();
  await until(page, 'dragging does not pick a part', () => /y\d+:\d+,x\d+:\d+/.test(location.hash));
  await until(page, 'the part is not drawn', isDrawn, array.name);
  check((await pixels(page)) !== picture, 'the part looks like all');
  await checkProbes(page, file, array);
  await page.mouse.click(x + width * 0.3, y + height * 0.5, { count: 2 });
  await until(page, 'a double click does not show all', () => !/:/.test(location.hash));
  await until(page, 'all is not drawn again', isDrawn, array.name);
  check((await hashOf(page)) === hash, 'the address is another after a part was shown');
  check((await pixels(page)) === picture, 'the picture is another after a part was shown');
}

async function checkReload(page, middle, name) {
  const [picture, hash] = [await pixels(page), await hashOf(page)];
  await page.mouse.move(0, 0);
  await page.reload({ waitUntil: 'networkidle0' });
  await until(page, 'after a reload, nothing is drawn', isDrawn, name);
  check((await hashOf(page)) === hash, 'after a reload, the address is another');
  check((await pixels(page)) === picture, 'after a reload, the picture is another');
  const again = await probe(page, middle.across, middle.down);
  check(again?.value === middle.value, `after a reload, hovering says ${again?.value}, not ${middle.value}`);
}

async function checkFilter(page, arrays) {
  const word = arrays.at(-1).name.split('/').at(-1).toLowerCase();
  const wanted = arrays.filter(({ name }) => name.toLowerCase().includes(word)).length;
  const rows = () => page.$$eval('[role=treeitem]', (rows) => rows.map((row) => row.title.toLowerCase()));
  await filterBy(page, word);
  const shown = await page.$eval('#matches', (matches) => matches.textContent);
  check(
    shown.startsWith(`${wanted.toLocaleString('en-US')} of `),
    `filtering by ${word} finds ${shown}, not ${wanted}`,
  );
  check(
    (await rows()).every((name) => name.includes(word)),
    `filtering by ${word} lists others`,
  );
  await filterBy(page, 'no array has this name');
  check((await rows()).length === 0, 'filtering by nonsense lists arrays');
  await filterBy(page, '');
  check((await rows()).length > 0, 'without a filter, nothing is listed');
}

async function checkWrongName(page, base, file) {
  await page.goto(`${base}#${new URLSearchParams({ file, array: 'no <b>such</b> array' })}`);
  await until(page, 'a wrong name shows no error', () => {
    const line = document.querySelector('#error');
    return line.checkVisibility() && line.textContent.includes('no <b>such</b> array');
  });
}

async function run(page, base, screenshot) {
  const wrong = watch(page, new URL(base).origin);
  const planes = countPlanes(page);
  const checkQuiet = (when) => check(wrong.length === 0, `${when}: ${wrong.join('; ')}`);

  const [{ name }] = await (await get(`${base}api/files`)).json();
  const file = new File(base, name);
  const arrays = await file.arrays();
  const array = arrays.find(({ dtype, shape }) => /^f(loat)?32$/.test(dtype) && shape.length >= 3);
  check(array, 'the file has no array of float32 of rank 3 or more');
  const line = arrays.find(
    ({ dtype, shape }) => /^f(loat)?\d+$/.test(dtype) && shape.length === 1 && shape[0] > 1,
  );
  check(line, 'the file has no array of floats of rank 1');

  await page.goto(base, { waitUntil: 'networkidle0' });
  checkQuiet('when the page opens');
  const names = await listed(page);
  check(
    arrays.every(({ name }) => names.includes(name)),
    `the tree lists ${names.length} of ${arrays.length} arrays`,
  );

  await choose(page, array.name);
  await filterBy(page, '');
  const many = await colours(page);
  check(many >= LEAST_COLOURS, `the picture has ${many} colours`);
  await checkSlider(page, planes, array.name);
  const middle = await checkProbes(page, file, array);
  await checkZoom(page, file, array);
  checkQuiet('when an array is shown');
  await checkReload(page, middle, array.name);
  await checkLine(page, file, line);
  await goBackTo(page, array.name);
  await checkFilter(page, arrays);
  await checkWrongName(page, base, name);
  await goBackTo(page, array.name);
  check(await page.$eval('#error', (line) => line.hidden), 'going back leaves the error');
  checkQuiet('at the end');
  await page.$eval('#filter', (filter) => filter.blur());
  await probe(page, middle.across, middle.down);
  await page.screenshot({ path: screenshot });
}

const [, , base, screenshot] = process.argv;
const browser = await puppeteer.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--headless=new'],
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1400, height: 900 });
  await run(page, new URL(base).href, screenshot);
  console.log('the page does what it should');
} catch (error) {
  console.error(`page.mjs: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
