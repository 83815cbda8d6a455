// Shards: their lineage over time, and what each does.

import { h } from "./dom.js";
import { pause, resume, skip } from "./drafts.js";
import { count, duration, NEAR_TRIM_SECONDS, shortLength, state as stateOf } from "./format.js";
import { lineage } from "./lineage.js";
import { may, orderButton } from "./orders.js";
import { owner, owners, pill, shortOf, table } from "./parts.js";

const MOST = 200;
const choice = { find: "", state: "", ended: false, sort: "lag", taken: null };

const SORTS = {
  lag: ["Lag", (one) => -(one.lag.seconds === null ? Infinity : one.lag.seconds)],
  trim: ["Trimmed soonest", (one) => (one.lag.trimmed_in_seconds === null ? Infinity : one.lag.trimmed_in_seconds)],
  rate: ["Records per second", (one) => -(one.records_per_second || 0)],
  age: ["Newest", () => 0],
};

function takeFromAddress(query) {
  const find = query.get("find");
  if (find !== null && choice.taken !== location.hash) [choice.find, choice.taken, choice.ended] = [find, location.hash, true];
}

function words(one) {
  return [one.table, one.shard_id, one.owner || "", stateOf(one.state)[0], ...one.blocks.map((block) => `${block.action} ${block.error}`)]
    .join(" ").toLowerCase();
}

function chosen(shards) {
  const find = choice.find.toLowerCase();
  const found = shards.filter((one) => (choice.ended || one.state !== "ended")
    && (!choice.state || one.state === choice.state) && (!find || words(one).includes(find)));
  // An id begins with the time when the shard was made.
  if (choice.sort === "age") return found.sort((a, b) => (a.shard_id < b.shard_id ? 1 : -1));
  const value = SORTS[choice.sort][1];
  return found.sort((a, b) => value(a) - value(b) || (a.shard_id < b.shard_id ? -1 : 1));
}

function controls(shards, render) {
  const set = (name, value) => { choice[name] = value; render(); };
  const states = [...new Set(shards.map((one) => one.state))].sort();
  return h("form", { class: "controls", role: "search", onsubmit: (event) => event.preventDefault() },
    h("label", {}, "Find ", h("input", { type: "search", $value: choice.find, oninput: (event) => set("find", event.target.value) })),
    h("label", {}, "State ", h("select", { $value: choice.state, onchange: (event) => set("state", event.target.value) },
      h("option", { value: "" }, "all"), states.map((one) => h("option", { value: one }, stateOf(one)[0])))),
    h("label", {}, "Order ", h("select", { $value: choice.sort, onchange: (event) => set("sort", event.target.value) },
      Object.entries(SORTS).map(([name, [title]]) => h("option", { value: name }, title)))),
    h("label", {}, h("input", { type: "checkbox", $checked: choice.ended, onchange: (event) => set("ended", event.target.checked) }), " with ended ones"));
}

function block(shard, one, now, mayOrder) {
  const next = one.next_try === undefined || one.next_try === null ? "" : `, next try in ${duration(Math.max(0, one.next_try - now))}`;
  const attempts = one.attempts ? `${count(one.attempts)} failed attempts, ` : "";
  return h("div", { class: "notice bad" }, h("strong", {}, one.action), ` blocks record ${one.sequence_number}: ${one.error} `,
    h("span", { class: "quiet" }, `(${attempts}since ${duration(Math.max(0, now - one.since))}${next}) `),
    mayOrder && orderButton("Skip the record", skip(shard, one)));
}

function orders(one) {
  if (one.state === "ended") return "–";
  const { table: name, shard_id } = one;
  const paused = one.pauses.some(({ scope }) => scope.shard_id === shard_id && !scope.action);
  return paused ? orderButton("Resume", resume({ table: name, shard_id })) : orderButton("Pause", pause({ table: name, shard_id }));
}

function details(one, now, mayOrder) {
  return [
    one.blocks.map((each) => block(one, each, now, mayOrder)),
    one.skipped.slice(-3).map((each) => h("div", { class: "notice warn" }, h("strong", {}, each.action), ` record ${each.sequence_number} was skipped; its letter is in ${each.dead_letter}`)),
    one.is_trimmed && h("div", { class: "notice bad" }, "Records after the checkpoint were trimmed before they were read: they are lost."),
    one.restarts > 0 && h("div", { class: "notice warn" }, `Its process was restarted ${one.restarts} times in a row without lasting progress.`),
  ].flat().filter(Boolean);
}

function trim(one) {
  const seconds = one.lag.trimmed_in_seconds;
  return h("span", { class: seconds !== null && seconds < NEAR_TRIM_SECONDS ? "strong-bad" : "" }, duration(seconds));
}

function list(shards, found, known, mayOrder) {
  const rows = chosen(shards);
  const length = shortLength(shards.flatMap((one) => [one.shard_id, one.parent, ...one.children]).filter(Boolean));
  const columns = [
    ["Table", (one) => one.table],
    ["Shard", (one) => shortOf(one.shard_id, length)],
    ["State", (one) => pill(one.state)],
    ...(mayOrder ? [["Orders", orders]] : []),
    ["Owner", (one) => owner(one.owner, known)],
    ["Lag", (one) => duration(one.lag.seconds, "?"), "number"],
    ["Records/s", (one) => count(one.records_per_second), "number"],
    ["In work", (one) => count(one.pending), "number"],
    ["Caught up in", (one) => duration(one.lag.catch_up_seconds), "number"],
    ["Trimmed in", trim, "number"],
    ["Saved", (one) => (one.checkpoint_age_seconds === null ? "–" : `${duration(one.checkpoint_age_seconds)} ago`), "number"],
    ["Parent", (one) => shortOf(one.parent, length)],
    ["Children", (one) => (one.children.length ? one.children.map((id) => [shortOf(id, length), " "]) : "–")],
  ];
  const caption = `${rows.length} of ${shards.length} shards${rows.length > MOST ? `, the first ${MOST} shown` : ""}`;
  return table(caption, columns, rows.slice(0, MOST), (one) => `${one.stream_arn} ${one.shard_id}`, (one) => details(one, found.at, mayOrder));
}

export function shards(state, { query, render }) {
  takeFromAddress(query);
  const found = state.application;
  const known = owners(found);
  return [
    found.streams.flatMap((stream) => [stream.arn, stream.replaced_by].filter(Boolean).map((arn) =>
      lineage(stream.table, arn, found.shards.filter((one) => one.stream_arn === arn), known, found.at))),
    controls(found.shards, render),
    list(found.shards, found, known, may(state)),
  ];
}
