// Parts that several views have.

import { h, s } from "./dom.js";
import { clock, state } from "./format.js";

export function pill(name) {
  const [words, sign, kind] = state(name);
  return h("span", { class: `pill ${kind}` }, h("span", { "aria-hidden": "true" }, sign), " ", words);
}

export function badge(kind, text) {
  return h("span", { class: `pill ${kind}` }, text);
}

export function figure(label, value, note, kind) {
  return h("div", { class: `card ${kind || ""}`, "data-key": label },
    h("dt", {}, label), h("dd", {}, value), note && h("p", { class: "quiet" }, note));
}

// Columns: [heading, cell of a row, class]. On a narrow screen each row is a card, and each cell has its heading.
export function table(caption, columns, rows, keyOf, after) {
  const head = h("tr", {}, columns.map(([name, , kind]) => h("th", { scope: "col", class: kind }, name)));
  const body = rows.map((row) => {
    // In one element: on a narrow screen a cell is a grid of its heading and this.
    const cells = columns.map(([name, cell, kind]) => h("td", { "data-label": name, class: kind }, h("div", {}, cell(row))));
    const more = after && after(row);
    return h("tbody", { "data-key": keyOf(row) }, h("tr", {}, cells),
      more && more.length > 0 && h("tr", { class: "more" }, h("td", { colspan: columns.length }, more)));
  });
  return h("div", { class: "scroll" },
    h("table", {}, h("caption", {}, caption), h("thead", {}, head), body));
}

// Owners in the order of their names get colours; from the ninth on they share them.
export function owners(application) {
  const names = new Set(application.workers.map((worker) => worker.worker_id));
  for (const shard of application.shards) if (shard.owner) names.add(shard.owner);
  return new Map([...names].sort().map((name, index) => [name, { number: index + 1, kind: `owner-${index % 8}` }]));
}

export function owner(name, known) {
  if (!name) return h("span", { class: "quiet" }, "none");
  const found = known.get(name) || { number: "?", kind: "" };
  return h("span", { class: "owner" }, h("span", { class: `swatch ${found.kind}` }, String(found.number)), " ", name);
}

const WIDTH = 600;
const HEIGHT = 120;

function scaled(points, from, to, top) {
  const span = Math.max(1, to - from);
  return points.map(([at, value]) => [((at - from) / span) * WIDTH, HEIGHT - (value / top) * (HEIGHT - 6)]);
}

function pieces(at, values) {
  const found = [[]];
  values.forEach((value, index) => {
    if (value === null) found.push([]);
    else found.at(-1).push([at[index], value]);
  });
  return found.filter((piece) => piece.length > 0);
}

function path(points) {
  return points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

// A line over the last half hour; gaps where a value was not known.
export function chart(title, at, values, text, kind) {
  const known = values.filter((value) => value !== null);
  const top = Math.max(1, ...known);
  const [from, to] = [at[0], at.at(-1)];
  const now = values.at(-1);
  const lines = pieces(at, values).map((piece) => {
    const points = scaled(piece.length > 1 ? piece : [piece[0], piece[0]], from, to, top);
    const area = `${path(points)}L${points.at(-1)[0].toFixed(1)} ${HEIGHT}L${points[0][0].toFixed(1)} ${HEIGHT}Z`;
    return [s("path", { class: "area", d: area }), s("path", { class: "line", d: path(points) })];
  });
  const words = `${title}: now ${text(now)}, at most ${text(known.length ? Math.max(...known) : null)} since ${clock(from)}`;
  return h("figure", { class: `chart ${kind}`, "data-key": title },
    h("figcaption", {}, h("strong", {}, title), h("span", {}, text(now))),
    h("div", { class: "plot" },
      s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": words }, lines),
      h("span", { class: "top quiet" }, text(top))),
    h("div", { class: "axis quiet" }, h("span", {}, clock(from)), h("span", {}, clock(to))));
}

export function notice(kind, ...content) {
  return h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" }, content);
}

export function shortOf(id, length) {
  return id ? h("code", { class: "short", title: id }, `…${id.slice(-length)}`) : "–";
}
