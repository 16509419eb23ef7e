/** An error that the page shows, with what to do about it. */
export class Failure extends Error {
  constructor(message, advice, mayPass = true) {
    super(message);
    this.advice = advice;
    this.mayPass = mayPass;
  }
}

async function get(path, signal) {
  let response;
  try {
    response = await fetch(path, { signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure(
      'The server does not answer.',
      'See whether “af serve” is still running, then try again.',
    );
  }
  if (!response.ok) {
    const answer = await response.json().catch(() => ({}));
    throw new Failure(
      answer.error ?? `The server answered ${response.status}.`,
      'Try again, or choose something else.',
    );
  }
  return response;
}

const json = async (path, signal) => (await get(path, signal)).json();
const inFile = (file, rest) => `api/files/${encodeURIComponent(file)}/${rest}`;
const ofArray = (array) => `array=${encodeURIComponent(array)}`;
const region = (parts) => `region=${encodeURIComponent(`[${parts.join(', ')}]`)}`;

export const files = (signal) => json('api/files', signal);
export const arrays = (file, signal) => json(inFile(file, 'arrays'), signal);
export const attributes = (file, signal) => json(inFile(file, 'attributes'), signal);
export const axes = (file, array, signal) => json(inFile(file, `axes?${ofArray(array)}`), signal);
export const values = (file, array, parts, signal) =>
  json(inFile(file, `values?${ofArray(array)}&${region(parts)}`), signal);

/** The numbers of a region that keeps one or two axes: {values, shape, step}. */
export async function plane(file, array, parts, size, signal) {
  const response = await get(inFile(file, `plane?${ofArray(array)}&${region(parts)}&size=${size}`), signal);
  const list = (header) => (response.headers.get(header) ?? '').split(',').map(Number);
  const [shape, step] = [list('X-Shape'), list('X-Step')];
  const buffer = await response.arrayBuffer();
  if (buffer.byteLength !== 8 * shape.reduce((a, b) => a * b, 1)) {
    throw new Failure('The answer of the server is incomplete.', 'Try again.');
  }
  return { values: new Float64Array(buffer), shape, step };
}

/** Runs one task at a time; `onend` hears the error of each that was not aborted, or null. */
export class Latest {
  #running = null;
  #next = null;
  #onend;

  constructor(onend) {
    this.#onend = onend;
  }

  get isBusy() {
    return this.#running !== null;
  }

  /** Runs a task after the one in flight; of those that wait, the newest alone is kept. */
  queue(task) {
    if (this.#running) this.#next = task;
    else this.#run(task);
  }

  /** Aborts what is in flight and runs a task at once. */
  replace(task) {
    this.stop();
    this.#run(task);
  }

  stop() {
    this.#running?.abort();
    this.#running = this.#next = null;
  }

  async #run(task) {
    const control = new AbortController();
    this.#running = control;
    let failure = null;
    try {
      await task(control.signal);
    } catch (error) {
      failure = error;
    }
    if (this.#running !== control) return;
    this.#onend(failure);
    this.#running = null;
    const next = this.#next;
    this.#next = null;
    if (next) this.#run(next);
  }
}
