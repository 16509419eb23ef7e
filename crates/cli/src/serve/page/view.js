/** What of an array is drawn: which axes, and where along the others. */

export class View {
  constructor(shape, x, y, indices) {
    Object.assign(this, { shape, x, y, indices });
  }

  /** The last two axes, or the last one, that have more than one element. */
  static first(shape) {
    const all = shape.map((_, i) => i);
    const long = all.filter((i) => shape[i] > 1);
    const [x, y = null] = (long.length ? long : all).slice(-2).reverse();
    return new View(shape, x, y, shape.map(() => 0));
  }

  /** Reads what `text` wrote; null where it does not fit the shape. */
  static parse(text, shape) {
    const parts = text.split(',');
    const isGood = (part, i) => part === 'x' || part === 'y' || (/^\d+$/.test(part) && Number(part) < shape[i]);
    const times = (what) => parts.filter((part) => part === what).length;
    if (parts.length !== shape.length || !parts.every(isGood) || times('x') !== 1 || times('y') > 1) return null;
    const y = parts.indexOf('y');
    return new View(shape, parts.indexOf('x'), y < 0 ? null : y, parts.map((part) => Number(part) || 0));
  }

  copy() {
    return new View(this.shape, this.x, this.y, [...this.indices]);
  }

  /** As `5,0,y,x`. */
  get text() {
    return this.#parts('x', 'y').join(',');
  }

  get region() {
    return this.#parts(':', ':');
  }

  /** The axes that are not drawn. */
  get others() {
    return this.shape.map((_, i) => i).filter((i) => i !== this.x && i !== this.y);
  }

  /** The index of an element of the picture, given those along the axes drawn. */
  element(row, column) {
    return this.#parts(column, row);
  }

  /** Draws another axis; one that is drawn already changes place with it. */
  draw(side, axis) {
    const other = side === 'x' ? 'y' : 'x';
    if (this[other] === axis) this[other] = this[side];
    this[side] = axis;
  }

  #parts(x, y) {
    return this.indices.map((index, i) => (i === this.x ? x : i === this.y ? y : index));
  }
}
