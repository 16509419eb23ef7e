import { element } from './dom.js';

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Pixels that a pointer moves at least before it picks a part. */
const LEAST = 6;
const GAP = 12;

/** Reads values off a picture and picks parts of it, with a pointer or with keys. */
export class Probe {
  #canvas;
  #on;
  #drawn = null;
  #cell = null;
  #start = null;
  #mark = element('div', { className: 'mark', hidden: true });
  #part = element('div', { className: 'part', hidden: true });
  #readout = element('div', { id: 'readout', 'aria-live': 'polite', hidden: true });

  /** `on` has words(cell), for what is said of it, zoom(cell, cell) and showAll(). */
  constructor(canvas, on) {
    this.#canvas = canvas;
    this.#on = on;
    canvas.after(this.#part, this.#mark, this.#readout);
    const listen = (kind, listener) => canvas.addEventListener(kind, listener);
    listen('pointerdown', (event) => this.#press(event));
    listen('pointermove', (event) => this.#move(event));
    listen('pointerup', (event) => this.#release(event));
    listen('pointercancel', () => this.#drop());
    listen('pointerleave', () => this.#show(null));
    listen('blur', () => this.#show(null));
    listen('dblclick', () => on.showAll());
    listen('keydown', (event) => this.#key(event));
  }

  /** Takes what `drawField` or `drawLine` gave; null takes all marks away. */
  attach(drawn) {
    this.#drop();
    this.#drawn = drawn;
    this.#show(drawn && this.#cell);
  }

  #at(event) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  #press(event) {
    const at = this.#at(event);
    this.#show(this.#drawn?.locate(...at) ?? null);
    // Fingers scroll.
    if (!this.#cell || event.button !== 0 || event.pointerType === 'touch') return;
    this.#start = { at, cell: this.#cell };
    this.#canvas.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const at = this.#at(event);
    const end = this.#end(at);
    this.#show(end ? null : (this.#drawn?.locate(...at) ?? null));
    this.#part.hidden = !end;
    if (end) place(this.#part, this.#drawn.area(this.#start.cell, end));
  }

  #release(event) {
    const [start, end] = [this.#start, this.#end(this.#at(event))];
    this.#drop();
    if (end) this.#on.zoom(start.cell, end);
  }

  /** The element up to which a part is picked, or null where none is. */
  #end([x, y]) {
    if (!this.#start || !this.#drawn) return null;
    const [left, top] = this.#start.at;
    return Math.max(Math.abs(x - left), Math.abs(y - top)) < LEAST ? null : this.#drawn.nearest(x, y);
  }

  #drop() {
    this.#start = null;
    this.#part.hidden = true;
  }

  #key(event) {
    if (!this.#drawn || event.ctrlKey || event.altKey || event.metaKey) return;
    const isMove = Object.hasOwn(MOVES, event.key);
    if (isMove)
      this.#show(this.#cell ? this.#drawn.move(this.#cell, ...MOVES[event.key]) : this.#drawn.middle);
    else if (event.key === '+') this.#on.zoom(...this.#drawn.around(this.#cell ?? this.#drawn.middle));
    else if (event.key === '-') this.#on.showAll();
    else if (event.key === 'Escape') this.#drop();
    else return;
    event.preventDefault();
  }

  #show(cell) {
    this.#cell = cell;
    this.#readout.hidden = this.#mark.hidden = !cell;
    if (!cell) return;
    const outline = this.#drawn.outline(cell);
    place(this.#mark, outline);
    this.#readout.replaceChildren(...this.#on.words(cell));
    this.#placeReadout(outline);
  }

  /** Beside the element, on the side where there is room. */
  #placeReadout({ left, top, width, height }) {
    const [right, bottom] = [left + width + GAP, top + height + GAP];
    const { offsetWidth, offsetHeight } = this.#readout;
    const { clientWidth, clientHeight } = this.#canvas;
    place(this.#readout, {
      left: Math.max(0, right + offsetWidth < clientWidth ? right : left - GAP - offsetWidth),
      top: Math.max(0, bottom + offsetHeight < clientHeight ? bottom : top - GAP - offsetHeight),
    });
  }
}

function place(box, rectangle) {
  for (const [side, length] of Object.entries(rectangle)) box.style[side] = `${length}px`;
}
