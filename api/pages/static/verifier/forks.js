/** Fork files: the proof that a log signed two statements that cannot both be true (docs/formats.md, "Fork file"). */
import { hasKeys, hex, isInteger, isObject, parseJson, same, unb64 } from "./canonical.js";
import { Entry } from "./entries.js";
import { Malformed, Unverified, need } from "./errors.js";
import { checkConsistency, checkInclusion } from "./merkle.js";
import { Key, parseCheckpoint, signers } from "./notes.js";
import { checkSigned } from "./policy.js";
import { Keys } from "./registry.js";

const COMMON = ["format", "log", "key", "checkpoints"];

const malformed = (holds) => need(holds, Malformed, "malformed", "a fork file");
const texts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");

/** The hashes of a path. */
function hashes(path) {
  malformed(texts(path) && path.length <= 64);
  return path.map((hash) => unb64(hash, 32));
}

/** The file by its form, with its key and its checkpoints; nothing is checked yet. */
function parseFork(data) {
  const file = parseJson(data);
  malformed(isObject(file) && data.length <= 2 ** 20);
  const { lineage, ...told } = file;
  malformed(hasKeys(told, ...COMMON, "prefix", "path") || hasKeys(told, ...COMMON, "entries"));
  malformed(file.format === "lodetrace fork v1" && typeof file.log === "string" && typeof file.key === "string");
  malformed(texts(file.checkpoints) && file.checkpoints.length === 2);
  const shown = [file.entries ?? [], lineage?.entries ?? []];
  malformed(shown.every(Array.isArray));
  for (const row of shown.flat())
    malformed(isObject(row) && typeof row.note === "string" && texts(row.disclosures));
  if (file.entries) malformed(file.entries.length === 2);
  for (const row of file.entries ?? []) {
    malformed(hasKeys(row, "note", "index", "path", "disclosures") && isInteger(row.index) && row.index >= 0);
    malformed(row.disclosures.length <= 1 && hashes(row.path));
  }
  if ("lineage" in file) {
    malformed(hasKeys(lineage, "under", "path", "entries") && [0, 1].includes(lineage.under) && hashes(lineage.path));
    malformed(lineage.entries.length > 1 && lineage.entries.every((row) => hasKeys(row, "note", "disclosures")));
  }
  if ("prefix" in file) malformed(unb64(file.prefix, 32) && hashes(file.path));
  return { ...file, key: Key.parse(file.key), points: file.checkpoints.map((note) => parseCheckpoint(note)) };
}

/** `{log, kind, place, first, second}`: two roots or leaf hashes, in hex, that stand at one place of a log. */
export async function checkFork(data, policy = null) {
  const file = parseFork(data);
  const named = (point) => (policy?.logs.has(file.log) ? policy.keyOf({ ...point, log: file.log }) : file.key);
  need(named(file.points[0]).name === file.log, Unverified, "origin-differs");
  const keys = file.lineage ? await lineageKeys(file.lineage, file.points, named) : null;
  for (const point of file.points) {
    await checkSigned(point, keys ? keys.of("log", point.size)[0] : named(point));
    need(point.log === file.log, Unverified, "origin-differs");
  }
  return { log: file.log, ...(file.entries ? ofEntries(file, file.points) : ofHistories(file, file.points)) };
}

/** The keys of a log that replaced them between its checkpoints: by entry 0 under one of these, and each `rekeyed`. */
async function lineageKeys(told, points, named) {
  const point = points[told.under];
  await checkSigned(point, named(point));
  const entries = told.entries.map((row) => {
    const entry = new Entry(row.note);
    entry.open(row.disclosures);
    return entry;
  });
  const [first, ...later] = entries;
  need(first.index === 0 && entries.every(({ log }) => log === point.log), Unverified, "fork-unproven");
  checkInclusion(first.leaf, 0, point.size, hashes(told.path), point.root);
  const own = (entry) => entry.type === "rekeyed" && entry.slot("about").name === entry.organisation;
  const replacing = later.every((entry) => own(entry) && entry.slot("keys").list && !entry.slot("cited").log);
  need(replacing, Unverified, "fork-unproven");
  let keys = Keys.opened(first);
  for (const entry of later) {
    const { list, recovery } = entry.slot("keys");
    keys = recovery ? await keys.recovering(entry.index, list, recovery) : keys.replaced(entry.index, list);
  }
  for (const entry of entries) {
    const wanted = keys.signers(entry.index);
    const signed = await signers(entry, wanted);
    const all = signed.length === wanted.length && signed.every((key, at) => key.is(wanted[at]));
    need(all, Unverified, "entry-signature-bad");
  }
  return keys;
}

function ofHistories(file, [one, other]) {
  const [prefix, path] = [unb64(file.prefix, 32), hashes(file.path)];
  need(!same(prefix, one.root), Unverified, "fork-unproven");
  checkConsistency(one.size, other.size, path, prefix, other.root, "fork-unproven");
  return { kind: "checkpoints", place: one.size, first: hex(one.root), second: hex(prefix) };
}

function ofEntries(file, points) {
  const shown = file.entries.map((row, at) => {
    const entry = new Entry(row.note);
    need(entry.log === file.log && entry.index === row.index, Unverified, "fork-unproven");
    checkInclusion(entry.leaf, entry.index, points[at].size, hashes(row.path), points[at].root);
    return { entry, opens: row.disclosures };
  });
  const [first, second] = shown.map(({ entry }) => entry);
  need(!same(first.leaf, second.leaf), Unverified, "fork-unproven");
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
