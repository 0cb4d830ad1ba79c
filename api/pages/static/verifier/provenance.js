/** The form of shares, amounts and contents (docs/formats.md, "Provenance"): kinds, orders, bounds and sums. */
import { hasKeys, isInteger } from "./canonical.js";
import { Malformed, need } from "./errors.js";
import { isBareId, isForeignId } from "./names.js";
import { ELEMENTS, MODELS } from "./tables.js";

const BILLION = 10n ** 9n;
const malformed = (holds, code, what) => need(holds, Malformed, code, what);

/** What `slot` says of origins or contents, where it says any. */
export function checkVector(slot, value) {
  if (slot.endsWith("provenance")) checkShares(value);
  else if (slot.endsWith("sources")) checkAmounts(value);
  else if (slot === "wip" || slot === "pools.authority") checkContents(value.contents);
}

function checkShares(value) {
  malformed(hasKeys(value, "model", "shares"), "vector-form");
  malformed(MODELS.includes(value.model), "vector-model");
  for (const [, rows] of elements(value.shares, 2)) {
    inOrder(rows, 4, 64, (name) => /^[A-Z]{2}\/[a-z0-9][a-z0-9_.-]{0,63}$/.test(name));
    malformed(rows.every((row) => row.slice(1).every(isInteger)), "vector-number");
    checkBounds(rows.map((row) => row.slice(1).map(BigInt)), BILLION);
  }
}

function checkAmounts(value) {
  malformed(hasKeys(value, "amounts"), "vector-form");
  for (const [, total, uncertainty, rows] of elements(value.amounts, 4)) {
    malformed(isInteger(uncertainty) && uncertainty >= 0, "vector-number");
    const sum = amount(total);
    inOrder(rows, 4, 4096, (name) => ["unexplained", "others"].includes(name) || isBareId(name) || isForeignId(name));
    checkBounds(rows.map((row) => row.slice(1).map(amount)), sum);
  }
}

function checkContents(value) {
  for (const [, total, uncertainty] of elements(value, 3)) {
    malformed(isInteger(uncertainty) && uncertainty >= 0, "vector-number");
    amount(total);
  }
}

/** Rows of `length` that begin with an element, in the order of elements, none twice. */
function elements(rows, length) {
  malformed(isRows(rows, length), "vector-form");
  const places = rows.map((row) => ELEMENTS.indexOf(row[0]));
  malformed(!places.includes(-1), "vector-element");
  malformed(places.every((place, at) => at === 0 || places[at - 1] < place), "vector-order");
  return rows;
}

/** Rows of `length` that begin with a name, in the order of the names' bytes (which are ASCII), none twice. */
function inOrder(rows, length, most, known) {
  malformed(isRows(rows, length), "vector-form");
  malformed(rows.length <= most, "vector-too-long");
  malformed(rows.every(([name]) => typeof name === "string" && known(name)), "vector-row-name");
  malformed(rows.every(([name], at) => at === 0 || rows[at - 1][0] < name), "vector-order");
}

const isRows = (rows, length) =>
  Array.isArray(rows) && rows.every((row) => Array.isArray(row) && row.length === length);

function amount(digits) {
  malformed(typeof digits === "string" && /^(0|[1-9][0-9]{0,29})$/.test(digits), "vector-number");
  return BigInt(digits);
}

function checkBounds(rows, total) {
  const held = rows.every(([mid, lo, hi]) => 0n <= lo && lo <= mid && mid <= hi && hi <= total && hi > 0n);
  malformed(held, "vector-bounds");
  malformed(rows.length > 0 && rows.reduce((sum, [mid]) => sum + mid, 0n) === total, "vector-sum");
}
