// Orders as they are before they are given: what each does, in words, and what is sent.

export function scopeWords(scope) {
  const parts = [scope.action && `action ${scope.action}`, scope.shard_id && `shard …${scope.shard_id.slice(-8)}`, scope.table && `table ${scope.table}`];
  return parts.filter(Boolean).join(" of ") || "the whole application";
}

export function pause(scope) {
  const { table, shard_id: shard, action } = scope;
  const says = `Pause ${scopeWords(scope)}? Within 2 seconds no call of it begins on any host. Leases stay, and the lag grows until it is resumed.`;
  return { title: `Pause ${scopeWords(scope)}`, says, order: { verb: "pause", ...some({ table, shard, action }) } };
}

export function resume(scope) {
  const { table, shard_id: shard, action } = scope;
  return { title: `Resume ${scopeWords(scope)}`, says: `Resume ${scopeWords(scope)}?`, order: { verb: "resume", ...some({ table, shard, action }) }, hasNoReason: true };
}

export function skip(shard, block) {
  const says = `Give up record ${block.sequence_number} of ${shard.table} for action ${block.action}? It goes to the dead letters, and the shard goes on.`;
  return { title: "Skip a record", says, needsReason: true, order: { verb: "skip", shard: shard.shard_id, sequence_number: block.sequence_number, action: block.action } };
}

export const RELOAD = {
  title: "Reload the actions",
  says: "Have every worker read its own actions.yaml and handlers anew? They are checked first, and refused whole if they have errors.",
  order: { verb: "reload" },
};

export function replay(action, letter) {
  const what = letter ? "this letter" : "all dead letters";
  const says = `Send ${what} of action ${action} again? Those that succeed are removed. The action runs on this machine, with the rights of whoever started the console.`;
  return { title: `Replay ${what} of ${action}`, says, hasNoReason: true, hasRate: !letter, order: { verb: "replay", action, ...some({ letter }) } };
}

export function some(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}
