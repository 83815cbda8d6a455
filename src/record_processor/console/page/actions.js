// Actions: what each does per second, what it has done, and what it blocks.

import { h } from "./dom.js";
import { pause, resume, skip } from "./drafts.js";
import { bytes, count, duration } from "./format.js";
import { may, orderButton } from "./orders.js";
import { badge, notice, table } from "./parts.js";

function blocks(found, name, tableName) {
  return found.shards.filter((shard) => !tableName || shard.table === tableName).flatMap((shard) =>
    shard.blocks.filter((block) => block.action === name).map((block) => ({ shard, block })));
}

function said({ shard, block }, now, mayOrder) {
  const next = block.next_try === undefined || block.next_try === null ? "being tried now" : `next try in ${duration(Math.max(0, block.next_try - now))}`;
  const records = block.records > 1 ? `${count(block.records)} records from ` : "record ";
  return notice("bad",
    h("a", { href: `#/shards?find=${encodeURIComponent(shard.shard_id)}` }, `${shard.table} …${shard.shard_id.slice(-8)}`),
    `: ${records}${block.sequence_number}: `, h("span", { class: "error" }, block.error),
    h("span", { class: "quiet" }, ` (${count(block.attempts || 0)} failed attempts, since ${duration(Math.max(0, now - block.since))}, ${next}) `),
    mayOrder && orderButton("Skip the record", skip(shard, block)));
}

function isPaused(one, found) {
  return found.pauses.some(({ scope }) => scope.action === one.action && !scope.table && !scope.shard_id);
}

function rate(one, name, text = count) {
  return one.per_second ? `${text(one.per_second[name])}/s` : "…";
}

function condition(one, found) {
  const stuck = blocks(found, one.action, one.table).length;
  if (stuck) return badge("bad", `✕ blocks ${new Set(blocks(found, one.action, one.table).map(({ shard }) => shard.shard_id)).size}`);
  if (isPaused(one, found)) return badge("warn", "‖ paused");
  if (one.per_second && one.per_second.failed_attempts > 0) return badge("warn", "! errors");
  return badge("good", "● well");
}

function rows(state) {
  const seen = new Set(state.rates.map((one) => one.action));
  const idle = state.configured.filter((one) => !seen.has(one.name))
    .map((one) => ({ table: "–", action: one.name, totals: null, per_second: null }));
  return [...state.rates, ...idle];
}

export function actions(state) {
  const found = state.application;
  const configured = new Map(state.configured.map((one) => [one.name, one]));
  const total = (name, text = count) => (one) => (one.totals ? text(one.totals[name]) : "–");
  return [
    table("Actions", [
      ["Action", (one) => [h("strong", {}, one.action), " ", h("span", { class: "quiet" }, configured.has(one.action) ? configured.get(one.action).type : "not in this actions file")]],
      ["Table", (one) => one.table],
      ["State", (one) => (one.totals ? condition(one, found) : badge("quiet", "nothing yet"))],
      ...(may(state) ? [["Orders", (one) => (isPaused(one, found) ? orderButton("Resume", resume({ action: one.action })) : orderButton("Pause", pause({ action: one.action })))]] : []),
      ["Delivered", (one) => rate(one, "delivered"), "number"],
      ["Bytes", (one) => rate(one, "delivered_bytes", bytes), "number"],
      ["Errors", (one) => rate(one, "failed_attempts"), "number"],
      ["Received", total("received"), "number"],
      ["Filtered out", total("filtered"), "number"],
      ["Delivered in all", total("delivered"), "number"],
      ["Failed attempts", total("failed_attempts"), "number"],
      ["Retries", total("retries"), "number"],
      ["Dead letters", total("dead_letters"), "number"],
    ], rows(state), (one) => `${one.action} ${one.table}`,
    (one) => (one.totals ? blocks(found, one.action, one.table).slice(0, 8).map((each) => said(each, found.at, may(state))) : [])),
    h("p", { class: "quiet" }, "Per second: over the last 15 seconds. All else: since the workers that run now were started."),
  ];
}
