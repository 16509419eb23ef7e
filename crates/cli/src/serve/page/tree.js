import { element } from './dom.js';
import { count, many } from './text.js';

const ROW = 26;
const INDENT = 14;
/** Rows drawn beyond those that are seen. */
const SPARE = 12;
/** Up to so many arrays, groups are open from the beginning. */
const FEW = 60;

/** The arrays of a file, as a tree by `/` in their names; only rows that are seen are in the page. */
export class Tree {
  #root;
  #matches;
  #rows = [];
  #space = element('div', { className: 'space', role: 'none' });
  #open = new Set();
  #arrays = [];
  #top = node('', '');
  #words = [];
  #active = 0;
  #picked = null;
  #onpick;

  constructor(root, matches, onpick) {
    this.#root = root;
    this.#matches = matches;
    this.#onpick = onpick;
    root.replaceChildren(this.#space);
    root.addEventListener('scroll', () => this.#draw());
    root.addEventListener('keydown', (event) => this.#key(event));
    root.addEventListener('click', (event) => this.#click(event));
    new ResizeObserver(() => this.#draw()).observe(root);
  }

  load(arrays) {
    this.#arrays = arrays.map((meta) => ({ meta, text: meta.name.toLowerCase() }));
    this.#top = node('', '');
    for (const meta of arrays) plant(this.#top, meta);
    this.#open = new Set(arrays.length <= FEW ? groups(this.#top) : []);
    this.#picked = null;
    this.#layOut();
  }

  filter(text) {
    this.#words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.#root.scrollTop = 0;
    this.#active = 0;
    this.#layOut();
  }

  /** Marks an array, with the groups around it open. */
  pick(name) {
    this.#picked = name;
    const parts = name === null ? [] : name.split('/');
    let at = this.#top;
    for (const part of parts.slice(0, -1)) {
      at = at?.children.get(part);
      if (at) this.#open.add(at);
    }
    this.#layOut();
    const i = this.#rows.findIndex((row) => row.node.meta?.name === name);
    if (i >= 0) this.#activate(i);
  }

  #layOut() {
    this.#rows = this.#words.length ? this.#found() : [...this.#walk(this.#top, 1)];
    this.#active = Math.max(0, Math.min(this.#active, this.#rows.length - 1));
    this.#matches.textContent = this.#words.length
      ? `${count(this.#rows.length)} of ${count(this.#arrays.length)}`
      : many(this.#arrays.length, 'array');
    this.#space.style.height = `${this.#rows.length * ROW}px`;
    this.#draw();
  }

  #found() {
    const found = this.#arrays.filter(({ text }) => this.#words.every((word) => text.includes(word)));
    return found.map(({ meta }, i) => ({
      node: { ...node(meta.name, meta.name), meta },
      level: 1,
      position: i + 1,
      size: found.length,
    }));
  }

  *#walk(group, level) {
    let position = 0;
    for (const child of group.children.values()) {
      yield { node: child, level, position: ++position, size: group.children.size };
      if (this.#open.has(child)) yield* this.#walk(child, level + 1);
    }
  }

  #draw() {
    const { scrollTop, clientHeight } = this.#root;
    const from = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const to = Math.min(this.#rows.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    const drawn = [];
    for (let i = from; i < to; i++) drawn.push(this.#row(this.#rows[i], i));
    this.#space.replaceChildren(...drawn);
    const active = from <= this.#active && this.#active < to ? rowId(this.#active) : '';
    this.#root.setAttribute('aria-activedescendant', active);
  }

  #row({ node, level, position, size }, i) {
    const isGroup = node.children.size > 0;
    const isPicked = node.meta !== null && node.meta.name === this.#picked;
    const row = element('div', {
      id: rowId(i),
      role: 'treeitem',
      className: ['row', i === this.#active && 'active', node.meta ? 'array' : 'group']
        .filter(Boolean)
        .join(' '),
      title: node.path,
      'aria-level': level,
      'aria-posinset': position,
      'aria-setsize': size,
      'aria-selected': isPicked,
    });
    row.dataset.row = i;
    row.style.top = `${i * ROW}px`;
    row.style.paddingLeft = `${(level - 1) * INDENT + 6}px`;
    if (isGroup) row.setAttribute('aria-expanded', this.#open.has(node));
    const twisty = element('span', { className: 'twisty', 'aria-hidden': 'true' });
    const name = element('span', { className: 'name' }, node.name || '(no name)');
    row.append(twisty, name, element('span', { className: 'kind' }, summary(node)));
    return row;
  }

  #click(event) {
    const row = event.target.closest('.row');
    if (!row) return;
    this.#active = Number(row.dataset.row);
    const { node } = this.#rows[this.#active];
    const isToggle = !node.meta || (node.children.size && event.target.matches('.twisty'));
    if (isToggle) this.#toggle(node);
    else this.#choose(node);
  }

  #toggle(node) {
    if (!this.#open.delete(node)) this.#open.add(node);
    this.#layOut();
  }

  #choose(node) {
    if (node.meta) this.#onpick(node.meta.name);
    else this.#toggle(node);
  }

  #key(event) {
    const row = this.#rows[this.#active];
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.#root.clientHeight / ROW) - 1);
    const actions = {
      ArrowDown: () => this.#activate(this.#active + 1),
      ArrowUp: () => this.#activate(this.#active - 1),
      PageDown: () => this.#activate(this.#active + page),
      PageUp: () => this.#activate(this.#active - page),
      Home: () => this.#activate(0),
      End: () => this.#activate(this.#rows.length - 1),
      ArrowRight: () => this.#inward(row),
      ArrowLeft: () => this.#outward(row),
      Enter: () => this.#choose(row.node),
      ' ': () => this.#choose(row.node),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  }

  #inward({ node }) {
    if (!node.children.size) return;
    if (this.#open.has(node)) this.#activate(this.#active + 1);
    else this.#toggle(node);
  }

  #outward({ node, level }) {
    if (this.#open.has(node)) {
      this.#toggle(node);
      return;
    }
    let i = this.#active;
    while (i > 0 && this.#rows[i].level >= level) i--;
    if (this.#rows[i].level < level) this.#activate(i);
  }

  #activate(i) {
    this.#active = Math.max(0, Math.min(i, this.#rows.length - 1));
    const [top, height] = [this.#active * ROW, this.#root.clientHeight];
    if (top < this.#root.scrollTop) this.#root.scrollTop = top;
    if (top + ROW > this.#root.scrollTop + height) this.#root.scrollTop = top + ROW - height;
    this.#draw();
  }
}

const rowId = (i) => `row-${i}`;

function node(name, path) {
  return { name, path, meta: null, children: new Map(), arrays: 0 };
}

function plant(top, meta) {
  let at = top;
  for (const part of meta.name.split('/')) {
    if (!at.children.has(part)) at.children.set(part, node(part, at === top ? part : `${at.path}/${part}`));
    at = at.children.get(part);
    at.arrays++;
  }
  at.meta = meta;
}

function* groups(top) {
  for (const child of top.children.values()) {
    if (child.children.size) yield child;
    yield* groups(child);
  }
}

/** `f32` for `float32`. */
const short = (dtype) => dtype.replace(/^(float|int|uint)(?=\d+$)/, (kind) => kind[0]);

function summary({ meta, arrays }) {
  return meta ? `${short(meta.dtype)} ${meta.shape.join('×')}` : count(arrays);
}
