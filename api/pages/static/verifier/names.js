/** Names of nodes, origins of logs, ids of things (docs/formats.md, "Names and ids"). */
import { bytes, number } from "./canonical.js";
import { sha256 } from "./crypto.js";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(\/[a-z0-9-]+)*$/;
const BARE = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

export const isName = (text) => typeof text === "string" && text.length <= 120 && NAME.test(text);

export const isOrigin = (text) => isName(text) && /.\/log([2-9]|[1-9][0-9]+)?$/.test(text);

export const isBareId = (text) => typeof text === "string" && BARE.test(text);

export function isForeignId(text) {
  const parts = typeof text === "string" ? text.split("#") : [];
  return parts.length === 2 && isOrigin(parts[0]) && isBareId(parts[1]);
}

/** Whose log or key: what stands before the last `/`, and nothing where there is none. */
export const organisation = (name) => name.slice(0, Math.max(name.lastIndexOf("/"), 0));

/** 16 bytes as 26 characters of Crockford's base32. */
export function spellId(data) {
  const value = number(data);
  return Array.from({ length: 26 }, (_, at) => CROCKFORD[Number((value >> (5n * BigInt(25 - at))) & 31n)]).join("");
}

/** The id of what a disclosure with this salt creates in the log `origin`. */
export const newId = (origin, salt) => spellId(sha256(bytes(`lodetrace id v1\n${origin}\n${salt}`)).slice(0, 16));
