// Figures for people: as `record-processor status` shows them.

const LONG = [[86400, "d"], [3600, "h"], [60, "min"]];

function rounded(value) {
  return value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1);
}

export function duration(seconds, nothing = "–") {
  if (seconds === null || seconds === undefined) return nothing;
  for (const [length, unit] of LONG) if (seconds >= length) return `${rounded(seconds / length)} ${unit}`;
  return `${rounded(Math.max(0, seconds))} s`;
}

const COUNTS = [[1e9, "G"], [1e6, "M"], [1e4, "k", 1e3]];

export function count(value, nothing = "–") {
  if (value === null || value === undefined) return nothing;
  for (const [from, unit, by = from] of COUNTS) if (value >= from) return `${rounded(value / by)} ${unit}`;
  return value === Math.round(value) ? String(value) : rounded(value);
}

export function bytes(value, nothing = "–") {
  if (value === null || value === undefined) return nothing;
  if (value < 1000) return `${value.toFixed(0)} B`;
  for (const [size, unit] of [[2 ** 30, "GB"], [2 ** 20, "MB"]]) if (value >= size) return `${rounded(value / size)} ${unit}`;
  return `${rounded(value / 1024)} kB`;
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

// A time as ISO 8601, or in milliseconds.
export function moment(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toLocaleString();
}

// How many characters at the end tell shards apart.
export function shortLength(ids) {
  const all = [...new Set(ids)];
  for (let length = 8; length < 64; length++) if (new Set(all.map((id) => id.slice(-length))).size === all.length) return length;
  return 64;
}

export function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

const STATES = {
  ended: ["ended", "✓", "quiet"],
  waiting_for_parent: ["waiting for parent", "…", "quiet"],
  unowned: ["unowned", "○", "bad"],
  late: ["late", "!", "bad"],
  paused: ["paused", "‖", "warn"],
  blocked: ["blocked", "✕", "bad"],
  starting: ["starting", "↻", "warn"],
  reading: ["reading", "●", "good"],
};

// The words, the sign and the colour of a state: a colour never stands alone.
export function state(name) {
  return STATES[name] || [String(name), "?", "warn"];
}

export const NEAR_TRIM_SECONDS = 4 * 3600;
