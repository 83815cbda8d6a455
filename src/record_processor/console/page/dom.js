// Elements, and how new ones take the place of old ones. All text becomes text nodes: nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

// A name with a $ is what a field holds, whatever its attribute says.
function fill(element, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("$")) continue;
    if (name.startsWith("on")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  element.held = Object.entries(props || {}).filter(([name]) => name.startsWith("$")).map(([name, value]) => [name.slice(1), value]);
  hold(element, element.held);
  return element;
}

function hold(element, held) {
  for (const [name, value] of held || []) if (element[name] !== value) element[name] = value;
}

export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function s(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

const HANDLERS = ["onclick", "oninput", "onchange", "onsubmit", "ontoggle", "onkeydown"];

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // Whether it is open is the reader's.
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const name of HANDLERS) if (old[name] !== fresh[name]) old[name] = fresh[name];
}

// Makes an element like a fresh one, and keeps what the reader does in it: focus, selection, what is open and written.
export function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) {
    old.replaceWith(fresh);
  } else if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else {
    morphAttributes(old, fresh);
    morphChildren(old, fresh);
    hold(old, fresh.held);
  }
}

export function morphChildren(old, fresh) {
  const keyed = new Map();
  for (const child of old.childNodes) if (keyOf(child) !== null) keyed.set(keyOf(child), child);
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const key = keyOf(next);
    const found = key !== null ? keyed.get(key) : at && keyOf(at) === null ? at : null;
    if (!found) {
      old.insertBefore(next, at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else old.insertBefore(found, at);
    morph(found, next);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

export function show(place, ...children) {
  const fresh = place.cloneNode(false);
  fill(fresh, {}, children);
  morphChildren(place, fresh);
}
