import { MAPS } from './colors.js';
import { choice, element, labelled } from './dom.js';
import { count } from './text.js';

const STEP_MS = 300;
const RANGES = [
  ['slice', 'This slice'],
  ['array', 'Whole array'],
  ['typed', 'Typed'],
];

/** Which axes are drawn, where along the others, and how values become colours. */
export class Controls {
  /** `on` has axis(side, axis), slide(axis, index), look() and isBusy(). */
  constructor(root, on) {
    this.on = on;
    this.x = choice('x', [], () => on.axis('x', Number(this.x.value)));
    this.y = choice('y', [], () => on.axis('y', this.y.value === '' ? null : Number(this.y.value)));
    this.maps = choice('map', MAPS, on.look);
    this.ranges = choice('range', RANGES, on.look);
    this.low = limit('Least value shown', () => this.#type());
    this.high = limit('Greatest value shown', () => this.#type());
    this.colours = labelled('Colours', this.maps);
    this.limits = element('span', { className: 'limits' }, this.low, '–', this.high);
    this.sliders = element('div', { className: 'sliders' });
    this.limit = [0, 1];
    this.timer = null;
    const tools = element('div', { className: 'tools' });
    const range = element('span', { className: 'field' }, labelled('Range', this.ranges), this.limits);
    tools.append(labelled('x', this.x), labelled('y', this.y), this.colours, range);
    root.append(tools, this.sliders);
  }

  get map() {
    return this.maps.value;
  }

  /** `slice`, `array` or two numbers. */
  get range() {
    return this.ranges.value === 'typed' ? this.limit : this.ranges.value;
  }

  /** A range of times is not typed. */
  showLook(map, range, hasBounds, isTime) {
    this.maps.value = map;
    this.ranges.querySelector('[value=array]').disabled = !hasBounds;
    this.ranges.querySelector('[value=typed]').disabled = isTime;
    this.limits.hidden = isTime;
    this.ranges.value = Array.isArray(range) ? 'typed' : range;
    if (Array.isArray(range)) this.showRange(range);
  }

  showRange([low, high]) {
    this.limit = [low, high];
    this.low.value = low;
    this.high.value = high;
    for (const field of [this.low, this.high]) field.setAttribute('aria-invalid', false);
  }

  showAxes(view, dimensions) {
    this.stop();
    const names = dimensions.map(({ name }, i) => [i, name]);
    fill(this.x, names, view.x);
    fill(this.y, [...(names.length > 1 ? names : []), ['', 'none: a line']], view.y ?? '');
    this.y.disabled = names.length < 2;
    this.colours.hidden = view.y === null;
    this.sliders.replaceChildren(...view.others.map((i) => this.#slider(i, view, dimensions[i])));
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    for (const button of this.sliders.querySelectorAll('button')) button.setAttribute('aria-pressed', false);
  }

  #slider(axis, view, dimension) {
    const last = view.shape[axis] - 1;
    const id = `slider-${axis}`;
    const place = element('output', { className: 'place', htmlFor: id });
    const index = element('span', { className: 'index' });
    const slider = element('input', { id, type: 'range', min: 0, max: last, step: 1, disabled: last === 0 });
    slider.value = view.indices[axis];
    const show = () => {
      const at = slider.valueAsNumber;
      place.textContent = dimension.hasPlaces ? dimension.text(at) : '';
      index.textContent = `[${at}] of ${count(last + 1)}`;
      slider.setAttribute('aria-valuetext', dimension.text(at));
    };
    const move = (to) => {
      slider.value = to;
      show();
      this.on.slide(axis, slider.valueAsNumber);
    };
    slider.oninput = () => {
      this.stop();
      move(slider.value);
    };
    show();
    const play = this.#player(dimension, last, () => move((slider.valueAsNumber + 1) % (last + 1)));
    const label = element('label', { htmlFor: id, title: dimension.label }, dimension.name);
    return element('div', { className: 'slider' }, label, play, slider, place, index);
  }

  #player(dimension, last, step) {
    const button = element('button', {
      type: 'button',
      className: 'play',
      'aria-pressed': false,
      disabled: last === 0,
    });
    button.setAttribute('aria-label', `Play along ${dimension.name}`);
    button.onclick = () => {
      const isOn = button.getAttribute('aria-pressed') === 'true';
      this.stop();
      if (isOn) return;
      button.setAttribute('aria-pressed', true);
      this.timer = setInterval(() => this.on.isBusy() || step(), STEP_MS);
    };
    return button;
  }

  #type() {
    const [low, high] = [this.low.valueAsNumber, this.high.valueAsNumber];
    const isGood = low < high;
    for (const field of [this.low, this.high]) field.setAttribute('aria-invalid', !isGood);
    if (!isGood) return;
    this.limit = [low, high];
    this.ranges.value = 'typed';
    this.on.look();
  }
}

function limit(name, onchange) {
  return element('input', { type: 'number', step: 'any', required: true, 'aria-label': name, onchange });
}

function fill(select, pairs, chosen) {
  select.replaceChildren(...pairs.map(([value, text]) => element('option', { value }, text)));
  select.value = chosen;
}
