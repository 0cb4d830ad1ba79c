/** Labels: what a printed code holds, and who signed it (docs/formats.md, "Label"). */
import { b64, bytes, hex, number, unb64url } from "./canonical.js";
import { verifyEd25519 } from "./crypto.js";
import { Malformed, Unverified, need } from "./errors.js";
import { spellId } from "./names.js";

/** `{keyId, unit, index, leaf, mg, signature}` of a token or of a whole label URL; nothing is verified yet. */
export function parseToken(given) {
  const url = /^https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?\/q\/([A-Za-z0-9_-]+)$/.exec(given);
  const data = unb64url(url ? url[1] : given);
  need(data[0] === 1, Malformed, "label-version-unknown");
  need(data.length === 133, Malformed, "malformed", "a label");
  return {
    keyId: hex(data.slice(1, 5)),
    unit: spellId(data.slice(5, 21)),
    index: number(data.slice(21, 29)),
    leaf: data.slice(29, 61),
    mg: number(data.slice(61, 69)),
    signature: data.slice(69),
  };
}

/** The text that the author's key signs. */
export const labelText = (origin, label) =>
  `lodetrace label v1\n${origin}\n${label.index}\n${b64(label.leaf)}\n${label.unit}\n${label.mg}\n`;

/** The label with its `origin`, and the author that signed it. `authors`: `[{log, key, …}]`; all with its key id are tried. */
export async function openToken(given, authors) {
  const label = parseToken(given);
  const named = authors.filter((author) => author.key.id === label.keyId);
  for (const author of named) {
    const said = bytes(labelText(author.log, label));
    if (await verifyEd25519(author.key.raw, said, label.signature)) return { ...label, origin: author.log, author };
  }
  throw new Unverified(named.length > 0 ? "label-forged" : "label-maker-unknown");
}

/** Eight characters beside the code, for the eye. */
export const checkCode = (leaf) => spellId(leaf.slice(0, 16)).slice(0, 8);
