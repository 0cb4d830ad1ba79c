/** Salted commitments, and what opens them (docs/formats.md, "Commitments"). */
import { bytes, hasKeys, parseJson, same, unb64, unb64url } from "./canonical.js";
import { sha256 } from "./crypto.js";
import { Malformed, Unverified, need } from "./errors.js";
import { checkInclusion, leafHash, rootOf } from "./merkle.js";

/** Digest of a scalar slot (bytes), or `{n, root}` of a list. */
export function parseCommitment(value) {
  if (typeof value === "string") return unb64url(value, 32);
  const listed = hasKeys(value, "n", "root") && Number.isInteger(value.n) && value.n >= 1 && value.n <= 65536;
  need(listed && (value.n & (value.n - 1)) === 0, Malformed, "malformed", "a commitment");
  return { n: value.n, root: unb64url(value.root, 32) };
}

export const isList = (commitment) => !(commitment instanceof Uint8Array);

/** `{salt, path, value}` of a disclosure. */
export function parseDisclosure(given) {
  const content = parseJson(unb64url(given));
  const [salt, path, value] = Array.isArray(content) && content.length === 3 ? content : [];
  need(typeof salt === "string" && /^[A-Za-z0-9_-]{21}[AQgw]$/.test(salt), Malformed, "malformed", "a salt");
  const place = /^[a-z][a-z0-9_.]*(\/(0|[1-9][0-9]{0,4}))?$/;
  need(typeof path === "string" && place.test(path), Malformed, "malformed", "the path of a disclosure");
  return { salt, path, value };
}

/**
 * Places → `{salt, value}`, each as committed to. `commitments`: slot → commitment; `opens`: texts that open a slot, or
 * with all its other items a list, and `{d, path}` that open one item.
 */
export function openDisclosures(commitments, opens) {
  const [places, parts, single] = [new Map(), new Map(), new Set()];
  for (const one of opens) {
    const proven = typeof one !== "string";
    need(!proven || (hasKeys(one, "d", "path") && Array.isArray(one.path)), Malformed, "malformed", "what opens a slot");
    const given = proven ? one.d : one;
    const path = proven ? one.path.map((hash) => unb64(hash, 32)) : null;
    const { salt, path: place, value } = parseDisclosure(given);
    const [slot, item] = place.split("/");
    const commitment = commitments.get(slot);
    const fits = commitment !== undefined && isList(commitment) === (item !== undefined);
    need(fits, Unverified, "slot-unknown", place);
    need(!places.has(place), Unverified, "slot-opened-twice", place);
    const digest = sha256(bytes(given));
    if (item === undefined) {
      need(path === null && same(digest, commitment), Unverified, "disclosure-unproven", place);
    } else {
      need(Number(item) < commitment.n, Unverified, "slot-unknown", place);
      if (path === null) {
        if (!parts.has(slot)) parts.set(slot, []);
        parts.get(slot)[Number(item)] = leafHash(digest);
      } else {
        single.add(slot);
        checkInclusion(leafHash(digest), Number(item), commitment.n, path, commitment.root, "disclosure-unproven");
      }
    }
    places.set(place, { salt, value });
  }
  for (const [slot, leaves] of parts) {
    const { n, root } = commitments.get(slot);
    const whole = !single.has(slot) && leaves.length === n && !leaves.includes(undefined);
    need(whole, Unverified, "list-incomplete", slot);
    need(same(rootOf(leaves), root), Unverified, "disclosure-unproven", slot);
  }
  return places;
}
