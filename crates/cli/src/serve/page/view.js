/** Elements that the server reads for a picture at most. */
const MOST = 1e8;

/** What of an array is drawn: which axes, from where to where, and where along the others. */
export class View {
  constructor(shape, x, y) {
    Object.assign(this, { shape, x, y, indices: shape.map(() => 0) });
    this.showAll();
  }

  /** The last two axes, or the last one, that have more than one element. */
  static first(shape) {
    const all = shape.map((_, i) => i);
    const long = all.filter((i) => shape[i] > 1);
    const [x, y = null] = (long.length ? long : all).slice(-2).reverse();
    return new View(shape, x, y);
  }

  /** Reads what `text` wrote; null where it does not fit the shape. */
  static parse(text, shape) {
    const parts = text.split(',').map((part) => /^(?:(\d+)|([xy])(?:(\d+):(\d+))?)$/.exec(part));
    if (parts.length !== shape.length || parts.includes(null)) return null;
    const along = (side) => parts.flatMap((part, i) => (part[2] === side ? [i] : []));
    const [[x, ...moreX], [y = null, ...moreY]] = [along('x'), along('y')];
    if (x === undefined || moreX.length || moreY.length) return null;
    const view = new View(shape, x, y);
    for (const [i, [, index = 0, , from, to]] of parts.entries()) {
      if (Number(index) >= shape[i] || Number(to) > shape[i] || Number(from) >= Number(to)) return null;
      view.indices[i] = Number(index);
      if (to) view.spans[i] = [Number(from), Number(to)];
    }
    view.#limit();
    return view;
  }

  copy() {
    const { shape, x, y } = this;
    return Object.assign(new View(shape, x, y), { indices: [...this.indices], spans: [...this.spans] });
  }

  /** As `5,0,y,x`, or `5,0,y10:20,x`. */
  get text() {
    return this.#parts(`x${this.#slice(this.x)}`, `y${this.#slice(this.y)}`).join(',');
  }

  get region() {
    return this.#parts(this.#slice(this.x) || ':', this.#slice(this.y) || ':');
  }

  /** The axes that are not drawn. */
  get others() {
    return this.shape.map((_, i) => i).filter((i) => !this.#drawn.includes(i));
  }

  /** The axes that are not drawn from end to end. */
  get parts() {
    return this.#drawn.filter((axis) => this.#slice(axis));
  }

  /** The index of an element of the picture, given those along the axes drawn. */
  element(row, column) {
    return this.#parts(column, row);
  }

  /** Draws another axis, or none upward; one that is drawn already gives way. */
  draw(side, axis) {
    const other = side === 'x' ? 'y' : 'x';
    if (this[other] === axis) this[other] = this[side] ?? this.shape.findLastIndex((_, i) => i !== axis);
    this[side] = axis;
    this.showAll();
  }

  zoom(axis, from, to) {
    this.spans[axis] = [Math.max(0, from), Math.min(this.shape[axis], to)];
  }

  showAll() {
    this.spans = this.shape.map((extent) => [0, extent]);
    this.#limit();
  }

  get #drawn() {
    return [this.x, this.y].filter((axis) => axis !== null);
  }

  #parts(x, y) {
    return this.indices.map((index, i) => (i === this.x ? x : i === this.y ? y : index));
  }

  #slice(axis) {
    const [from, to] = this.spans[axis] ?? [];
    return from > 0 || to < this.shape[axis] ? `${from}:${to}` : '';
  }

  /** Shortens what is drawn to what the server reads, the longer axis first. */
  #limit() {
    const length = (axis) => this.spans[axis][1] - this.spans[axis][0];
    let room = MOST;
    for (const [i, axis] of this.#drawn.sort((a, b) => length(a) - length(b)).entries()) {
      const share = Math.floor(room ** (1 / (this.#drawn.length - i)));
      const from = this.spans[axis][0];
      this.spans[axis] = [from, from + Math.min(length(axis), share)];
      room /= length(axis);
    }
  }
}
