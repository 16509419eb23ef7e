/**
 * Heat maps and lines on a canvas.
 *
 * A picture has title, label, kind and range of its values, columns and rows (axes), value(row,
 * column), map, isEqual (as long across as upward) and theme. Drawing it gives its geometry.
 */

import { Span } from './axis.js';
import { pixel, table } from './colors.js';
import {
  begin,
  crisp,
  drawFrame,
  drawGrid,
  GAP,
  line,
  LINE,
  Plot,
  TICK,
  ticksUp,
  upright,
  widest,
} from './frame.js';
import { Geometry, LineGeometry } from './geometry.js';

const BAR = { gap: 20, width: 14 };
const HATCH = 8;

export function drawField(canvas, picture, size) {
  const { columns, rows, theme } = picture;
  const values = new Span(picture, ...picture.range);
  const beside = BAR.gap + BAR.width + TICK + GAP;
  const numbers = widest(canvas, ticksUp(values, size.height));
  const plot = new Plot(canvas, picture, size, beside + numbers + GAP + LINE);
  const context = begin(canvas, plot, size, theme);
  drawCells(context, plot, picture, size.ratio);
  drawFrame(context, plot, picture.title, theme);
  drawBar(context, plot, values, picture);
  upright(context, picture.label, plot.right + beside + numbers + GAP + LINE / 2, plot, theme);
  return new Geometry(plot, { axis: columns, key: 'column' }, { axis: rows, key: 'row' });
}

/** Draws a line along the columns; where they count down, from top to bottom. */
export function drawLine(canvas, picture, size) {
  const { columns: along, range, theme } = picture;
  const margin = (range[1] - range[0]) * 0.05;
  const values = new Span(picture, range[0] - margin, range[1] + margin);
  const [columns, rows] = along.isDown ? [values, along] : [along, values];
  const plot = new Plot(canvas, { columns, rows }, size, 4 * GAP);
  const context = begin(canvas, plot, size, theme);
  const point = (i) => {
    const [value, place] = [picture.value(0, i), along.places[i]];
    return along.isDown ? [plot.x(value), plot.y(place)] : [plot.x(place), plot.y(value)];
  };
  drawGrid(context, plot, theme);
  drawFrame(context, plot, picture.title, theme);
  const isValue = (i) => Number.isFinite(picture.value(0, i));
  drawRuns(context, plot, runs(along.count, isValue), point, theme.line);
  const side = { axis: along, key: 'column' };
  return new LineGeometry(plot, along.isDown ? null : side, along.isDown ? side : null, point);
}

function drawCells(context, plot, { columns, rows, value, range, map, theme }, ratio) {
  const [left, top, right, bottom] = [plot.left, plot.top, plot.right, plot.bottom].map((at) =>
    Math.round(at * ratio),
  );
  const image = context.createImageData(right - left, bottom - top);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = table(map);
  const [missing, hatch] = [pixel(theme.missing), pixel(theme.hatch)];
  const [low, scale] = [range[0], colours.length / (range[1] - range[0])];
  const column = Int32Array.from({ length: image.width }, (_, x) =>
    columns.element(plot.columnPlace((left + x + 0.5) / ratio)),
  );
  for (let y = 0, at = 0; y < image.height; y++) {
    const row = rows.element(plot.rowPlace((top + y + 0.5) / ratio));
    for (let x = 0; x < image.width; x++, at++) {
      const level = Math.floor((value(row, column[x]) - low) * scale);
      if (!Number.isNaN(level)) pixels[at] = colours[Math.max(0, Math.min(colours.length - 1, level))];
      else pixels[at] = (x + y) % HATCH === 0 ? hatch : missing;
    }
  }
  context.putImageData(image, left, top);
}

function drawBar(context, plot, values, { map, theme }) {
  const left = plot.right + BAR.gap;
  const gradient = context.createLinearGradient(0, plot.bottom, 0, plot.top);
  table(map).forEach((colour, i) => {
    const [red, green, blue] = new Uint8Array(Uint32Array.of(colour).buffer);
    gradient.addColorStop(i / 255, `rgb(${red} ${green} ${blue})`);
  });
  context.fillStyle = gradient;
  context.fillRect(left, plot.top, BAR.width, plot.height);
  context.strokeStyle = theme.dim;
  context.strokeRect(left - 0.5, plot.top - 0.5, BAR.width + 1, plot.height + 1);
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (const { at, text } of ticksUp(values, plot.height)) {
    const y = crisp(plot.bottom - values.fraction(at) * plot.height);
    line(context, theme.dim, [left + BAR.width, y], [left + BAR.width + TICK, y]);
    context.fillStyle = theme.text;
    context.fillText(text, left + BAR.width + TICK + GAP / 2, y);
  }
}

/** Spans [from, to) of elements that have values. */
function* runs(count, has) {
  for (let from = 0; from < count; from++) {
    if (!has(from)) continue;
    let to = from;
    while (to < count && has(to)) to++;
    yield [from, to];
    from = to;
  }
}

function drawRuns(context, plot, spans, point, colour) {
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.width, plot.height);
  context.clip();
  context.lineWidth = 1.75;
  context.lineJoin = 'round';
  context.fillStyle = colour;
  for (const [from, to] of spans) {
    const points = Array.from({ length: to - from }, (_, i) => point(from + i));
    line(context, colour, ...points);
    if (points.length === 1) dot(context, points[0]);
  }
  context.restore();
}

function dot(context, [x, y]) {
  context.beginPath();
  context.arc(x, y, 2.5, 0, 2 * Math.PI);
  context.fill();
}
