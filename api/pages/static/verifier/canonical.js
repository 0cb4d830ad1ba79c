/**
 * Bytes and texts in their one spelling: base64, base64url, and the JSON profile (docs/formats.md, "JSON").
 *
 * Parse, print again, compare: what is not printed so is malformed, however clear its meaning.
 */
import { Malformed, need } from "./errors.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const DEPTH = 8;

export const bytes = (text) => encoder.encode(text);

/** The text of UTF-8 `data`; half a surrogate pair does not survive, so it is not there. */
export function text(data) {
  try {
    return decoder.decode(data);
  } catch {
    throw new Malformed("malformed", "not UTF-8");
  }
}

export const hex = (data) => Array.from(data, (one) => one.toString(16).padStart(2, "0")).join("");

export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** One after the other. */
export function join(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** An unsigned big endian number, of whatever size. */
export const number = (data) => data.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

export function b64(data) {
  let binary = "";
  for (const byte of data) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export const b64url = (data) => b64(data).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** The bytes of standard base64 with padding; `size`: how many there must be. */
export const unb64 = (given, size) => decode(given, size, /^[A-Za-z0-9+/]*={0,2}$/, (one) => one);

/** The bytes of base64url without padding. */
export const unb64url = (given, size) =>
  decode(given, size, /^[A-Za-z0-9_-]*$/, (one) =>
    one.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(one.length / 4) * 4, "="),
  );

function decode(given, size, alphabet, standard) {
  need(typeof given === "string" && alphabet.test(given), Malformed, "malformed", "base64");
  let binary, again;
  try {
    binary = atob(standard(given));
    again = btoa(binary);
  } catch {
    throw new Malformed("malformed", "base64");
  }
  need(again === standard(given) && (size ?? binary.length) === binary.length, Malformed, "malformed", "base64");
  const data = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) data[at] = binary.charCodeAt(at);
  return data;
}

/** Is `value` a whole number that the profile can say? */
export const isInteger = (value) => Number.isSafeInteger(value) && !Object.is(value, -0);

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** The value of JSON `data` (bytes or text). Objects have no prototype: what is not there is undefined. */
export function parseJson(data) {
  const given = typeof data === "string" ? data : text(data);
  let value;
  try {
    value = JSON.parse(given, (_, one) => (isObject(one) ? Object.setPrototypeOf(one, null) : one));
  } catch {
    throw new Malformed("malformed", "JSON");
  }
  need(formatJson(value) === given, Malformed, "malformed", "JSON that is not printed the one way");
  return value;
}

/** The one text of `value`. */
export function formatJson(value, depth = 0) {
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === "number" && isInteger(value)) return String(value);
  if (typeof value === "string") {
    need(!/\p{Surrogate}/u.test(value), Malformed, "malformed", "half a surrogate pair");
    return JSON.stringify(value); // escapes what RFC 8785 escapes, and nothing else
  }
  need(typeof value === "object" && depth < DEPTH, Malformed, "malformed", "a fraction, or too deep");
  if (Array.isArray(value)) return `[${value.map((one) => formatJson(one, depth + 1)).join(",")}]`;
  const keys = Object.keys(value).sort();
  need(keys.every((key) => /^[a-z][a-z0-9_.]*$/.test(key)), Malformed, "malformed", "a key");
  return `{${keys.map((key) => `"${key}":${formatJson(value[key], depth + 1)}`).join(",")}}`;
}

/** Has the object exactly these keys? */
export function hasKeys(value, ...wanted) {
  return isObject(value) && Object.keys(value).length === wanted.length && wanted.every((key) => key in value);
}
