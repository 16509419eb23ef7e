import { clockOf, coordinateOf, isNumeric } from './cf.js';
import { DEGREES, NUMBER, TIME } from './scale.js';
import { unit, withUnit } from './text.js';

/** A dimension of an array: where its elements are, if an array of numbers says so, else their indices. */
class Dimension {
  constructor(info, extent, coordinate) {
    const clock = coordinate && clockOf(coordinate);
    const [, name, units] = /^(.*) \((.*)\)$/s.exec(info.label) ?? [null, info.label, ''];
    this.extent = extent;
    this.isDown = info.is_down;
    this.hasPlaces = coordinate !== null && isNumeric(coordinate) && isMonotonic(info.places);
    this.places = this.hasPlaces ? info.places : null;
    this.name = name || 'index';
    this.unit = this.hasPlaces && !clock ? unit(units) : '';
    this.kind = this.unit.startsWith('°') && this.unit !== '°C' ? DEGREES : NUMBER;
    if (this.hasPlaces && clock) {
      this.places = this.places.map(clock);
      this.kind = TIME;
    }
  }

  get label() {
    if (this.unit) return `${this.name} (${this.unit})`;
    return this.hasPlaces ? this.name : `${this.name} (index)`;
  }

  place(i) {
    return this.places ? this.places[i] : i;
  }

  text(i) {
    return withUnit(this.kind.text(this.place(i)), this.unit);
  }

  /** Elements that were taken of it: every `step`th, beginning with `from`. */
  taken(from, count, step) {
    return new Axis(this, from, count, step);
  }
}

export const dimensions = (infos, meta, byName) =>
  infos.map((info, i) => new Dimension(info, meta.shape[i], coordinateOf(byName, meta, i)));

/** What a side of a picture reaches over: `label`, `kind` and `isDown`, from `low` to `high`. */
export class Span {
  constructor({ label, kind, isDown }, low, high) {
    Object.assign(this, { label, kind, isDown, low, high });
  }

  fraction(place) {
    return (place - this.low) / (this.high - this.low);
  }

  at(fraction) {
    return this.low + fraction * (this.high - this.low);
  }

  ticks(most) {
    return this.kind.ticks(this.low, this.high, Math.max(1, most));
  }
}

/** A side with elements, and the borders halfway between them. */
class Axis extends Span {
  constructor(dimension, from, count, step) {
    const places = Array.from({ length: count }, (_, i) => dimension.place(from + i * step));
    const edges = borders(places, dimension.hasPlaces ? 1 : step);
    const [low, high] = [edges[0], edges[count]].sort((a, b) => a - b);
    super(dimension, low, high);
    Object.assign(this, { dimension, from, count, step, places, edges, isRising: edges[count] > edges[0] });
  }

  get name() {
    return this.dimension.name;
  }

  get hasPlaces() {
    return this.dimension.hasPlaces;
  }

  index(i) {
    return this.from + i * this.step;
  }

  text(i) {
    return this.dimension.text(this.index(i));
  }

  clamp(i) {
    return Math.max(0, Math.min(this.count - 1, i));
  }

  /** The borders of the elements from one to another. */
  edgesOf(first, last) {
    return [this.edges[first], this.edges[last + 1]];
  }

  /** Which element a place between `low` and `high` belongs to. */
  element(place) {
    let [from, to] = [0, this.count - 1];
    while (from < to) {
      const middle = (from + to + 1) >> 1;
      if (place >= this.edges[middle] === this.isRising) from = middle;
      else to = middle - 1;
    }
    return from;
  }
}

function borders(places, width) {
  const n = places.length;
  const between = (i) => (places[i - 1] + places[i]) / 2;
  const edges = Array.from({ length: n + 1 }, (_, i) => (i > 0 && i < n ? between(i) : 0));
  edges[0] = n > 1 ? 2 * places[0] - edges[1] : places[0] - width / 2;
  edges[n] = n > 1 ? 2 * places[n - 1] - edges[n - 1] : places[0] + width / 2;
  return edges;
}

function isMonotonic(places) {
  if (!places || !places.every((place) => Number.isFinite(place))) return false;
  const isRising = places[1] > places[0];
  return places.every((place, i) => i === 0 || (isRising ? place > places[i - 1] : place < places[i - 1]));
}
