/** What pictures have around them: title, axes with ticks, a frame. */

export const GAP = 6;
export const TICK = 5;
export const LINE = 16;
const FONT = '12px system-ui, sans-serif';
const BOLD = '600 13px system-ui, sans-serif';
const TOP = 30;
const BOTTOM = TICK + 2 * LINE + GAP;
/** Pixels from one tick upward to the next at least. */
const ROOM = 44;

export function widest(canvas, ticks) {
  const context = canvas.getContext('2d');
  context.font = FONT;
  return Math.max(0, ...ticks.map(({ text }) => context.measureText(text).width));
}

export const ticksUp = (span, height) => span.ticks(height / ROOM);

const ticksAcross = ({ columns, width }) => columns.ticks(width / columns.kind.room);

/** The area between the axes: `columns` from left to right, `rows` upward unless they count down. */
export class Plot {
  constructor(canvas, { columns, rows, isEqual }, size, right) {
    const most = size.height - TOP - BOTTOM;
    this.columns = columns;
    this.rows = rows;
    this.left = Math.ceil(GAP + LINE + GAP + widest(canvas, ticksUp(rows, most)) + GAP + TICK);
    this.top = TOP;
    this.width = Math.max(1, Math.floor(size.width - this.left - right));
    this.height = Math.max(1, most);
    if (isEqual) this.#fit((columns.high - columns.low) / (rows.high - rows.low));
  }

  #fit(aspect) {
    this.width = Math.max(1, Math.min(this.width, Math.round(this.height * aspect)));
    this.height = Math.max(1, Math.min(this.height, Math.round(this.width / aspect)));
  }

  get right() {
    return this.left + this.width;
  }

  get bottom() {
    return this.top + this.height;
  }

  get whole() {
    return this.bottom + BOTTOM;
  }

  x(place) {
    return this.left + this.columns.fraction(place) * this.width;
  }

  y(place) {
    const fraction = this.rows.fraction(place);
    return this.top + (this.rows.isDown ? fraction : 1 - fraction) * this.height;
  }

  columnPlace(x) {
    return this.columns.at((x - this.left) / this.width);
  }

  rowPlace(y) {
    const fraction = (y - this.top) / this.height;
    return this.rows.at(this.rows.isDown ? fraction : 1 - fraction);
  }

  contains(x, y) {
    return x >= this.left && x < this.right && y >= this.top && y < this.bottom;
  }

  /** The places at a point, or at the point of the plot that is nearest to it. */
  clamp(x, y) {
    return {
      columnPlace: this.columnPlace(Math.max(this.left, Math.min(this.right, x))),
      rowPlace: this.rowPlace(Math.max(this.top, Math.min(this.bottom, y))),
    };
  }
}

/** Clears the canvas for a plot, and gives the context to draw with in CSS pixels. */
export function begin(canvas, plot, { width, ratio }, theme) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(plot.whole * ratio);
  canvas.style.height = `${plot.whole}px`;
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, plot.whole);
  context.font = FONT;
  return context;
}

export function drawFrame(context, plot, title, theme) {
  drawAcross(context, plot, theme);
  drawUp(context, plot, theme);
  context.strokeStyle = theme.dim;
  context.strokeRect(plot.left - 0.5, plot.top - 0.5, plot.width + 1, plot.height + 1);
  context.fillStyle = theme.text;
  context.font = BOLD;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.fillText(
    shortened(context, title, context.canvas.clientWidth - plot.left),
    plot.left,
    plot.top - 12,
  );
  context.font = FONT;
}

function drawAcross(context, plot, theme) {
  const ticks = ticksAcross(plot);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const { at, text } of ticks) {
    const x = crisp(plot.x(at));
    line(context, theme.dim, [x, plot.bottom], [x, plot.bottom + TICK]);
    context.fillStyle = theme.text;
    context.fillText(text, x, plot.bottom + TICK + 3);
  }
  context.fillStyle = theme.dim;
  context.fillText(plot.columns.label, plot.left + plot.width / 2, plot.bottom + TICK + LINE + GAP);
}

function drawUp(context, plot, theme) {
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const { at, text } of ticksUp(plot.rows, plot.height)) {
    const y = crisp(plot.y(at));
    line(context, theme.dim, [plot.left - TICK, y], [plot.left, y]);
    context.fillStyle = theme.text;
    context.fillText(text, plot.left - TICK - GAP / 2, y);
  }
  upright(context, plot.rows.label, GAP + LINE / 2, plot, theme);
}

function shortened(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 0 && context.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}

export function drawGrid(context, plot, theme) {
  for (const { at } of ticksAcross(plot)) {
    line(context, theme.grid, [crisp(plot.x(at)), plot.top], [crisp(plot.x(at)), plot.bottom]);
  }
  for (const { at } of ticksUp(plot.rows, plot.height)) {
    line(context, theme.grid, [plot.left, crisp(plot.y(at))], [plot.right, crisp(plot.y(at))]);
  }
}

/** A label that is read from below. */
export function upright(context, text, x, plot, theme) {
  context.save();
  context.translate(x, plot.top + plot.height / 2);
  context.rotate(-Math.PI / 2);
  context.fillStyle = theme.dim;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, 0, 0, plot.height);
  context.restore();
}

/** Where a line of one pixel is not blurred. */
export const crisp = (at) => Math.round(at) - 0.5;

export function line(context, colour, ...points) {
  context.strokeStyle = colour;
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}
