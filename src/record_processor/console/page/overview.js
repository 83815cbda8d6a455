// How the application is: its figures, what needs somebody, and its workers.

import { h } from "./dom.js";
import { pause, RELOAD } from "./drafts.js";
import { bytes, count, duration, NEAR_TRIM_SECONDS, plural } from "./format.js";
import { may, orderButton, pauses } from "./orders.js";
import { badge, chart, figure, notice, owner, owners, table } from "./parts.js";

function leastTrim(shards) {
  const known = shards.map((shard) => shard.lag.trimmed_in_seconds).filter((seconds) => seconds !== null);
  return known.length ? Math.min(...known) : null;
}

function figures(state) {
  const found = state.application;
  const open = found.shards.filter((shard) => shard.state !== "ended");
  const trim = leastTrim(found.shards);
  const rates = open.map((shard) => shard.records_per_second).filter((rate) => rate !== null);
  const pending = open.reduce((sum, shard) => sum + (shard.pending || 0), 0);
  return h("dl", { class: "cards" },
    figure("Lag", duration(found.lag_seconds, "?"), "the oldest record that is not done"),
    figure("Throughput", rates.length ? `${count(rates.reduce((sum, rate) => sum + rate, 0))}/s` : "?", plural(pending, "record") + " in work"),
    figure("Blocked", `${found.blocked} of ${open.length}`, "shards", found.blocked ? "bad" : ""),
    figure("Dead letters", count(found.dead_letters), "since the workers started", found.dead_letters ? "warn" : ""),
    figure("Records trimmed in", duration(trim), trim === null ? "nothing is waiting" : "at the earliest",
      trim !== null && trim < NEAR_TRIM_SECONDS ? "bad" : ""),
    figure("Workers", count(found.workers.filter((worker) => !worker.is_late).length),
      found.leader ? ["leader ", h("code", {}, found.leader)] : "no leader", found.leader ? "" : "bad"));
}

function needs(found) {
  const say = [];
  const link = (shard) => h("a", { href: `#/shards?find=${encodeURIComponent(shard.shard_id)}` }, `${shard.table} …${shard.shard_id.slice(-8)}`);
  for (const shard of found.shards) {
    const trim = shard.lag.trimmed_in_seconds;
    if (shard.is_trimmed) say.push(["bad", link(shard), ": records were trimmed before they were read: they are lost"]);
    if (trim !== null && trim < NEAR_TRIM_SECONDS) say.push(["bad", link(shard), `: records are trimmed in ${duration(trim)}`]);
    for (const block of shard.blocks) say.push(["bad", link(shard), `: ${block.action}: ${block.error}`]);
    if (shard.state === "late") say.push(["bad", link(shard), ": its lease is late"]);
    if (shard.state === "unowned") say.push(["bad", link(shard), ": no worker has its lease"]);
    if (shard.restarts) say.push(["warn", link(shard), `: its process was restarted ${plural(shard.restarts, "time")} in a row`]);
  }
  const most = 12;
  return [
    say.slice(0, most).map(([kind, ...content]) => notice(kind, content)),
    say.length > most && h("p", { class: "quiet" }, `and ${say.length - most} more in `, h("a", { href: "#/shards" }, "Shards")),
  ];
}

function workers(found) {
  if (!found.workers.length) return notice("bad", "No worker is running.");
  const known = owners(found);
  const now = found.at;
  return table("Workers", [
    ["Worker", (one) => [owner(one.worker_id, known), one.is_leader && [" ", badge("good", "leader")], one.is_late && [" ", badge("bad", "late")]]],
    ["Host", (one) => one.host || "?"],
    ["Version", (one) => one.version || "?"],
    ["Up", (one) => duration(one.since === null ? null : now - one.since, "?"), "number"],
    ["Shards", (one) => String(one.shards), "number"],
    ["CPU", (one) => (one.cpu_cores === null ? "?" : one.cpu_cores.toFixed(2)), "number"],
    ["Memory", (one) => bytes(one.memory_bytes, "?"), "number"],
    ["Seen", (one) => (one.seen_seconds_ago === null ? "never" : `${duration(one.seen_seconds_ago)} ago`), "number"],
  ], found.workers, (one) => one.worker_id);
}

function streams(found) {
  return table("Streams", [
    ["Table", (one) => one.table],
    ["Stream", (one) => [h("code", {}, one.arn), one.replaced_by && [h("br"), "replaced by ", h("code", {}, one.replaced_by), ", which is read after it"]]],
  ], found.streams, (one) => one.arn);
}

export function overview(state) {
  const { trend, application } = state;
  return [
    figures(state),
    pauses(state),
    needs(application),
    may(state) && h("p", { class: "buttons" }, orderButton("Pause everything", pause({})), " ", orderButton("Reload the actions", RELOAD)),
    h("div", { class: "charts" },
      chart("Lag", trend.at, trend.lag_seconds, (value) => duration(value, "?"), "lag"),
      chart("Records per second", trend.at, trend.records_per_second, (value) => count(value, "?"), "rate")),
    workers(application),
    streams(application),
    h("p", { class: "quiet" }, `record-processor ${state.version} · ${state.allows_actions ? "takes orders" : "read-only"}`),
  ];
}
