/** Colour maps as tables of 256 colours, in the byte order of a canvas. */

const ANCHORS = {
  viridis: '440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725',
  magma: '000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf',
  grey: '141416 f4f4f1',
  diverging: '053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f',
};

export const MAPS = [
  ['viridis', 'Viridis'],
  ['magma', 'Magma'],
  ['grey', 'Grey'],
  ['diverging', 'Blue–red'],
];

export const isMap = (name) => Object.hasOwn(ANCHORS, name);

const channels = (hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));

const packed = (colour) => new Uint32Array(Uint8Array.of(...colour, 255).buffer)[0];

/** The pixel of a colour `#rrggbb`. */
export const pixel = (colour) => packed(channels(colour.slice(1)));

const tables = new Map();

export function table(name) {
  if (!tables.has(name)) tables.set(name, interpolate(ANCHORS[name].split(' ').map(channels)));
  return tables.get(name);
}

function interpolate(anchors) {
  const last = anchors.length - 1;
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * last;
    const k = Math.min(last - 1, Math.floor(place));
    return packed(anchors[k].map((from, c) => Math.round(from + (anchors[k + 1][c] - from) * (place - k))));
  });
}
