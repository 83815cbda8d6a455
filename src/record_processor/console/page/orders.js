// Orders: what may be paused, skipped and so on from here, by whoever opened the page with its token.

import { h } from "./dom.js";
import { resume, scopeWords, some } from "./drafts.js";
import { duration } from "./format.js";
import { notice } from "./parts.js";

const KEY = "record-processor-token";
const PAUSE = 1000;
const desk = { draft: null, reason: "", rate: "", outcome: null, error: null, timer: null, render: () => {} };

// The token comes after the # of the address, which no server sees, and stays in this tab alone.
export function takeToken() {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (!found) return;
  sessionStorage.setItem(KEY, found[1]);
  history.replaceState(null, "", "#/overview");
}

function token() {
  return sessionStorage.getItem(KEY);
}

export function may(state) {
  return state.allows_actions && token() !== null;
}

async function send(path, order) {
  const headers = { "Content-Type": "application/json", "X-Console-Token": token() };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(order), cache: "no-store", signal: AbortSignal.timeout(10000) });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error || `status ${answer.status}`);
  return data;
}

async function give(path, order) {
  desk.error = null;
  try {
    desk.outcome = await send(path, order);
    desk.draft = null;
  } catch (error) {
    desk.error = error.message;
  }
  desk.render();
  follow();
}

function follow() {
  clearTimeout(desk.timer);
  if (!desk.outcome || desk.outcome.status !== null) return;
  desk.timer = setTimeout(async () => {
    try {
      const answer = await fetch("/api/orders", { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (answer.ok) desk.outcome = await answer.json();
    } catch {
      // The page says that the console is away; it is asked again.
    }
    desk.render();
    follow();
  }, PAUSE);
}

// An order begins as a draft: what it does is said, and a reason asked for, before anything happens.
export function orderButton(label, draft) {
  const begin = () => {
    Object.assign(desk, { draft, reason: "", rate: "", error: null });
    if (desk.outcome && desk.outcome.status !== null) desk.outcome = null;
    desk.render();
    const field = document.querySelector(".order input, .order button");
    if (field) field.focus();
  };
  return h("button", { type: "button", class: "small", onclick: begin, "data-key": `order ${label}` }, label);
}

function text(label, name, more) {
  return h("label", { class: "wide" }, `${label} `,
    h("input", { type: "search", $value: desk[name], maxlength: 300, oninput: (event) => { desk[name] = event.target.value; }, ...more }));
}

function draft(one) {
  const submit = (event) => {
    event.preventDefault();
    give("/api/orders", { ...one.order, ...some({ reason: one.hasNoReason ? "" : desk.reason, rate: one.hasRate ? desk.rate : "" }) });
  };
  return h("form", { class: "controls notice warn order", "data-key": one.title, "aria-label": one.title, onsubmit: submit },
    h("div", { class: "wide" }, one.says),
    !one.hasNoReason && text(one.needsReason ? "Reason (stands in the letter and in the log)" : "Reason (shown to everybody, and in the log)", "reason", { required: one.needsReason }),
    one.hasRate && text("At most so many (empty: as fast as it can)", "rate", { placeholder: "50/s", pattern: "[0-9]+/[smh]" }),
    h("button", { type: "submit" }, one.title),
    h("button", { type: "button", onclick: () => { desk.draft = null; desk.error = null; desk.render(); } }, "Cancel"));
}

function outcome(one) {
  const state = one.status === null ? "is being carried out" : one.status === 0 ? "is done" : `ended with exit status ${one.status}`;
  return h("div", { class: `notice ${one.status === null ? "warn" : one.status === 0 ? "good" : "bad"}`, role: "status", "data-key": "outcome" },
    h("code", {}, one.command), ` ${state}`, one.said.map((line) => ["\n", line]), h("div", { class: "controls" },
      one.status === null
        ? h("button", { type: "button", class: "small", onclick: () => give("/api/orders/stop", {}) }, "Stop it")
        : h("button", { type: "button", class: "small", onclick: () => { desk.outcome = null; desk.render(); } }, "Close")));
}

// What is above every view: an order that is being written, and what became of the last one.
export function panel(state, render) {
  desk.render = render;
  if (state.allows_actions && token() === null) {
    return notice("", "This console takes orders from pages that were opened with the address that it printed when it started.");
  }
  return [desk.error && notice("bad", desk.error), desk.draft && draft(desk.draft), desk.outcome && desk.outcome.number > 0 && outcome(desk.outcome)];
}

// What is paused, by whom and why.
export function pauses(state) {
  const found = state.application;
  return found.pauses.map((one) => notice("warn", h("strong", {}, `‖ ${scopeWords(one.scope)} is paused`),
    ` by ${one.by} since ${duration(Math.max(0, found.at - one.at))}${one.reason ? `: ${one.reason}` : ""} `,
    may(state) && orderButton("Resume", resume(one.scope))));
}
