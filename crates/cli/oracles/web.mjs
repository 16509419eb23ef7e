// `af serve` as browsers meet it: its Zarr store by zarrita, its page in Chromium.
//
//     NODE_MODULES=… node web.mjs AF WORK SCREENSHOT.png SOURCE…
//
// AF is the program; the SOURCEs are imported into a file in the folder WORK, which is served.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [af, work, screenshot, ...sources] = process.argv.slice(2);
// It has no entry for `require`, which alone looks elsewhere than beside this file.
const zarr = await import(pathToFileURL(path.join(process.env.NODE_MODULES, 'zarrita/dist/src/index.js')));

function run(...args) {
  return execFileSync(af, args, { encoding: 'utf8', maxBuffer: 1 << 30 });
}

/** Starts the server; its address, and what ends it. */
async function serve(file) {
  const stdio = ['ignore', 'pipe', 'inherit'];
  // The page shows the file as it is called here.
  const server = spawn(af, ['serve', '--port', '0', path.basename(file)], { cwd: path.dirname(file), stdio });
  for await (const line of createInterface({ input: server.stdout })) {
    return { url: line.split(/\s/)[0], end: () => server.kill() };
  }
  throw new Error('af serve ended');
}

/** All numbers of a file, by zarrita and by `af cat`. */
async function compare(file, url) {
  const root = await zarr.open(new zarr.FetchStore(`${url}/zarr/ocean`), { kind: 'group' });
  let [arrays, values] = [0, 0];
  for (const { name, shape } of JSON.parse(run('--json', 'ls', file))) {
    const array = await zarr.open(root.resolve(name), { kind: 'array' });
    const { data } = await zarr.get(array);
    const expected = JSON.parse(run('--json', 'cat', file, name)).values.flat(Infinity);
    if (array.shape.join() !== shape.join() || data.length !== expected.length) throw new Error(`${name}: ${array.shape}`);
    for (let i = 0; i < expected.length; i++) {
      const value = Number(expected[i]);
      const same = data instanceof Float32Array ? Math.fround(value) : value;
      if (!Object.is(data[i], same)) throw new Error(`${name}: element ${i} is ${data[i]}, not ${value}`);
    }
    arrays += 1;
    values += expected.length;
  }
  console.log(`zarrita: ${values} values of ${arrays} arrays are the same`);
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const file = path.join(work, 'ocean.af');
run('import', ...sources, file);
const { url, end } = await serve(file);
try {
  await compare(file, url);
  const page = path.join(path.dirname(fileURLToPath(import.meta.url)), 'page.mjs');
  execFileSync(process.execPath, [page, url, screenshot], { stdio: 'inherit' });
} finally {
  end();
}
