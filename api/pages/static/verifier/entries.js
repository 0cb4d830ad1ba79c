/** Entries: events sealed into a log, and what is disclosed of them (docs/formats.md, "Entry" to "Event types"). */
import { bytes, hasKeys, isInteger, isObject, parseJson, text, unb64 } from "./canonical.js";
import { isList, openDisclosures, parseCommitment } from "./disclosures.js";
import { Malformed, need } from "./errors.js";
import { leafHash } from "./merkle.js";
import { isBareId, isForeignId, isName, isOrigin, newId, organisation } from "./names.js";
import { parseNote, whole } from "./notes.js";
import { checkVector } from "./provenance.js";
import { ROWS, TYPES } from "./tables.js";

const LIMIT = 16384;
const malformed = (holds, what) => need(holds, Malformed, "malformed", what);

/** An entry by its form. `slots` and `ids` are there once it was opened; nothing else of it is verified yet. */
export class Entry {
  constructor(raw) {
    this.note = typeof raw === "string" ? raw : text(raw);
    const data = bytes(this.note);
    malformed(data.length <= LIMIT, "an entry of more than 16 KiB");
    this.leaf = leafHash(data);
    ({ text: this.text, lines: this.lines } = parseNote(this.note));
    const rows = this.text.split("\n");
    const version = /^lodetrace entry v(.*)$/.exec(rows[0]);
    malformed(version, "not an entry");
    need(version[1] === "1", Malformed, "entry-version-unknown");
    malformed(rows.length === 7 && isOrigin(rows[1]) && /^(0|[1-9][0-9]{0,15})$/.test(rows[2]), "an entry");
    malformed(isMoment(rows[4]), "the time of an entry");
    [this.log, this.index, this.previous, this.time] = [rows[1], whole(rows[2]), unb64(rows[3], 32), rows[4]];
    const event = parseJson(rows[5]);
    malformed(hasKeys(event, "sd", "type", "v") && isObject(event.sd) && typeof event.type === "string", "an event");
    malformed(isInteger(event.v), "the version of an event");
    need(event.v === 1, Malformed, "entry-version-unknown");
    this.type = event.type;
    this.table = TYPES.get(event.type) ?? null;
    if (this.table) malformed(hasKeys(event.sd, ...this.table.keys()), `the slots of ${this.type}`);
    this.commitments = new Map(Object.entries(event.sd).map(([slot, one]) => [slot, this.#commitment(slot, one)]));
    if (this.table) this.#checkGroups();
    [this.slots, this.ids] = [new Map(), new Map()];
  }

  #commitment(slot, one) {
    if (!this.table) return one; // of a type that we do not know, only what is disclosed is looked at
    malformed(isObject(one) === this.table.get(slot).list, `the slot ${slot}`);
    return parseCommitment(one);
  }

  #checkGroups() {
    const sizes = new Map();
    for (const [slot, one] of this.commitments) {
      const group = slot.split(".")[0];
      if (isList(one)) malformed((sizes.get(group) ?? one.n) === one.n, `lists of ${group}`);
      if (isList(one)) sizes.set(group, one.n);
    }
  }

  /** The node whose log it is. */
  get organisation() {
    return organisation(this.log);
  }

  /** An id as it is written everywhere. */
  full(id) {
    return id.includes("#") ? id : `${this.log}#${id}`;
  }

  /** Takes what is disclosed of it: each place as committed to, and of the kinds that the table says. */
  open(opens) {
    const commitments = this.table
      ? this.commitments
      : new Map([...this.commitments].map(([slot, one]) => [slot, parseCommitment(one)]));
    const places = openDisclosures(commitments, opens);
    this.shown = new Map([...places].map(([place, { value }]) => [place, value]));
    this.hidden = [...commitments.values()].reduce((sum, one) => sum + (isList(one) ? one.n : 1), 0) - places.size;
    [this.slots, this.ids] = [new Map(), new Map()];
    const vectors = [];
    for (const [slot, { list, creates, fields }] of this.table ?? []) {
      const names = list ? Array.from({ length: commitments.get(slot).n }, (_, at) => `${slot}/${at}`) : [slot];
      while (list && names.length > 0 && places.get(names.at(-1))?.value === null) names.pop();
      const found = names.map((name) => places.get(name) ?? { salt: null, value: null });
      for (const { value } of found.filter(({ value }) => value !== null)) {
        checkFields(fields, value);
        vectors.push([slot, value]);
      }
      const values = found.map(({ value }) => value);
      const made = found.map(({ salt, value }) => (value === null ? null : newId(this.log, salt)));
      this.slots.set(slot, list ? values : values[0]);
      if (creates && (list || made[0] !== null)) this.ids.set(slot, list ? made : made[0]);
    }
    for (const [slot, value] of vectors) checkVector(slot, value);
  }

  /** A scalar slot's object; an empty one where nothing is disclosed. */
  slot(name) {
    return this.slots.get(name) ?? NOTHING;
  }

  /** Rows of a group of lists, merged: of each the fields of the table; what is not disclosed adds nothing. */
  rows(...names) {
    const merged = [];
    for (const name of names) {
      (this.slots.get(name) ?? []).forEach((item, at) => {
        merged[at] ??= new Map();
        for (const field of item ? this.table.get(name).fields.keys() : [])
          if (item[field] !== undefined && item[field] !== null) merged[at].set(field, item[field]);
      });
    }
    return merged;
  }

  /** New ids of a list slot: null where an item makes nothing. */
  made(slot) {
    return this.ids.get(slot) ?? [];
  }
}

const NOTHING = Object.freeze(Object.create(null));

/** A day and time that exist, in UTC, to the millisecond. */
function isMoment(given) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(given) || given.startsWith("0000")) return false;
  const time = new Date(given);
  return !Number.isNaN(time.valueOf()) && time.toISOString() === given;
}

// -- kinds of values ----------------------------------------------------------------------------------------------

const matches = (pattern) => (value) => typeof value === "string" && pattern.test(value);
const from = (least) => (value) => isInteger(value) && value >= least;
const characters = (most) => (value) =>
  typeof value === "string" && value !== "" && (value.length <= most || (value.length <= 2 * most && [...value].length <= most));
const every = (kind) => (value) => Array.isArray(value) && value.every(kind);
const isCode = matches(/^[a-z0-9][a-z0-9_.-]{0,63}$/);
const isId = (value) => isBareId(value) || isForeignId(value);
const DAY = String.raw`\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`;
const HOUR = String.raw`([01]\d|2[0-3]):[0-5]\d`;

export const KINDS = {
  text: characters(500),
  note: characters(131072),
  code: isCode,
  codes: every(isCode),
  name: isName,
  id: isId,
  ids: every(isId),
  mg: from(0),
  count: from(1),
  count0: from(0),
  signed: isInteger,
  flag: (value) => typeof value === "boolean",
  month: matches(/^\d{4}-(0[1-9]|1[0-2])$/),
  day: matches(new RegExp(`^${DAY}$`)),
  at: matches(new RegExp(`^${DAY}T${HOUR}:[0-5]\\d[+-]${HOUR}$`)),
  country: matches(/^[A-Z]{2}$/),
  hash: matches(/^[A-Za-z0-9+/]{43}=$/),
  list: Array.isArray,
  object: isObject,
};

function checkFields(fields, value) {
  need(isObject(value), Malformed, "field-wrong", "what a slot holds");
  for (const [field, kind] of fields) {
    const [plain, given] = [kind.replace("?", ""), value[field] ?? null];
    if (given === null) {
      need(kind.endsWith("?"), Malformed, "field-missing", field);
    } else if (ROWS.has(plain)) {
      need(Array.isArray(given), Malformed, "field-wrong", field);
      for (const row of given) checkFields(ROWS.get(plain), row);
    } else {
      need(KINDS[plain](given), Malformed, "field-wrong", field);
    }
  }
}
