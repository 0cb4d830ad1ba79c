/**
 * Hashes and proofs of RFC 6962 (docs/formats.md, "Tree").
 *
 * The caller brings index, size and root, from where they are trusted; every hash of a proof must be used.
 */
import { join, same } from "./canonical.js";
import { sha256 } from "./crypto.js";
import { Unverified, need } from "./errors.js";

export const leafHash = (data) => sha256(join([0], data));

const nodeHash = (left, right) => sha256(join([1], left, right));

/** The root of these leaf hashes. */
export function rootOf(leaves) {
  if (leaves.length < 2) return leaves[0] ?? sha256(new Uint8Array());
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

const bitLength = (value) => (value === 0n ? 0 : value.toString(2).length);
const ones = (value) => value.toString(2).replaceAll("0", "").length;
const bit = (value, at) => (value >> BigInt(at)) & 1n;

/** Stands the leaf hash at `index` in the tree of `size` with `root`? Sizes are numbers or BigInts. */
export function checkInclusion(leaf, index, size, path, root, code = "inclusion-unproven") {
  need(index >= 0 && index < size, Unverified, code);
  const [i, n] = [BigInt(index), BigInt(size)];
  const inner = bitLength(i ^ (n - 1n));
  need(path.length === inner + ones(i >> BigInt(inner)), Unverified, code);
  let hash = leaf;
  path.forEach((sibling, k) => {
    hash = k >= inner || bit(i, k) ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  });
  need(same(hash, root), Unverified, code);
}

/** Does the tree of size `n` and root `newRoot` begin with that of size `m` and root `oldRoot`? */
export function checkConsistency(m, n, path, oldRoot, newRoot, code = "consistency-unproven") {
  need(m > 0 && m <= n, Unverified, code);
  if (m === n) {
    need(path.length === 0 && same(oldRoot, newRoot), Unverified, code);
    return;
  }
  const [small, large] = [BigInt(m), BigInt(n)];
  let s = 0n;
  while (!((small >> s) & 1n)) s += 1n;
  const last = (small - 1n) >> s;
  const inner = bitLength(last ^ ((large - 1n) >> s));
  const border = ones(last >> BigInt(inner));
  const rest = [...path];
  need(rest.length > 0, Unverified, code);
  let a = (small & (small - 1n)) === 0n ? oldRoot : rest.shift();
  let b = a;
  need(rest.length === inner + border, Unverified, code);
  rest.forEach((hash, k) => {
    if (k >= inner || bit(last, k)) [a, b] = [nodeHash(hash, a), nodeHash(hash, b)];
    else b = nodeHash(b, hash);
  });
  need(same(a, oldRoot) && same(b, newRoot), Unverified, code);
}
