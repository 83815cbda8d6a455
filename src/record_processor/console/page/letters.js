// Dead letters: read when asked for, searched here, and looked into one by one.

import { h } from "./dom.js";
import { replay } from "./drafts.js";
import { clock, moment } from "./format.js";
import { may, orderButton } from "./orders.js";
import { notice } from "./parts.js";

const AGAIN = 5000;
const desk = { places: null, action: null, listing: null, busy: false, error: null, find: "", letters: new Map(), triedAt: 0 };

async function load(ask, render) {
  // Drawing asks for them, and an answer draws: what fails is asked for again only after a while.
  if (desk.places || Date.now() - desk.triedAt < AGAIN) return;
  desk.triedAt = Date.now();
  try {
    desk.places = (await ask("/api/dead-letters")).data;
    desk.action = desk.places.length ? desk.places[0].action : null;
    desk.error = null;
  } catch (error) {
    desk.error = error.message;
  }
  render();
}

async function read(ask, render) {
  Object.assign(desk, { busy: true, error: null });
  render();
  try {
    let answer;
    do answer = (await ask(`/api/dead-letters/read?action=${encodeURIComponent(desk.action)}`)).data;
    while (answer.error);
    if (!desk.listing || desk.listing.reading !== answer.reading) desk.letters = new Map();
    desk.listing = answer;
  } catch (error) {
    desk.error = error.message;
  }
  desk.busy = false;
  render();
}

async function look(number, ask, render) {
  if (desk.letters.has(number)) return;
  desk.letters.set(number, "Loading…");
  try {
    desk.letters.set(number, (await ask(`/api/dead-letters/letter?reading=${desk.listing.reading}&number=${number}`)).data);
  } catch (error) {
    desk.letters.set(number, error.message);
  }
  render();
}

function controls(ask, render) {
  const place = desk.places.find((one) => one.action === desk.action);
  const choose = (event) => { Object.assign(desk, { action: event.target.value, listing: null, error: null }); render(); };
  return [
    h("form", { class: "controls", onsubmit: (event) => { event.preventDefault(); if (!desk.busy) read(ask, render); } },
      h("label", {}, "Action ", h("select", { $value: desk.action, onchange: choose }, desk.places.map((one) =>
        h("option", { value: one.action }, `${one.action} (${one.kind})`)))),
      h("button", { type: "submit", disabled: desk.busy || !place.is_readable }, desk.busy ? "Reading…" : "Read"),
      desk.listing && h("label", {}, "Find ", h("input", { type: "search", $value: desk.find, oninput: (event) => { desk.find = event.target.value; render(); } }))),
    place.note && notice("warn", place.note),
  ];
}

function facts(letter) {
  const fact = (name, value) => (value ? [h("dt", {}, name), h("dd", {}, value)] : null);
  return h("dl", { class: "facts" },
    fact("Stream", h("code", {}, letter.stream_arn)), fact("Shard", h("code", {}, letter.shard_id)),
    fact("Record", h("code", {}, letter.sequence_number)), fact("Attempts", String(letter.attempts)),
    fact("First attempt", letter.first_attempt_at && moment(letter.first_attempt_at)),
    fact("Last attempt", letter.last_attempt_at && moment(letter.last_attempt_at)),
    fact("Given up", moment(letter.stored_at)), fact("Letter", h("code", {}, letter.id)),
    fact("Left out for its size", letter.left_out.join(", ")));
}

function inside(letter, state) {
  if (typeof letter === "string") return h("p", { class: "quiet" }, letter);
  return [
    facts(letter),
    may(state) && orderButton("Replay this letter", replay(letter.action, letter.id)),
    h("h3", {}, "Error"), h("pre", { tabindex: 0 }, `${letter.error.type}: ${letter.error.message}`),
    letter.error.traceback && h("details", { "data-key": "traceback" }, h("summary", {}, "Traceback"), h("pre", { tabindex: 0 }, letter.error.traceback)),
    h("h3", {}, "Record", !state.shows_values && h("span", { class: "quiet" }, " (values hidden; --show-values shows them)")),
    h("pre", { tabindex: 0 }, letter.record),
  ];
}

function one(summary, state, ask, render) {
  const open = (event) => event.target.open && look(summary.number, ask, render);
  const letter = desk.letters.get(summary.number);
  return h("details", { class: "item", "data-key": `${desk.listing.reading}-${summary.number}`, ontoggle: open },
    h("summary", {}, h("span", { class: "quiet" }, moment(summary.stored_at)), " ", h("strong", {}, summary.table), " ",
      h("span", { class: "error" }, summary.error), " ", h("code", { class: "quiet" }, summary.sequence_number)),
    letter && h("div", { class: "inside" }, inside(letter, state)));
}

function list(state, ask, render) {
  const { letters, has_more: more, unreadable, refused, at } = desk.listing;
  const find = desk.find.toLowerCase();
  const found = letters.filter((each) => !find || Object.values(each).join(" ").toLowerCase().includes(find));
  return [
    h("p", { class: "quiet", role: "status" }, `${found.length} of ${letters.length}${more ? " read; there are more" : ""}, as of ${clock(at)}`),
    unreadable > 0 && notice("warn", `${unreadable} in that place are no dead letters.`),
    refused.map((each) => notice("warn", each)),
    may(state) && letters.length > 0 && h("p", { class: "buttons" }, orderButton(`Replay all of ${desk.action}`, replay(desk.action))),
    !letters.length && notice("", "There are no dead letters."),
    h("div", { class: "items" }, found.map((each) => one(each, state, ask, render))),
  ];
}

export function letters(state, { ask, render }) {
  load(ask, render);
  if (!desk.places) return desk.error ? notice("bad", desk.error) : h("p", { class: "quiet" }, "Loading…");
  if (!desk.places.length) return notice("", "No action has a dead_letter in its configuration.");
  return [
    controls(ask, render),
    desk.error && notice("bad", desk.error),
    desk.listing && desk.listing.action === desk.action && list(state, ask, render),
  ];
}
