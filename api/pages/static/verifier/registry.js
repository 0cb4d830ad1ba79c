/** Keys by position in a log, and what a registry says of its members (docs/formats.md, "Keys by position", "Registry"). */
import { b64, bytes, formatJson, same, unb64 } from "./canonical.js";
import { sha256 } from "./crypto.js";
import { Broken, Refusal, Unverified, need } from "./errors.js";
import { checkInclusion, leafHash } from "./merkle.js";
import { organisation } from "./names.js";
import { ED25519, Key, parseCheckpoint, parseNote, signers } from "./notes.js";

const unverified = (holds, code, what) => need(holds, Unverified, code, what);
const DAY = 86_400_000;

/** The lists of keys that a log published: each with the index from which on it is in force. */
export class Keys {
  constructor(log, lists, recovery = null, recovered = []) {
    [this.log, this.lists, this.recovery, this.recovered] = [log, lists, recovery, recovered];
  }

  /** As entry 0 publishes them. */
  static opened(first) {
    unverified((first.slot("log").name ?? first.organisation) === first.organisation, "entry-elsewhere", first.log);
    return new Keys(first.log, [{ from: 0, keys: first.slot("keys").list ?? [] }], first.slot("log").recovery ?? null);
  }

  /** The keys of one use in force at `index`. */
  of(use, index) {
    const { keys } = this.lists.findLast(({ from }) => from <= index);
    const found = keys.filter((key) => key.use === use && key.alg === "ed25519");
    unverified(found.length > 0, "key-not-published", use);
    const name = use === "log" ? this.log : `${organisation(this.log)}/${use}`;
    return found.map((key) => new Key(name, ED25519, unb64(key.key, 32)));
  }

  /** As an entry at `index` replaces them by the list `published`. */
  replaced(index, published) {
    const { from, keys: old } = this.lists.at(-1);
    unverified(index >= Math.max(from, 1), "rekeyed-out-of-order", this.log);
    const of = (key, value) => `${key.use} ${key.alg} ${value}`;
    const known = old.flatMap((key) => [of(key, key.key), of(key, `next ${key.next_commit}`)]);
    for (const key of published) {
      const ahead = () => of(key, `next ${b64(sha256(unb64(key.key)))}`);
      const fits = key.use === "witness" || known.includes(of(key, key.key)) || known.includes(ahead());
      unverified(fits, "key-not-committed", this.log);
    }
    return this.#with(index, published, this.recovered);
  }

  #with(index, published, recovered) {
    const lists = [...this.lists, { from: index + 1, keys: published }];
    const keys = new Keys(this.log, lists, this.recovery, recovered);
    keys.of("author", index + 1);
    return keys;
  }

  /** The same where `note` is the word of so many recovery keys that entry 0 commits to, and of nobody else. */
  async recovering(index, published, note) {
    unverified(this.recovery, "recovery-not-committed", this.log);
    const name = `${organisation(this.log)}/recovery`;
    const keys = this.recovery.keys.map((key) => new Key(name, ED25519, unb64(key, 32)));
    const said = parseNote(note);
    const digest = b64(sha256(bytes(formatJson(published))));
    const statement = `lodetrace recovery v1\n${this.log}\n${index}\n${digest}\n`;
    unverified(said.text === statement, "recovery-of-other", this.log);
    const places = said.lines.map((line) => `${line.name} ${line.id}`);
    const committed = keys.map((key) => `${key.name} ${key.id}`);
    for (const place of places) {
      unverified(committed.includes(place), "recovery-key-unknown", place);
      unverified(places.filter((one) => one === place).length === 1, "recovery-key-twice", place);
    }
    unverified((await signers(said, keys)).length >= this.recovery.m, "recovery-too-few", this.log);
    unverified(index >= Math.max(this.lists.at(-1).from, 1), "rekeyed-out-of-order", this.log);
    const after = this.#with(index, published, [...this.recovered, index + 1]);
    after.of("log", index + 1);
    return after;
  }

  /** As each `rekeyed` among the log's own entries leaves them that comes after the keys known. */
  async after(entries, opens) {
    const last = this.lists.at(-1).from;
    const later = entries.filter((entry) => entry.type === "rekeyed" && entry.index >= last);
    let keys = this;
    for (const entry of [...new Map(later.map((one) => [one.index, one])).values()].sort((a, b) => a.index - b.index)) {
      entry.open(opens(entry));
      const own = entry.slot("about").name === entry.organisation && !entry.slot("cited").log;
      const { list, recovery } = entry.slot("keys");
      if (own && list && recovery) keys = await keys.recovering(entry.index, list, recovery);
      else if (own && list) keys = keys.replaced(entry.index, list);
    }
    return keys;
  }

  /**
   * Whose signatures an entry at `index` has: those in force, and of a `rekeyed` also the new ones; only these where
   * recovery keys put them in force.
   */
  signers(index) {
    if (this.recovered.includes(index + 1)) return this.of("author", index + 1);
    const both = this.lists.some(({ from }) => from === index + 1);
    const found = [...this.of("author", index), ...(both ? this.of("author", index + 1) : [])];
    return found.filter((key, at) => found.findIndex((other) => other.is(key)) === at);
  }
}

// -- standing -----------------------------------------------------------------------------------------------------

/** Step 2, of each line that a file brings: it stands in a `standing` of a registry. `there`: what was verified so far. */
export function checkLines(rows, there, registries) {
  for (const row of rows) {
    unverified(registries === null || registries.has(row.log), "standing-of-other", row.log);
    const told = there.get(`${row.log} ${row.index}`)?.slot("standing");
    unverified(told?.root, "standing-unproven", row.log);
    const leaf = leafHash(bytes(`${row.name}\n${row.last_index}\n${row.last_leaf}`));
    const path = row.path.map((hash) => unb64(hash, 32));
    checkInclusion(leaf, row.position, told.n, path, unb64(told.root, 32), "standing-unproven");
  }
}

/**
 * Step 2, of whom registries tell: name → member, as the first registry, in order of origins, tells it; `others`: the same
 * member as each further one tells it, which must agree.
 */
export function members(rows, there, policy, now) {
  const found = new Map();
  for (const registry of [...policy.registries].sort()) {
    const chains = new Map();
    for (const entry of there.values()) {
      const own = entry.type === "rekeyed" && !entry.slot("cited").log;
      const { name } = entry.slot("about");
      if (entry.log === registry && name && !own) chains.set(name, [...(chains.get(name) ?? []), entry]);
    }
    for (const [name, chain] of chains) {
      const lines = rows.filter((row) => row.log === registry && row.name === name);
      for (const row of lines) checkLine(row, chain, there.get(`${registry} ${row.last_index}`));
      const times = lines.map((row) => there.get(`${registry} ${row.index}`).time).sort();
      const member = { ...memberOf(registry, chain), asOf: times.at(-1) ?? null, others: [] };
      if (found.has(name)) found.get(name).others.push(agreeing(found.get(name), member));
      else found.set(name, member);
    }
  }
  for (const { asOf, name } of [...found.values()].flatMap(words)) {
    const days = asOf && policy.maxAgeDays !== null ? Math.floor((now - new Date(asOf)) / DAY) : 0;
    unverified(days <= (policy.maxAgeDays ?? 0), "standing-stale", name);
  }
  return found;
}

/** A member as each registry tells it. */
export const words = (member) => [member, ...member.others];

/** `other`, if it tells of the same logs with the same keys as `one`, as far as both do. */
function agreeing(one, other) {
  const differ = (holds) => unverified(holds, "registries-differ", one.name);
  one.logs.slice(0, other.logs.length).forEach((here, at) => {
    const there = other.logs[at];
    differ(here.log === there.log && same(here.leaf, there.leaf));
    const lists = here.keys && there.keys ? here.keys.lists.slice(0, there.keys.lists.length) : [];
    differ(lists.every((list, place) => JSON.stringify(list) === JSON.stringify(there.keys.lists[place])));
  });
  return other;
}

/** Nothing that a registry said of a member before its standing was left out. */
function checkLine(row, chain, last) {
  unverified(chain.includes(last), "registry-entry-left-out", row.name);
  unverified(same(last.leaf, unb64(row.last_leaf, 32)), "standing-contradicted", row.name);
  const between = chain.some((entry) => entry.index > last.index && entry.index < row.index);
  unverified(!between, "standing-contradicted", row.name);
}

/** What a chain of entries, each of which names the one before, makes of a member. */
function memberOf(registry, chain) {
  let member = null;
  chain.forEach((entry, at) => {
    for (const slot of entry.table.keys()) {
      const nulled = ["cited", "successor"].includes(slot) && entry.shown.has(slot);
      const told = ["documents", "recorded"].includes(slot) || entry.slots.get(slot) !== null || nulled;
      unverified(told, "disclosure-missing", slot);
    }
    const { index, leaf } = entry.slot("about");
    const before = chain[at - 1];
    const present = index == null || chain.some((one) => one.index === index);
    unverified(present, "registry-entry-left-out", entry.log);
    try {
      const follows = before ? index === before.index && leaf === b64(before.leaf) : index == null && leaf == null;
      chained(follows && (at > 0 || entry.type === "admitted"), "not the entry before");
      member = TOLD[entry.type](member ?? newMember(registry, entry), entry, member === null);
    } catch (error) {
      if (error instanceof Broken) throw new Unverified("registry-chain-broken", error.message);
      throw error;
    }
    member.index = entry.index;
  });
  return member;
}

/** `logs`: those it wrote, one after the other, with the leaf hash of entry 0 and, where told, its keys. */
function newMember(registry, entry) {
  const { organisation: named, organisation_en: latin } = entry.slot("member");
  return {
    registry,
    name: entry.slot("about").name,
    organisation: named,
    latin: latin ?? named,
    logs: [{ log: entry.slot("log").origin, leaf: unb64(entry.slot("log").leaf, 32), keys: null }],
    ...{ revoked: [], suspensions: [], cited: [], roles: [] },
  };
}

const chained = (holds, what) => unverified(holds, "registry-chain-broken", what);

/** What each type of entry makes of a member; `place` is that of the log that it writes now. */
const TOLD = {
  admitted(member, entry, first) {
    const [told, published] = [entry.slot("log"), entry.slot("keys").list];
    const now = member.logs.at(-1);
    chained(now.log === told.origin && same(now.leaf, unb64(told.leaf, 32)), "another log");
    if (now.keys === null) {
      now.keys = new Keys(told.origin, [{ from: 0, keys: published }]);
      now.keys.of("author", 0);
      now.keys.of("log", 0);
    } else {
      chained(!first && JSON.stringify(now.keys.lists.at(-1).keys) === JSON.stringify(published), "other keys");
    }
    const { organisation: named, organisation_en: latin, roles } = entry.slot("member");
    return Object.assign(member, { organisation: named, latin: latin ?? named, roles });
  },
  licensed: (member) => member,
  rekeyed(member, entry) {
    const [cited, now] = [entry.slot("cited"), member.logs.at(-1)];
    chained(cited.log === now.log && now.keys !== null, "another log");
    now.keys = now.keys.replaced(cited.index, entry.slot("keys").list);
    member.cited.push(cited);
    return member;
  },
  revoked(member, entry) {
    const [told, after, now] = [entry.slot("revocation"), entry.slot("successor"), member.logs.at(-1)];
    const published = now.keys?.lists.flatMap(({ keys }) => keys) ?? [];
    chained(published.some((key) => key.use === told.use && key.key === told.key), "not a key of the member");
    const at = { place: member.logs.length - 1, index: told.size };
    member.revoked.push({ use: told.use, key: unb64(told.key, 32), at, root: unb64(told.root, 32), index: entry.index });
    if (after.origin) {
      chained(member.logs.every((one) => one.log !== after.origin), "another log");
      member.logs.push({ log: after.origin, leaf: unb64(after.leaf, 32), keys: null });
    }
    return member;
  },
  suspended: (member, entry) => turned(member, entry, false),
  restored: (member, entry) => turned(member, entry, true),
};

function turned(member, entry, wasOpen) {
  const at = { place: member.logs.length - 1, index: entry.slot("as_of").size };
  const last = member.suspensions.at(-1);
  chained(Boolean(last && last.until === null) === wasOpen, "suspended or not");
  const ends = member.suspensions.flatMap(({ since, until }) => (until ? [since, until] : [since]));
  chained(ends.every((end) => !isBefore(at, end)), "a size that went back");
  if (wasOpen) last.until = at;
  else member.suspensions.push({ since: at, until: null });
  return member;
}

/** Places in what a member wrote: first by log, then by index. */
const isBefore = (one, other) =>
  one.place < other.place || (one.place === other.place && one.index < other.index);

/** The place of a log among those of a member. */
function placeOf(member, log) {
  const place = member.logs.findIndex((one) => one.log === log);
  unverified(place >= 0, "log-not-admitted", log);
  return place;
}

/** Keys of a member's log, whose entry 0 is `first`, opened: as its registry says, and it agrees. */
export function memberKeys(member, log, first) {
  const keys = Keys.opened(first);
  const told = member.logs[placeOf(member, log)];
  unverified(same(told.leaf, first.leaf), "log-not-admitted", log);
  const [here, there] = [keys, told.keys].map((one) => JSON.stringify(one?.lists[0].keys));
  unverified(told.keys === null || here === there, "keys-differ-from-log", log);
  return told.keys ?? keys;
}

/** Does this registry tell that the log is one of the member's? */
export const writes = (member, log) => member.logs.some((one) => one.log === log);

/** `{size, root}` with which a log ends that another one of the member succeeds. */
function endOf(member, log) {
  const place = placeOf(member, log);
  const lost = member.revoked.findLast((one) => one.use === "log" && one.at.place === place);
  return place < member.logs.length - 1 && lost ? { size: lost.at.index, root: lost.root } : null;
}

/** Step 3, of a checkpoint signed by a member's log key: not revoked there, and not beyond the end of a log that was succeeded. */
export function checkEnd(member, point, key) {
  const last = typeof point.size === "bigint" ? point.size - 1n : point.size - 1;
  unverified(!revocation(member, point.log, last, "log", key), "key-revoked", key.name);
  const end = endOf(member, point.log);
  unverified(!end || point.size <= end.size, "log-ended", point.log);
  unverified(!end || point.size < end.size || same(point.root, end.root), "fork", point.log);
}

/** The final checkpoint of the log that this entry's log succeeds, as its entry 0 embeds it; null where it does not. */
export function predecessor(entry) {
  const told = entry.type === "log_opened" ? entry.slot("predecessor").checkpoint : null;
  if (!told) return null;
  const point = parseCheckpoint(told);
  const earlier = organisation(point.log) === entry.organisation && comesAfter(entry.log, point.log);
  unverified(earlier, "predecessor-differs", entry.log);
  return point;
}

/** In the order of what one organisation wrote: a log's successor has a longer name, or a higher number. */
export const comesAfter = (log, other) =>
  log.length === other.length ? log > other : log.length > other.length;

/** The revocation that what `key` signed at `index` of `log` falls under, if any. */
function revocation(member, log, index, use, key) {
  const at = { place: placeOf(member, log), index };
  return member.revoked.find((one) => one.use === use && same(one.key, key.raw) && !isBefore(at, one.at));
}

export const isSuspended = (member) => member.suspensions.some(({ until }) => until === null);

/** Step 10, of one entry of a member. `anew(revoked)`: was the entry attested after that revocation? */
export function checkAct(member, entry, signers, anew) {
  const place = placeOf(member, entry.log);
  if (entry.index === 0 && place > 0) checkSuccession(member, place, entry);
  for (const cited of member.cited.filter((one) => one.log === entry.log && one.index === entry.index))
    unverified(cited.leaf === b64(entry.leaf), "ref-to-other-entry", entry.log);
  for (const key of signers) {
    const revoked = revocation(member, entry.log, entry.index, "author", key);
    unverified(!revoked || anew(revoked), "key-revoked", key.name);
  }
  const at = { place, index: entry.index };
  const held = member.suspensions.some(({ since, until }) => !isBefore(at, since) && (!until || isBefore(at, until)));
  need(!held || entry.type !== "shipped", Refusal, "shipped-while-suspended", entry.log);
}

function checkSuccession(member, place, first) {
  const [before, last] = [member.logs[place - 1].log, predecessor(first)];
  const end = endOf(member, before);
  const fits = last && end && last.log === before && last.size === end.size && same(last.root, end.root);
  unverified(fits, "predecessor-differs", first.log);
}
