// The records of a stream as they come, and a filter to try out on them.

import { h } from "./dom.js";
import { clock, count, plural } from "./format.js";
import { badge, notice } from "./parts.js";

const PAUSE = 2000;
const EXAMPLE = "eventName: [INSERT, MODIFY]\ndynamodb:\n  NewImage:\n    Status: {S: [paid]}";
const tail = { table: null, from: "newest", filter: "", matching: false, paused: false, shown: null, error: null, filterError: null, timer: null, turn: 0 };

function address() {
  const query = new URLSearchParams({ table: tail.table, from: tail.from, filter: tail.filter });
  if (tail.matching) query.set("matching", "1");
  return `/api/tail?${query}`;
}

async function run(ask, render) {
  const turn = ++tail.turn;
  clearTimeout(tail.timer);
  try {
    const { data } = await ask(address());
    if (turn !== tail.turn) return;
    Object.assign(tail, { shown: data, error: null });
  } catch (error) {
    if (turn !== tail.turn) return;
    tail.error = error.message;
  }
  render();
  if (location.hash.startsWith("#/tail") && !tail.paused && !document.hidden) tail.timer = setTimeout(() => run(ask, render), PAUSE);
  else tail.timer = null;
}

function controls(tables, ask, render) {
  const set = (change, again = true) => (event) => { change(event.target); if (again) run(ask, render); else render(); };
  return h("form", { class: "controls", onsubmit: (event) => { event.preventDefault(); run(ask, render); } },
    h("label", {}, "Table ", h("select", { $value: tail.table, onchange: set((at) => Object.assign(tail, { table: at.value, shown: null })) },
      tables.map((name) => h("option", { value: name }, name)))),
    h("label", {}, "From ", h("select", { $value: tail.from, onchange: set((at) => Object.assign(tail, { from: at.value, shown: null })) },
      h("option", { value: "newest" }, "the newest record on"), h("option", { value: "oldest" }, "the oldest record on"))),
    h("button", { type: "button", "aria-pressed": String(tail.paused), onclick: () => { tail.paused = !tail.paused; run(ask, render); } }, tail.paused ? "Go on" : "Pause"),
    h("label", { class: "wide" }, "Filter, as in actions.yaml (YAML or JSON)",
      h("textarea", {
        $value: tail.filter, rows: 5, spellcheck: "false", placeholder: EXAMPLE, maxlength: 8000, "aria-describedby": "filter-error",
        oninput: (event) => { tail.filter = event.target.value; },
        onkeydown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(ask, render); } },
      })),
    h("button", { type: "submit" }, "Try it"),
    h("label", {}, h("input", { type: "checkbox", $checked: tail.matching, onchange: set((at) => { tail.matching = at.checked; }) }), " only what matches"));
}

function summary(one) {
  const match = one.matches === null ? null : one.matches ? badge("good", "✓ matches") : badge("quiet", "✕ does not match");
  const kind = { INSERT: "good", MODIFY: "warn", REMOVE: "bad" }[one.event_name] || "quiet";
  return h("summary", {}, h("span", { class: "quiet" }, one.created_at === null ? "?" : clock(one.created_at)), " ",
    badge(kind, one.event_name), " ", match, " ", h("code", {}, one.keys), " ", h("code", { class: "quiet" }, `…${one.shard_id.slice(-8)}`));
}

function list() {
  const { seen, kept, matching, records, skipped, shards: [read, open] } = tail.shown;
  return [
    h("p", { class: "quiet", role: "status" },
      `${plural(seen, "record")} read from ${read} of ${plural(open, "shard")}, the last ${count(kept)} kept`,
      matching !== null && `; ${matching} of ${kept} match`),
    tail.shown.error && notice("bad", tail.shown.error),
    skipped && notice("warn", "Some records were passed over: more come than are read here."),
    !records.length && notice("", kept ? "None of them matches." : "Nothing yet: records appear here as they are written."),
    h("div", { class: "items" }, records.map((one) => h("details", { class: `item ${one.matches === false ? "faint" : ""}`, "data-key": one.number },
      summary(one), h("pre", { tabindex: 0 }, one.text)))),
  ];
}

export function view(state, { ask, render }) {
  const tables = state.application.streams.map((stream) => stream.table);
  if (!tables.includes(tail.table)) [tail.table, tail.shown] = [tables[0], null];
  if (!tail.timer && !tail.paused && !tail.starting) {
    tail.starting = true;
    queueMicrotask(() => { tail.starting = false; run(ask, render); });
    tail.timer = -1;
  }
  return [
    controls(tables, ask, render),
    tail.error && h("div", { class: "notice bad", role: "alert", id: "filter-error" }, tail.error),
    !state.shows_values && h("p", { class: "quiet" }, "Values are hidden; --show-values shows them. The filter sees them."),
    tail.shown ? list() : !tail.error && h("p", { class: "quiet" }, "Loading…"),
  ];
}
