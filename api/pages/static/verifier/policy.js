/** Trust policies (docs/formats.md, "Policy"; https://c2sp.org/tlog-policy): whose word is taken, and how many agree. */
import { Malformed, Unverified, need } from "./errors.js";
import { same } from "./canonical.js";
import { COSIGNATURE, ED25519, Key, ML_DSA_44, parseCheckpoint, signers } from "./notes.js";
import { organisation } from "./names.js";

const wrong = (holds, line) => need(holds, Malformed, "policy-malformed", line);
const COUNTS = { log: [2, 3], witness: [3, 4], group: [4, Infinity], quorum: [2, 2] };
const whose = (name) => organisation(name) || name;

/** `logs`: origin → key; `witnesses`: name → key; `groups`: name → `{threshold, members, of}`, members first. */
export class Policy {
  logs = new Map();
  witnesses = new Map();
  groups = new Map();
  quorum = null;
  registries = new Set();
  maxAgeDays = null;
  replaced = [];

  /** `replaced`: `{log, size, key}` of logs that replaced their key: from which size on. No line of a policy says this. */
  constructor(text, replaced = []) {
    this.replaced = replaced;
    wrong(text.endsWith("\n") && !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text), "the text of the policy");
    for (const line of text.slice(0, -1).split("\n")) {
      const words = line.match(/[^ \t]+/g) ?? [];
      if (words[0] === "#lodetrace") this.#ours(words);
      else if (words.length > 0 && !words[0].startsWith("#")) {
        const [least, most] = Object.hasOwn(COUNTS, words[0]) ? COUNTS[words[0]] : [1, 0];
        wrong(words.length >= least && words.length <= most, line);
        const read = { log: this.#log, witness: this.#witness, group: this.#group, quorum: this.#quorum };
        read[words[0]].apply(this, words.slice(1));
      }
    }
    wrong(this.quorum !== null, "no quorum");
  }

  #log(vkey) {
    const key = this.#key(vkey, [ED25519], this.logs);
    wrong(!this.logs.has(key.name), vkey);
    this.logs.set(key.name, key);
  }

  #witness(name, vkey) {
    this.#free(name);
    this.witnesses.set(name, this.#key(vkey, [COSIGNATURE, ML_DSA_44], this.witnesses));
  }

  #group(name, rule, ...members) {
    const taken = [...this.groups.values()].flatMap((group) => group.members);
    wrong(members.every((one) => this.witnesses.has(one) || this.groups.has(one)), name);
    wrong(new Set([...taken, ...members]).size === taken.length + members.length, name);
    this.#free(name);
    const counted = /^[1-9][0-9]{0,5}$/.test(rule) ? Number(rule) : 0;
    const threshold = rule === "all" ? members.length : rule === "any" ? 1 : counted;
    wrong(threshold >= 1 && threshold <= members.length, name);
    const together = members.flatMap((one) => this.groups.get(one)?.of ?? [whose(this.witnesses.get(one).name)]);
    const of = [...new Set(together)];
    wrong(of.length === 1 || of.length === together.length, name);
    this.groups.set(name, { threshold, members, of });
  }

  #quorum(name) {
    wrong(this.quorum === null && (name === "none" || this.witnesses.has(name) || this.groups.has(name)), name);
    this.quorum = name;
  }

  #ours([, kind, value, ...rest]) {
    wrong(value !== undefined && rest.length === 0, kind);
    if (kind === "registry") {
      wrong(this.logs.has(value) && !this.registries.has(value), value);
      this.registries.add(value);
    } else {
      wrong(kind === "standing-max-age-days" && this.maxAgeDays === null && /^[1-9][0-9]{0,5}$/.test(value), kind);
      this.maxAgeDays = Number(value);
    }
  }

  #free(name) {
    wrong(name !== "none" && !this.witnesses.has(name) && !this.groups.has(name), name);
  }

  #key(vkey, types, others) {
    let key;
    try {
      key = Key.parse(vkey);
    } catch {
      throw new Malformed("policy-malformed", vkey);
    }
    wrong(types.includes(key.type) && ![...others.values()].some((other) => same(key.raw, other.raw)), vkey);
    return key;
  }

  /** The key that signs a checkpoint of a log that is named here. */
  keyOf(point) {
    const later = this.replaced.findLast(({ log, size }) => log === point.log && size <= point.size);
    return this.logs.has(point.log) && later ? later.key : this.logs.get(point.log);
  }

  /** Is the quorum among these keys? */
  satisfied(keys) {
    const good = new Set();
    for (const [name, key] of this.witnesses) if (keys.some((one) => same(one.raw, key.raw))) good.add(name);
    for (const [name, { threshold, members }] of this.groups)
      if (members.filter((one) => good.has(one)).length >= threshold) good.add(name);
    return this.quorum === "none" || good.has(this.quorum);
  }

  /**
   * The keys of witnesses that count for a checkpoint that is trusted; `log` is the key of a log that is not named here.
   * Cosignatures of ML-DSA-44 cannot be checked here: they are not counted, and `unchecked` names their witnesses.
   */
  async check(point, log = this.keyOf(point)) {
    need(log !== undefined, Unverified, "log-not-trusted", point.log);
    await checkSigned(point, log);
    const foreign = [...this.witnesses.values()].filter(
      (key) => !same(key.raw, log.raw) && whose(key.name) !== whose(point.log),
    );
    const good = await signers(point, foreign.filter((key) => key.type === COSIGNATURE));
    need(this.satisfied(good), Unverified, "quorum-missing", point.log);
    const others = foreign.filter((key) => key.type === ML_DSA_44);
    const unchecked = others.filter((key) => point.lines.some((line) => line.name === key.name && line.id === key.id));
    return { log, cosigned: names(good), unchecked: names(unchecked) };
  }
}

const names = (keys) => [...new Set(keys.map((key) => key.name))].sort();

/** Is the checkpoint signed by its log's key? */
export async function checkSigned(point, key) {
  need((await signers(point, [key])).length > 0, Unverified, "signature-missing", point.log);
}

/** The checkpoint of a tlog-proof (https://c2sp.org/tlog-proof), as `{index, path, point}`; nothing verified yet. */
export function parseProof(text) {
  const end = text.indexOf("\n\n");
  const [first, index, ...path] = text.slice(0, Math.max(end, 0)).split("\n");
  const formed = first === "c2sp.org/tlog-proof@v1" && /^index (0|[1-9][0-9]*)$/.test(index ?? "");
  need(formed, Malformed, "malformed", "a proof");
  return { index: BigInt(index.slice(6)), path, point: parseCheckpoint(text.slice(end + 2)) };
}
