/**
 * How places on a canvas and elements of a picture, {row, column}, belong together.
 *
 * `across` and `down` are {axis, key}: which axis lies that way, and whether it counts columns or
 * rows; null where values lie.
 */
export class Geometry {
  #plot;
  #across;
  #down;

  constructor(plot, across, down) {
    this.#plot = plot;
    this.#across = across;
    this.#down = down;
  }

  locate(x, y) {
    return this.#plot.contains(x, y) ? this.nearest(x, y) : null;
  }

  nearest(x, y) {
    const { columnPlace, rowPlace } = this.#plot.clamp(x, y);
    return this.#cell(
      ({ axis }) => axis.element(columnPlace),
      ({ axis }) => axis.element(rowPlace),
    );
  }

  get middle() {
    const half = ({ axis }) => axis.count >> 1;
    return this.#cell(half, half);
  }

  /** The element beside another. */
  move(cell, right, down) {
    const moved = ({ axis, key }, by) => axis.clamp(cell[key] + (axis.isRising ? by : -by));
    return this.#cell(
      (side) => moved(side, right),
      (side) => moved(side, side.axis.isDown ? down : -down),
    );
  }

  /** Two elements with another between them, half as far apart as the picture is long. */
  around(cell) {
    return [-1, 1].map((sign) => {
      const far = ({ axis, key }) => axis.clamp(cell[key] + sign * Math.ceil(axis.count / 4));
      return this.#cell(far, far);
    });
  }

  /** The rectangle of an element. */
  outline(cell) {
    return this.area(cell, cell);
  }

  /** The rectangle from one element to another. */
  area(a, b) {
    const [plot, across, down] = [this.#plot, this.#across, this.#down];
    const edges = ({ axis, key }) => axis.edgesOf(Math.min(a[key], b[key]), Math.max(a[key], b[key]));
    return rectangle(
      across ? edges(across).map((place) => plot.x(place)) : [plot.left, plot.right],
      down ? edges(down).map((place) => plot.y(place)) : [plot.top, plot.bottom],
    );
  }

  #cell(across, down) {
    const cell = { row: 0, column: 0 };
    if (this.#across) cell[this.#across.key] = across(this.#across);
    if (this.#down) cell[this.#down.key] = down(this.#down);
    return cell;
  }
}

/** Along a line, an element is a point. */
export class LineGeometry extends Geometry {
  #plot;
  #point;

  constructor(plot, across, down, point) {
    super(plot, across, down);
    this.#plot = plot;
    this.#point = point;
  }

  outline({ column }) {
    const [x, y] = this.#point(column);
    const { left, right, top, bottom } = this.#plot;
    // Where there is no value, the place is marked all across.
    return rectangle(
      Number.isFinite(x) ? [x - 4, x + 4] : [left, right],
      Number.isFinite(y) ? [y - 4, y + 4] : [top, bottom],
    );
  }
}

function rectangle(across, down) {
  const [left, top] = [Math.min(...across), Math.min(...down)];
  return { left, top, width: Math.max(...across) - left, height: Math.max(...down) - top };
}
