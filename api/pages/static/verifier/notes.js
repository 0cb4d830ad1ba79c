/** Keys and signed notes (docs/formats.md, "Keys" and "Notes"; https://c2sp.org/signed-note). */
import { bytes, hex, join, number, same, text, unb64 } from "./canonical.js";
import { sha256, verifyEd25519 } from "./crypto.js";
import { Malformed, Unverified, need } from "./errors.js";

export const ED25519 = 1;
export const COSIGNATURE = 4;
export const ML_DSA_44 = 6;
const SIZES = new Map([[ED25519, 32], [COSIGNATURE, 32], [ML_DSA_44, 1312]]);

const P = 2n ** 255n - 19n;
const unhex = (digits) => Uint8Array.from(digits.match(/../g), (one) => parseInt(one, 16));
const little = (data) => number(data.slice().reverse()) & (2n ** 255n - 1n);
const SMALL_ORDER = new Set([
  0n, 1n, P - 1n, P, P + 1n,
  little(unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
  little(unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
]);

const BLANK = /[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** May a key, or a checkpoint's log, be called so? */
export const isKeyName = (name) => name !== "" && !BLANK.test(name) && !/[\u0000-\u001f+]/.test(name);

/** A key for notes: name, type, public bytes, and the first 4 bytes of the hash of all three. */
export class Key {
  constructor(name, type, raw) {
    need(isKeyName(name) && SIZES.get(type) === raw.length, Malformed, "malformed", "a key");
    need(type === ML_DSA_44 || !SMALL_ORDER.has(little(raw)), Malformed, "malformed", "a key of small order");
    [this.name, this.type, this.raw] = [name, type, raw];
    this.id = hex(sha256(join(bytes(`${name}\n`), [type], raw)).slice(0, 4));
  }

  /** Of a vkey: `NAME+KEYID+BASE64`. */
  static parse(vkey) {
    const [name, id, ...rest] = vkey.split("+");
    need(rest.length > 0, Malformed, "malformed", "a vkey");
    const blob = unb64(rest.join("+"));
    need(blob.length > 0, Malformed, "malformed", "a vkey");
    const key = new Key(name, blob[0], blob.slice(1));
    need(id === key.id, Malformed, "malformed", "the id of a vkey");
    return key;
  }

  is(other) {
    return this.name === other.name && this.id === other.id && same(this.raw, other.raw);
  }

  /** Does the signature of a line (behind its key id) hold over the note's text? */
  async holds(said, signature) {
    if (this.type === ED25519) return verifyEd25519(this.raw, bytes(said), signature);
    if (signature.length !== 72 || this.type !== COSIGNATURE) return false;
    const time = number(signature.slice(0, 8));
    const message = bytes(`cosignature/v1\ntime ${time}\n${said}`);
    return time < 2n ** 63n && (await verifyEd25519(this.raw, message, signature.slice(8)));
  }
}

/** `{text, lines: [{name, id, signature}]}` of a note's bytes or text; nothing is verified yet. */
export function parseNote(raw, limit = 2 ** 20) {
  const note = typeof raw === "string" ? raw : text(raw);
  const end = note.lastIndexOf("\n\n");
  const tail = note.slice(end + 2);
  const fits = bytes(note).length <= limit && !/[\u0000-\u0009\u000b-\u001f]/.test(note);
  need(fits && end >= 0 && tail.endsWith("\n"), Malformed, "malformed", "a note");
  const rows = tail.slice(0, -1).split("\n");
  need(rows.length <= 100, Malformed, "malformed", "a note");
  const lines = rows.map((row) => {
    const words = row.split(" ");
    need(words.length === 3 && words[0] === "—" && isKeyName(words[1]), Malformed, "malformed", "a signature line");
    const blob = unb64(words[2]);
    need(blob.length > 4, Malformed, "malformed", "a signature line");
    return { name: words[1], id: hex(blob.slice(0, 4)), signature: blob.slice(4) };
  });
  return { text: note.slice(0, end + 1), lines };
}

/** Which of `keys` signed. Lines of others are passed over; one of theirs that does not hold refuses the whole note. */
export async function signers(note, keys, code = "signature-bad") {
  const good = [];
  for (const line of note.lines) {
    for (const key of keys) {
      if (key.name === line.name && key.id === line.id) {
        need(await key.holds(note.text, line.signature), Unverified, code, `the signature of ${key.name}`);
        good.push(key);
      }
    }
  }
  return good;
}

/** The first three lines of a checkpoint (https://c2sp.org/tlog-checkpoint): log, size, root; nothing verified yet. */
export function parseCheckpoint(raw) {
  const note = parseNote(raw, 2 ** 17);
  const rows = note.text.split("\n");
  const formed = rows.length === 4 && isKeyName(rows[0]) && /^(0|[1-9][0-9]*)$/.test(rows[1]);
  need(formed && BigInt(rows[1]) < 2n ** 63n, Malformed, "malformed", "a checkpoint");
  return { ...note, log: rows[0], size: whole(rows[1]), root: unb64(rows[2], 32) };
}

/** A decimal number: a Number as long as that is exact, else a BigInt. */
export const whole = (digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits));
