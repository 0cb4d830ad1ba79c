/**
 * The only door to cryptography: SHA-256 and Ed25519, none of it written here.
 *
 * SHA-256 is that of @noble/hashes: a file of evidence has thousands of small hashes, and WebCrypto answers each of them
 * later. Signatures are checked by WebCrypto where it knows Ed25519, else by @noble/ed25519, which is loaded only then.
 */
import { sha256, sha512 } from "../noble-hashes/sha2.js";

export { sha256 };

let checking = null;

/** Does `signature` hold over `message` (bytes) under the 32 bytes `key`? */
export async function verifyEd25519(key, message, signature) {
  checking ??= webCrypto().then((found) => found ?? noble());
  return signature.length === 64 && (await (await checking).verify(key, message, signature));
}

/** `WebCrypto` or `noble`: who checks signatures here. */
export async function checker() {
  checking ??= webCrypto().then((found) => found ?? noble());
  return (await checking).name;
}

async function webCrypto() {
  const subtle = globalThis.crypto?.subtle; // not there on pages that came over plain HTTP
  const keys = new Map();
  const known = (key) => {
    const name = key.toString();
    if (!keys.has(name)) keys.set(name, subtle.importKey("raw", key, "Ed25519", false, ["verify"]));
    return keys.get(name);
  };
  try {
    await known(Uint8Array.from(BASE_POINT));
  } catch {
    return null;
  }
  const verify = async (key, message, signature) => {
    try {
      return await subtle.verify("Ed25519", await known(key), signature, message);
    } catch {
      return false; // 32 bytes that are no point of the curve
    }
  };
  return { name: "WebCrypto", verify };
}

// A point that every Ed25519 knows: asked for only to see whether this one does.
const BASE_POINT = [0x58, ...Array(31).fill(0x66)];

async function noble() {
  const ed25519 = await import("../noble-ed25519/index.js");
  ed25519.hashes.sha512 = sha512;
  const verify = async (key, message, signature) => {
    try {
      return ed25519.verify(signature, message, key, { zip215: false });
    } catch {
      return false;
    }
  };
  return { name: "noble", verify };
}
