// The page: it asks for the state every second, and shows one of its views.

import { h, show } from "./dom.js";
import { clock } from "./format.js";
import { notice } from "./parts.js";
import { actions } from "./actions.js";
import { letters } from "./letters.js";
import { panel, takeToken } from "./orders.js";
import { overview } from "./overview.js";
import { shards } from "./shards.js";
import { view as tail } from "./tail.js";

const PAUSE = 1000;
const HIDDEN_PAUSE = 20000;
const LONGEST = 10000;
const VIEWS = [
  ["overview", "Overview", overview],
  ["shards", "Shards", shards],
  ["actions", "Actions", actions],
  ["letters", "Dead letters", letters],
  ["tail", "Live tail", tail],
];

const page = { state: null, tag: null, seenAt: 0, failure: null, asking: null };

function route() {
  const [name, query] = location.hash.replace(/^#\/?/, "").split("?");
  const found = VIEWS.find(([one]) => one === name) || VIEWS[0];
  return { view: found, query: new URLSearchParams(query || "") };
}

export async function ask(path, known) {
  const headers = known ? { "If-None-Match": known } : {};
  const answer = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(LONGEST) });
  if (answer.status === 304) return null;
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error || `status ${answer.status}`);
  return { data, tag: answer.headers.get("ETag") };
}

function tabs(current) {
  const counts = page.state ? { shards: page.state.application.blocked, letters: page.state.application.dead_letters } : {};
  return h("nav", { "aria-label": "Views" }, VIEWS.map(([name, title]) =>
    h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null, "data-key": name },
      title, counts[name] > 0 && h("span", { class: "count" }, String(counts[name])))));
}

function freshness() {
  if (page.failure) return h("span", { class: "pill bad" }, "console away");
  if (!page.state) return h("span", { class: "pill" }, "…");
  return h("span", { class: "quiet", title: "When this was true, by DynamoDB's clock" }, `as of ${clock(page.state.application.at)}`);
}

function header(current) {
  const found = page.state && page.state.application;
  return [
    h("div", { class: "title" },
      h("h1", {}, found ? found.name : "record-processor"),
      found && h("span", { class: "quiet" }, found.region),
      h("span", { class: "right" }, freshness())),
    tabs(current),
  ];
}

function problems() {
  return [
    page.failure && notice("bad", `The console does not answer (${page.failure}). What is shown is old.`),
    page.state && page.state.error && notice("bad", "The last look failed; what is shown is from before: ", page.state.error),
  ];
}

function render() {
  const { view: [name, title, draw], query } = route();
  document.title = `${page.state ? page.state.application.name : "record-processor"} · ${title}`;
  show(document.getElementById("top"), header(name));
  if (!page.state) {
    show(document.getElementById("main"), problems(), h("p", { class: "quiet" }, "Loading…"));
    return;
  }
  show(document.getElementById("main"), problems(), panel(page.state, render),
    h("section", { "data-key": name, "aria-label": title }, draw(page.state, { query, render, ask })));
}

async function refresh() {
  try {
    const answer = await ask("/api/state", page.tag);
    page.failure = null;
    if (answer) [page.state, page.tag] = [answer.data, answer.tag];
  } catch (error) {
    page.failure = error.name === "TimeoutError" ? "no answer" : error.message;
  }
  render();
}

async function run() {
  clearTimeout(page.asking);
  await refresh();
  clearTimeout(page.asking);
  page.asking = setTimeout(run, document.hidden ? HIDDEN_PAUSE : PAUSE);
}

addEventListener("hashchange", () => {
  takeToken();
  render();
  document.getElementById("main").focus({ preventScroll: true });
  scrollTo(0, 0);
});
document.addEventListener("visibilitychange", () => document.hidden || run());
takeToken();
run();
