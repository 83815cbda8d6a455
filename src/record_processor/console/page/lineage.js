// Which shard came from which, over time: a bar from a shard's creation to that of its children, in its owner's colour.

import { h, s } from "./dom.js";
import { clock, duration, moment, state as stateOf } from "./format.js";

const ROW = 26;
const BAR = 18;
const WIDTH = 1000;
const MOST = 120;
const GAP = 4;
const SHORTEST = 10;

// The id begins with the milliseconds of the shard's creation.
function createdAt(id) {
  const found = /^shardId-0*([0-9]{12,14})-/.exec(id);
  return found ? Number(found[1]) / 1000 : null;
}

// Open shards with their ancestors, and then other ended ones, the newest first, as far as there is room.
function kept(shards) {
  const byId = new Map(shards.map((one) => [one.shard_id, one]));
  const order = [...shards].sort((a, b) => (a.state === "ended") - (b.state === "ended") || (a.shard_id < b.shard_id ? 1 : -1));
  const chosen = new Set();
  for (const one of order) {
    if (chosen.size >= MOST) break;
    for (let id = one.shard_id; byId.has(id) && !chosen.has(id) && chosen.size < MOST; id = byId.get(id).parent) chosen.add(id);
  }
  return shards.filter((one) => chosen.has(one.shard_id)).sort((a, b) => (a.shard_id < b.shard_id ? -1 : 1));
}

function times(shards, now) {
  const begins = new Map();
  shards.forEach((one, index) => {
    const before = one.parent && begins.has(one.parent) ? begins.get(one.parent) + 60 : now - 3600 + index;
    begins.set(one.shard_id, Math.min(now, createdAt(one.shard_id) ?? before));
  });
  const ends = new Map(shards.map((one) => {
    const children = one.children.map((id) => begins.get(id) ?? createdAt(id)).filter((at) => at !== null && at !== undefined);
    return [one.shard_id, Math.min(now, children.length ? Math.min(...children) : now)];
  }));
  return { begins, ends };
}

// The first child goes on in its parent's row; others get the nearest row that is free from their beginning on.
function rows(shards, begins, ends) {
  const freeFrom = [];
  const row = new Map();
  for (const one of shards) {
    const begin = begins.get(one.shard_id);
    const wanted = row.has(one.parent) ? row.get(one.parent) : 0;
    const isFree = (index) => (freeFrom[index] ?? -Infinity) <= begin;
    let chosen = -1;
    for (let step = 0; chosen < 0; step++) {
      if (isFree(wanted + step)) chosen = wanted + step;
      else if (wanted - step >= 0 && isFree(wanted - step)) chosen = wanted - step;
    }
    row.set(one.shard_id, chosen);
    freeFrom[chosen] = Math.max(ends.get(one.shard_id), begin + 0.001);
  }
  return { row, height: Math.max(1, freeFrom.length) };
}

function scale(shards, begins, now) {
  const from = Math.min(...shards.map((one) => begins.get(one.shard_id)));
  const span = Math.max(1, now - from);
  return { from, x: (at) => ((at - from) / span) * (WIDTH - SHORTEST) };
}

function bar(one, x0, x1, y, known) {
  const found = known.get(one.owner);
  const [words] = stateOf(one.state);
  const says = `${one.shard_id}: ${words}${one.owner ? `, owner ${one.owner}` : ""}, lag ${duration(one.lag.seconds, "?")}`
    + (one.parent ? `, parent ${one.parent}` : "");
  const width = Math.max(SHORTEST, x1 - x0 - GAP);
  const label = `${found ? found.number : ""} …${one.shard_id.slice(-8)}`;
  return s("a", { href: `#/shards?find=${encodeURIComponent(one.shard_id)}`, "aria-label": says, "data-key": one.shard_id },
    s("title", {}, says),
    s("rect", { class: `bar ${one.state} ${found ? found.kind : ""}`, x: x0.toFixed(1), y, width: width.toFixed(1), height: BAR, rx: 4 }),
    width > 90 && s("text", { class: `label ${one.state}`, x: (x0 + 6).toFixed(1), y: y + 13 }, label));
}

function edge(from, to) {
  const middle = (from.x + to.x) / 2;
  return s("path", { class: "edge", d: `M${from.x.toFixed(1)} ${from.y}C${middle.toFixed(1)} ${from.y} ${middle.toFixed(1)} ${to.y} ${to.x.toFixed(1)} ${to.y}` });
}

function drawn(shards, known, now) {
  const { begins, ends } = times(shards, now);
  const { row, height } = rows(shards, begins, ends);
  const { from, x } = scale(shards, begins, now);
  const middle = (id) => row.get(id) * ROW + BAR / 2 + 2;
  const edges = shards.filter((one) => row.has(one.parent)).map((one) => {
    const end = Math.max(x(begins.get(one.parent)) + SHORTEST, x(ends.get(one.parent)) - GAP);
    return edge({ x: end, y: middle(one.parent) }, { x: x(begins.get(one.shard_id)), y: middle(one.shard_id) });
  });
  const bars = shards.map((one) => bar(one, x(begins.get(one.shard_id)), x(ends.get(one.shard_id)), row.get(one.shard_id) * ROW + 2, known));
  return { from, picture: s("svg", { viewBox: `0 0 ${WIDTH} ${height * ROW}`, role: "group", "aria-label": "Lineage of shards over time", class: "lineage" }, edges, bars) };
}

function legend(shards, known) {
  const names = [...new Set(shards.map((one) => one.owner).filter(Boolean))].sort();
  return h("p", { class: "legend quiet" },
    names.map((name) => [h("span", { class: `swatch ${known.get(name).kind}` }, String(known.get(name).number)), ` ${name} `]),
    h("span", { class: "sign ended" }), " ended ", h("span", { class: "sign blocked" }), " blocked ", h("span", { class: "sign waiting" }), " waiting ");
}

export function lineage(name, arn, shards, known, now) {
  if (!shards.length) return null;
  const shown = kept(shards);
  const { from, picture } = drawn(shown, known, now);
  const left = shards.length - shown.length;
  return h("figure", { class: "chart lineage", "data-key": arn },
    h("figcaption", {}, h("strong", {}, `Shards of ${name}`),
      h("span", { class: "quiet" }, left ? `${shown.length} of ${shards.length}` : String(shards.length))),
    h("div", { class: "scroll plain" }, picture),
    h("div", { class: "axis quiet" }, h("span", {}, now - from > 20 * 3600 ? moment(from * 1000) : clock(from)), h("span", {}, "now")),
    legend(shown, known));
}
