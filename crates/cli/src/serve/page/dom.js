/** An element with properties or attributes; texts among the children stay texts. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A `<select>` of [value, text] pairs. */
export function choice(id, pairs, onchange) {
  const options = pairs.map(([value, text]) => element('option', { value }, text));
  return element('select', { id, onchange }, ...options);
}

/** A field with its label in front. */
export function labelled(text, field) {
  return element('span', { className: 'field' }, element('label', { htmlFor: field.id }, text), field);
}
