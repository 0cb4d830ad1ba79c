/**
 * The verification of an evidence file (docs/formats.md, "Evidence" and "Verification"): the same steps, in the same
 * order, with the same verdict as `lodetrace verify`. What it cannot check, it names: cosignatures of ML-DSA-44.
 */
import { b64, hasKeys, isInteger, isObject, parseJson, same, unb64 } from "./canonical.js";
import { attestations, checkCustody, checkRefs, checkSubject, originsOf } from "./custody.js";
import { Entry, KINDS } from "./entries.js";
import { Malformed, Unverified, need } from "./errors.js";
import { checkConsistency, checkInclusion } from "./merkle.js";
import { isForeignId, isOrigin, organisation } from "./names.js";
import { parseCheckpoint, signers } from "./notes.js";
import { sha256 } from "./crypto.js";
import { checkSigned } from "./policy.js";
import { Keys, checkAct, checkEnd, checkLines, isSuspended, memberKeys, members as membersOf, words, writes } from "./registry.js";
import { TYPES } from "./tables.js";

const FILE_MAX = 64 * 2 ** 20;
const malformed = (holds, what) => need(holds, Malformed, "malformed", what);
const unverified = (holds, code, what) => need(holds, Unverified, code, what);

/** The steps, by number, as the document counts them. */
export const STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/**
 * The verdict on the bytes of an evidence file, under a Policy or null, for a reader for whom it is `now` (a Date).
 * `tell(step)` is called when a step begins. What does not hold is thrown, with its `step`.
 */
export async function verify(data, policy, now = new Date(), tell = () => {}) {
  let at = 0;
  const step = (number) => tell((at = number));
  try {
    return await new Verification(data, policy, now, step).verdict();
  } catch (error) {
    error.step ??= at;
    throw error;
  }
}

class Verification {
  constructor(data, policy, now, step) {
    [this.policy, this.now, this.step] = [policy, now, step];
    step(0);
    Object.assign(this, parseEvidence(data));
    this.opened = new Map(this.file.disclosures.map((row) => [row.leaf, row.opens]));
    [this.keys, this.trusted, this.consistent] = [new Map(), new Map(), new Map()];
    [this.there, this.members] = [new Map(), new Map()];
  }

  opens = (entry) => this.opened.get(b64(entry.leaf)) ?? [];

  async verdict() {
    const { policy, step } = this;
    step(1);
    const logs = new Set([...this.entries, ...this.points].map(({ log }) => log));
    const named = new Set([...logs].filter((log) => !policy || policy.logs.has(log)));
    const passedOver = policy ? otherRegistries(this.entries, named) : new Set();
    const others = [...logs].filter((log) => !named.has(log) && !passedOver.has(log));
    unverified(others.length === 0 || policy.registries.size > 0, "log-not-trusted", others[0]);
    await this.#checkLogs(named);
    step(2);
    const standing = this.file.standing.filter((row) => !passedOver.has(row.log));
    checkLines(standing, this.there, policy && policy.registries);
    if (others.length > 0) {
      const told = membersOf(standing, this.there, policy, this.now);
      step(1);
      for (const log of others) unverified(told.has(organisation(log)), "log-not-trusted", log);
      for (const log of others) this.members.set(organisation(log), told.get(organisation(log)));
      await this.#checkLogs(new Set(others));
    }
    return this.#judge();
  }

  #judge() {
    const { policy, step, there, members } = this;
    step(7);
    const roots = new Map();
    for (const point of this.trusted.keys()) roots.set(`${point.log} ${point.size}`, point.root);
    const missing = checkRefs(there, roots);
    step(8);
    missing.push(...checkCustody(there));
    step(9);
    const subject = checkSubject(this.file.subject, there);
    missing.push(...subject.missing);
    const told = [...members.values()].flatMap(words);
    for (const { name, registry, asOf } of told) if (!asOf) missing.push(`${registry} standing ${name}`);
    step(10);
    this.attested = policy ? attestations(there, roots, members) : [];
    for (const member of told) {
      for (const entry of [...there.values()].filter(({ log }) => writes(member, log))) {
        const anew = (revoked) =>
          this.#attesting(entry).some((one) => one.by === member.registry && one.index > revoked.index);
        checkAct(member, entry, this.keys.get(entry.log).signers(entry.index), anew);
      }
    }
    return {
      vouched: policy !== null,
      complete: policy !== null && missing.length === 0,
      missing: [...new Set(missing)].sort(),
      not_shown: [...there.values()].reduce((sum, entry) => sum + entry.hidden, 0),
      subject: subject.said,
      attested: this.attested,
      origins: originsOf(subject.said, there).map((row) => ({ ...row, standing: this.#word(row) })),
      members: Object.fromEntries([...members].map(([name, member]) => [name, standingOf(member)])),
      logs: Object.fromEntries(this.#newest().map((point) => [point.log, this.#facts(point)])),
      entries: there,
      keys: this.keys,
    };
  }

  #word(row) {
    const covering = this.#attesting(this.there.get(`${row.log} ${row.index}`));
    return covering.some((one) => one.checks.includes("provenance")) ? "attested" : "claimed";
  }

  /** Attestations that cover an entry: it is below their size, in the history that they are about. */
  #attesting(entry) {
    return this.attested.filter(
      (one) =>
        one.log === entry.log &&
        entry.index < one.size &&
        (this.consistent.get(entry.log) || entry.point.size === one.size),
    );
  }

  #newest() {
    const found = new Map();
    for (const point of this.trusted.keys())
      if (this.keys.has(point.log) && !(found.get(point.log)?.size >= point.size)) found.set(point.log, point);
    return [...found.values()].sort((one, other) => (one.log < other.log ? -1 : 1));
  }

  /** What is known of a log; `because`: whose word its key is taken on. */
  #facts(point) {
    const { log, cosigned, unchecked } = this.trusted.get(point);
    const member = this.members.get(organisation(point.log));
    const opened = this.there.get(`${point.log} 0`).slot("log");
    return {
      size: point.size,
      consistent: this.consistent.get(point.log),
      cosigned,
      unchecked,
      organisation: opened.organisation ?? point.log,
      latin: opened.organisation_en ?? opened.organisation ?? point.log,
      key: log.id,
      because: member ? member.registry : this.policy ? "policy" : "itself",
    };
  }

  /** Steps 3 to 6 for some logs: all that the policy names, or all of members. */
  async #checkLogs(logs) {
    const { policy, members, step } = this;
    const entries = this.entries.filter(({ log }) => logs.has(log));
    const points = this.points.filter(({ log }) => logs.has(log));
    step(3);
    if (!policy || members.size > 0)
      for (const log of [...logs].sort()) this.keys.set(log, await this.#toldKeys(log, entries));
    else await this.#learnRecovered(entries, points);
    for (const point of points) this.trusted.set(point, await this.#checkPoint(point));
    step(4);
    this.#checkHistories(points, logs);
    step(5);
    const there = await this.#checkEntries(entries, logs);
    step(6);
    const leaves = new Set(this.entries.map(({ leaf }) => b64(leaf)));
    for (const leaf of this.opened.keys()) unverified(leaves.has(leaf), "disclosure-of-nothing", leaf);
    for (const entry of there) entry.open(this.opens(entry));
    const all = [...this.there.values(), ...there].sort(inOrder);
    this.there = new Map(all.map((entry) => [`${entry.log} ${entry.index}`, entry]));
  }

  /**
   * Keys of logs that the policy names, where recovery keys have put them in force: if all of the log's checkpoints here
   * are shown to be of one history with one that the key of the policy signs.
   */
  async #learnRecovered(entries, points) {
    const known = new Set(this.policy.replaced.map(({ log }) => log));
    const replaced = entries.filter((entry) => entry.type === "rekeyed" && !known.has(entry.log));
    for (const log of new Set(replaced.filter((entry) => this.#recovers(entry)).map((entry) => entry.log))) {
      this.step(5);
      const keys = await this.#toldKeys(log, entries);
      const own = points.filter((point) => point.log === log);
      const signed = new Set();
      for (const point of own)
        if ((await signers(point, [this.policy.logs.get(log)]).catch(() => [])).length > 0) signed.add(point.size);
      const joined = new Set(signed);
      for (const { old, new: later } of this.file.consistency.filter((row) => row.log === log)) {
        if (signed.has(old)) joined.add(later);
        if (signed.has(later)) joined.add(old);
      }
      unverified(own.every(({ size }) => joined.has(size)), "recovery-unproven", log);
      this.keys.set(log, keys);
      this.step(3);
    }
  }

  /** What does not hold in the entry, step 6 says. */
  #recovers(entry) {
    try {
      entry.open(this.opens(entry));
    } catch {
      return false;
    }
    const own = entry.slot("about").name === entry.organisation && !entry.slot("cited").log;
    return own && Boolean(entry.slot("keys").recovery);
  }

  /** Keys of a log that the policy does not name: as its registry tells them, or at its own word. */
  async #toldKeys(log, entries) {
    const own = entries.filter((entry) => entry.log === log);
    const first = firstOf(own, log);
    first.open(this.opens(first));
    const member = this.members.get(organisation(log));
    const keys = member ? memberKeys(member, log, first) : Keys.opened(first);
    return keys.after(own, this.opens);
  }

  async #checkPoint(point) {
    const { policy, members } = this;
    if (!this.keys.has(point.log)) return policy.check(point);
    if (policy?.logs.has(point.log)) return policy.check(point, this.keys.get(point.log).of("log", point.size)[0]);
    const log = this.keys.get(point.log).of("log", point.size)[0];
    if (!policy) {
      await checkSigned(point, log);
      return { log, cosigned: [], unchecked: [] };
    }
    const first = members.get(organisation(point.log));
    for (const member of words(first)) if (member === first || writes(member, point.log)) checkEnd(member, point, log);
    return policy.check(point, log);
  }

  #checkHistories(points, logs) {
    const [roots, joined] = [new Map(), new Set()];
    for (const point of points) {
      const place = `${point.log} ${point.size}`;
      unverified(same(roots.get(place) ?? point.root, point.root), "fork", place);
      roots.set(place, point.root);
    }
    const elsewhere = new Set(this.points.map(({ log }) => log).filter((log) => !logs.has(log)));
    for (const row of this.file.consistency.filter(({ log }) => !elsewhere.has(log))) {
      const ends = [row.old, row.new].map((size) => roots.get(`${row.log} ${size}`));
      unverified(ends.every((root) => root), "consistency-of-unknown", row.log);
      checkConsistency(row.old, row.new, row.path.map((hash) => unb64(hash, 32)), ...ends);
      joined.add(`${row.log} ${row.old} ${row.new}`);
    }
    for (const log of new Set(points.map((point) => point.log))) {
      const own = points.filter((point) => point.log === log).map(({ size }) => size);
      const sizes = [...new Set(own)].sort((one, other) => (one < other ? -1 : 1));
      this.consistent.set(log, sizes.slice(1).every((size, at) => joined.has(`${log} ${sizes[at]} ${size}`)));
    }
  }

  /** Step 5. Answers each entry once, with the checkpoint under which the file shows it first. */
  async #checkEntries(entries, logs) {
    const places = new Map();
    for (const entry of entries) {
      const { point, row } = entry;
      unverified(point.log === entry.log && logs.has(point.log), "entry-elsewhere", entry.log);
      const path = row.path.map((hash) => unb64(hash, 32));
      checkInclusion(entry.leaf, entry.index, point.size, path, point.root, "entry-not-included");
      const place = `${entry.log} ${entry.index}`;
      if (!places.has(place)) places.set(place, entry);
      unverified(places.get(place).note === entry.note, "two-entries-one-place", place);
    }
    for (const log of new Set(entries.map((entry) => entry.log))) {
      const own = entries.filter((entry) => entry.log === log);
      const first = firstOf(own, log);
      if (!this.keys.has(log)) {
        first.open(this.opens(first));
        this.keys.set(log, await Keys.opened(first).after(own, this.opens));
      }
      await Promise.all(own.map((entry) => checkAuthors(entry, this.keys.get(log).signers(entry.index))));
      checkChain([...places.values()].filter((entry) => entry.log === log).sort(inOrder));
    }
    return [...places.values()];
  }
}

const inOrder = (one, other) => {
  if (one.log !== other.log) return one.log < other.log ? -1 : 1;
  return one.index < other.index ? -1 : Number(one.index > other.index);
};

const standingOf = (member) => ({
  registry: member.registry,
  index: member.index,
  as_of: member.asOf,
  suspended: isSuspended(member),
});

function firstOf(entries, log) {
  const first = entries.find((entry) => entry.index === 0 && entry.type === "log_opened");
  unverified(first, "entry-zero-missing", log);
  return first;
}

/** Signed by exactly these authors, in their order. */
async function checkAuthors(entry, authors) {
  const fits =
    entry.lines.length === authors.length &&
    entry.lines.every((line, at) => line.name === authors[at].name && line.id === authors[at].id);
  unverified(fits, "entry-signature-bad", entry.log);
  await signers(entry, authors, "entry-signature-bad");
}

/** Entries of one log, in order: chained where they are neighbours, and no time before the one before. */
function checkChain(entries) {
  const hash = (text) => sha256(new TextEncoder().encode(text));
  entries.forEach((entry, at) => {
    const before = entries[at - 1];
    if (!before) return unverified(same(entry.previous, hash("")), "chain-broken", entry.log);
    unverified(before.time <= entry.time, "time-went-back", entry.log);
    const chained = entry.index !== before.index + 1 || same(entry.previous, hash(before.text));
    return unverified(chained, "chain-broken", entry.log);
  });
}

/** Logs with nothing in the file but what registries say, that the policy does not name. */
function otherRegistries(entries, named) {
  const types = new Map();
  for (const { log, type } of entries) types.set(log, (types.get(log) ?? new Set()).add(type));
  const said = new Set(["log_opened", "standing", "policy_set"]);
  for (const [type, slots] of TYPES) if (slots.has("about")) said.add(type);
  const found = [...types].filter(([, told]) => told.has("admitted") && [...told].every((type) => said.has(type)));
  return new Set(found.map(([log]) => log).filter((log) => !named.has(log)));
}

// -- the file -----------------------------------------------------------------------------------------------------

const KEYS = ["attestations", "checkpoints", "consistency", "disclosures", "entries", "format", "made_at", "standing", "subject"];
const whole = (value) => isInteger(value) && value >= 0;
const text = (value) => typeof value === "string";
const hash = (value) => unb64(value, 32).length === 32;
const path = (value) => Array.isArray(value) && value.every(hash);
const ROWS = {
  entries: { note: text, index: whole, log: text, checkpoint: whole, path },
  consistency: { log: text, old: whole, new: whole, path },
  disclosures: { leaf: hash, opens: Array.isArray },
  standing: { log: text, index: whole, name: text, position: whole, last_index: whole, last_leaf: hash, path },
};
const SUBJECT = {
  batch: isForeignId,
  unit: isForeignId,
  shipment: isForeignId,
  log: isOrigin,
  serial: KINDS.text,
  net_mg: (value) => typeof value === "string" && /^(0|[1-9][0-9]{0,15})$/.test(value),
};

/** Step 0: `{file, entries, points}` by their form, each entry with its `row` and the `point` that proves it. */
function parseEvidence(data) {
  need(data.length <= FILE_MAX, Malformed, "evidence-too-large");
  const file = parseJson(data);
  malformed(hasKeys(file, ...KEYS) && file.format === "lodetrace evidence v1", "not an evidence file");
  malformed(text(file.made_at) && Array.isArray(file.attestations) && Array.isArray(file.checkpoints), "an evidence file");
  for (const [name, kinds] of Object.entries(ROWS)) {
    malformed(Array.isArray(file[name]), name);
    for (const row of file[name]) {
      const fits = hasKeys(row, ...Object.keys(kinds)) && Object.entries(kinds).every(([key, kind]) => kind(row[key]));
      malformed(fits, name);
    }
  }
  need(file.entries.length <= 100_000 && file.checkpoints.length <= 10_000, Malformed, "evidence-too-large");
  malformed(file.checkpoints.every(text), "checkpoints");
  malformed(new Set(file.disclosures.map(({ leaf }) => leaf)).size === file.disclosures.length, "a leaf that stands there twice");
  checkSubjectForm(file.subject);
  const entries = file.entries.map((row) => Object.assign(new Entry(row.note), { row }));
  for (const entry of entries) {
    unverified(entry.log === entry.row.log && entry.index === entry.row.index, "entry-elsewhere", entry.log);
    malformed(entry.row.checkpoint < file.checkpoints.length, "the position of a checkpoint");
  }
  const points = file.checkpoints.map((note) => parseCheckpoint(note));
  for (const entry of entries) entry.point = points[entry.row.checkpoint];
  return { file, entries, points };
}

function checkSubjectForm(subject) {
  malformed(isObject(subject), "the subject");
  const keys = Object.keys(subject).filter((key) => !("unit" in subject) || !["serial", "net_mg"].includes(key));
  malformed(["batch", "shipment", "log", "batch,unit"].includes(keys.sort().join()), "the subject");
  malformed(Object.entries(subject).every(([key, value]) => SUBJECT[key](value)), "the subject");
}
