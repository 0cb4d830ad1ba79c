/** Fork files: the proof that a log signed two statements that cannot both be true (docs/formats.md, "Fork file"). */
import { hasKeys, hex, parseJson, same, unb64 } from "./canonical.js";
import { Entry } from "./entries.js";
import { Malformed, Unverified, need } from "./errors.js";
import { checkConsistency, checkInclusion } from "./merkle.js";
import { Key, parseCheckpoint } from "./notes.js";
import { checkSigned } from "./policy.js";

const COMMON = ["format", "log", "key", "checkpoints"];

/** `{log, kind, place, first, second}`: two roots or leaf hashes, in hex, that stand at one place of a log. */
export async function checkFork(data, policy = null) {
  const file = parseJson(data);
  const histories = hasKeys(file, ...COMMON, "prefix", "path");
  const formed = histories || hasKeys(file, ...COMMON, "entries");
  need(formed && data.length <= 2 ** 20 && file.format === "lodetrace fork v1", Malformed, "malformed", "a fork file");
  need(Array.isArray(file.checkpoints) && file.checkpoints.length === 2, Malformed, "malformed", "a fork file");
  const points = file.checkpoints.map((note) => parseCheckpoint(note));
  for (const point of points) {
    const key = (policy?.logs.has(file.log) && policy.keyOf({ ...point, log: file.log })) || Key.parse(file.key);
    need(key.name === file.log, Unverified, "origin-differs");
    await checkSigned(point, key);
    need(point.log === file.log, Unverified, "origin-differs");
  }
  return { log: file.log, ...(histories ? ofHistories(file, points) : ofEntries(file, points)) };
}

function ofHistories(file, [one, other]) {
  const [prefix, path] = [unb64(file.prefix, 32), file.path.map((hash) => unb64(hash, 32))];
  need(path.length <= 64, Malformed, "malformed", "a path");
  need(!same(prefix, one.root), Unverified, "fork-unproven");
  checkConsistency(one.size, other.size, path, prefix, other.root, "fork-unproven");
  return { kind: "checkpoints", place: one.size, first: hex(one.root), second: hex(prefix) };
}

function ofEntries(file, points) {
  const shown = file.entries.map((row, at) => {
    need(hasKeys(row, "note", "index", "path", "disclosures"), Malformed, "malformed", "an entry of a fork file");
    const entry = new Entry(row.note);
    need(entry.log === file.log && entry.index === row.index, Unverified, "fork-unproven");
    const path = row.path.map((hash) => unb64(hash, 32));
    checkInclusion(entry.leaf, entry.index, points[at].size, path, points[at].root);
    return { entry, opens: row.disclosures };
  });
  const [first, second] = shown.map(({ entry }) => entry);
  need(shown.length === 2 && !same(first.leaf, second.leaf), Unverified, "fork-unproven");
  const leaves = { first: hex(first.leaf), second: hex(second.leaf) };
  if (first.index === second.index) return { kind: "entries", place: first.index, ...leaves };
  const ids = shown.map(({ entry, opens }) => {
    need(opens.length === 1 && entry.type === "shipped", Unverified, "fork-unproven");
    entry.open(opens);
    return entry.ids.get("shipment");
  });
  need(ids[0] !== undefined && ids[0] === ids[1], Unverified, "fork-unproven");
  return { kind: "shipments", place: Math.min(first.index, second.index), ...leaves };
}
