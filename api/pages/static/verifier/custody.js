/** Refs, handovers, shared adjustments, origins (docs/formats.md, "Verification", steps 7 to 9): over what is disclosed. */
import { b64, formatJson, same } from "./canonical.js";
import { Refusal, Unverified, need } from "./errors.js";
import { organisation } from "./names.js";
import { comesAfter, predecessor } from "./registry.js";
import { MODELS } from "./tables.js";

const unverified = (holds, code, what) => need(holds, Unverified, code, what);
const refused = (holds, code, what) => need(holds, Refusal, code, what);

/** Type → the slot with which it answers an entry of another log, and the type of that entry. */
const REFS = new Map([
  ["received", ["offer", "shipped"]],
  ["acknowledged", ["answer", "received"]],
  ["adjusted", ["consent", "adjusted"]],
]);

const refOf = (entry) => entry.slot(REFS.get(entry.type)?.[0]);
const answered = (entry, there) => (refOf(entry).log ? there.get(`${refOf(entry).log} ${refOf(entry).index}`) : undefined);

/** Entries by log and index, an organisation's later log behind its earlier one. */
function inStoryOrder(there) {
  const by = (one, other) => {
    if (one.organisation !== other.organisation) return one.organisation < other.organisation ? -1 : 1;
    if (one.log !== other.log) return comesAfter(one.log, other.log) ? 1 : -1;
    return one.index - other.index;
  };
  return [...there.values()].sort(by);
}

/** Step 7. `there`: "LOG INDEX" → entry, in order; `roots`: "LOG SIZE" → root. Answers what is missing. */
export function checkRefs(there, roots) {
  const missing = [];
  for (const entry of inStoryOrder(there)) {
    const before = predecessor(entry);
    const ended = before && roots.get(`${before.log} ${before.size}`);
    unverified(!ended || same(ended, before.root), "fork", entry.log);
    const [slot, wanted] = REFS.get(entry.type) ?? ["attestation", ""];
    const ref = entry.slot(slot);
    if (ref.log) {
      const root = roots.get(`${ref.log} ${ref.size}`);
      unverified(!root || b64(root) === ref.root, "fork", ref.log);
    }
    for (const [index, leaf] of corrected(entry)) {
      const other = there.get(`${entry.log} ${index}`);
      unverified(index < entry.index && (!other || b64(other.leaf) === leaf), "ref-to-other-entry", entry.log);
    }
    if (ref.log && wanted) {
      const other = there.get(`${ref.log} ${ref.index}`);
      if (!other) missing.push(`${ref.log} ${ref.index}`);
      else {
        const fits = b64(other.leaf) === ref.leaf && (other.type === wanted || !other.table);
        unverified(fits, "ref-to-other-entry", ref.log);
      }
    }
  }
  return missing;
}

/** `[index, leaf]` of each entry of its own log that a correction names. */
function corrected(entry) {
  const scalars = ["amendment", "reversal"].map((slot) => entry.slot(slot)).filter(({ leaf }) => leaf);
  const lists = entry.type === "adjusted" ? ["lines.chain", "shared.chain"].flatMap((slot) => entry.rows(slot)) : [];
  const rows = lists.filter((row) => row.has("index")).map((row) => [row.get("index"), row.get("leaf")]);
  return [...scalars.map(({ index, leaf }) => [index, leaf]), ...rows];
}

// -- sources and handovers ----------------------------------------------------------------------------------------

/** What takes from one batch: the slot that names it, and the field there. */
const ONE_SOURCE = { packed: ["packing", "batch"], drawn: ["draw", "period"], closed: ["closing", "period"] };

/** Step 8. Answers the batches that nothing in the file makes or receives before they are used. */
export function checkCustody(there) {
  const entries = inStoryOrder(there).filter((entry) => entry.table);
  const closed = new Map();
  for (const entry of entries)
    if (entry.type === "closed" && entry.slot("closing").period) closed.set(entry.full(entry.slot("closing").period), entry);
  const [missing, had] = [[], new Map()];
  for (const entry of entries) {
    const other = answered(entry, there);
    if (other?.table) {
      if (entry.type === "received") checkHandover(other, entry);
      else if (entry.type === "acknowledged") checkAnswer(other, entry);
      else checkAdjustments(other, entry, there);
    }
    const known = had.get(entry.log) ?? had.set(entry.log, new Map()).get(entry.log); // batch → index, -1: inherited
    const before = predecessor(entry);
    if (before) for (const [batch, at] of had.get(before.log) ?? []) if (at < before.size) known.set(batch, -1);
    for (const batch of taken(entry).map((one) => entry.full(one)))
      if (!known.has(batch) && !(closed.get(batch)?.slots.get("provenance") != null)) missing.push(batch);
    const came = made(entry);
    if (entry.type === "received")
      for (const row of entry.rows("lines.chain")) if (row.has("batch")) came.push(entry.full(row.get("batch")));
    for (const batch of came) if (!known.has(batch)) known.set(batch, entry.index);
  }
  checkOrigins(entries, closed);
  return missing;
}

/** Batches that an entry takes from. */
function taken(entry) {
  const [slot, field] = ONE_SOURCE[entry.type] ?? [];
  if (slot) return entry.slot(slot)[field] ? [entry.slot(slot)[field]] : [];
  const lists = entry.type === "received" ? [] : ["inputs.chain", "lines.chain"];
  if (["unpacked", "dismantled"].includes(entry.type)) lists.push("units.chain");
  return lists.flatMap((list) => entry.rows(list)).filter((row) => row.has("batch")).map((row) => row.get("batch"));
}

/** Batches that an entry makes. */
export function made(entry) {
  const ids = [...["batch", "assembly", "opens"].map((slot) => entry.ids.get(slot)), ...entry.made("outputs.chain")];
  return ids.filter((id) => id).map((id) => entry.full(id));
}

function checkHandover(shipped, received) {
  const [receipt, shipment] = [received.slot("receipt"), shipped.slot("shipment")];
  if (receipt.shipment && shipment.purpose) {
    refused(receipt.shipment === shipped.full(shipped.ids.get("shipment")), "receipt-of-other-shipment");
    refused(receipt.purpose === shipment.purpose, "line-differs-from-offer");
  }
  refused(!receipt.from || receipt.from === shipped.organisation, "receipt-of-other-shipment");
  refused(!shipment.purpose || shipment.to === received.organisation, "offer-to-other");
  const offered = shipped.rows("lines.chain", "lines.partner");
  received.rows("lines.chain", "lines.partner").forEach((row, at) => {
    if (!row.has("line")) return;
    refused(row.get("line") < offered.length, "line-not-offered");
    const line = offered[row.get("line")];
    const batches = line.has("batch") ? [shipped.full(line.get("batch")), received.full(row.get("batch"))] : ["", ""];
    refused(batches[0] === batches[1], "line-differs-from-offer");
    if (line.has("mg") && row.has("offered_mg")) {
      const said = ["offered_mg", "basis", "offered_count", "owner"].map((field) => row.get(field));
      const told = ["mg", "basis", "count", "owner"].map((field) => line.get(field));
      refused(said.every((one, field) => one === told[field]), "line-differs-from-offer");
      checkUnits(shipped, line.get("units"), received, row.get("units"));
    }
    const sides = [[shipped, row.get("line")], [received, at]].map(([side, place]) => [side, `lines.provenance/${place}`]);
    if (sides.every(([side, place]) => side.shown.has(place))) {
      const [one, other] = sides.map(([side, place]) => formatJson(side.shown.get(place)));
      refused(one === other, "origins-not-offered");
    }
  });
}

function checkUnits(shipped, offered, received, told) {
  const words = (entry, unit) =>
    [unit.net_mg, unit.count ?? "", unit.inside ? entry.full(unit.inside) : ""].join(" ");
  const sent = new Map(offered.map((unit) => [shipped.full(unit.unit), unit]));
  const named = new Set(told.map((unit) => received.full(unit.unit)));
  for (const unit of told.filter(({ state }) => state !== "unexpected")) {
    const other = sent.get(received.full(unit.unit));
    refused(other && words(shipped, other) === words(received, unit), "unit-not-offered");
  }
  for (const [id, unit] of sent)
    refused(!unit.inside || !named.has(shipped.full(unit.inside)) || named.has(id), "unit-contents-missing");
}

function checkAnswer(received, acknowledged) {
  const [receipt, answer] = [received.slot("receipt"), acknowledged.slot("acknowledgement")];
  if (!receipt.shipment || !answer.shipment) return;
  refused(receipt.shipment === acknowledged.full(answer.shipment), "receipt-of-other-shipment");
  refused(receipt.declined === answer.declined, "decline-differs");
}

/** Both sides of a shared adjustment say the same of the same shipment. */
function checkAdjustments(given, agreed, there) {
  const sides = [];
  for (const entry of [given, agreed]) {
    const rows = entry.rows("shared.chain", "shared.partner");
    if (rows.length === 0 || !rows.every((row) => row.has("index") && row.has("delta_mg")) || !entry.slot("adjustment").at) return;
    const about = there.get(`${entry.log} ${rows[0].get("index")}`);
    if (!about?.table) return;
    sides.push({ entry, rows, about });
  }
  const other = "adjustment-of-other-shipment";
  const types = sides.map(({ about }) => about.type).sort().join();
  refused(types === "received,shipped" && given.log !== agreed.log, other);
  const [shipped, received] = ["shipped", "received"].map((type) => sides.find(({ about }) => about.type === type).about);
  const offer = received.slot("offer");
  refused(!offer.log || (offer.index === shipped.index && offer.leaf === b64(shipped.leaf)), other);
  for (const { rows, about } of sides) {
    const named = [about.type, about.index, b64(about.leaf)];
    refused(rows.every((row) => ["side", "index", "leaf"].every((field, at) => row.get(field) === named[at])), other);
  }
  for (const [one, two] of [[given, agreed], [agreed, given]])
    refused(one.slot("adjustment").with === two.organisation, "adjustment-with-other");
  const [first, second] = sides.map(({ entry, rows }) => sums(entry, rows));
  refused(first === second, "adjustments-differ");
}

/** Per batch what is added or taken away, in one text. */
function sums(entry, rows) {
  const found = new Map();
  for (const row of rows) {
    const [mg, count] = found.get(entry.full(row.get("batch"))) ?? [0n, 0n];
    const more = [BigInt(row.get("delta_mg")), BigInt(row.get("delta_count") ?? 0)];
    found.set(entry.full(row.get("batch")), [mg + more[0], count + more[1]]);
  }
  return [...found].map((one) => one.join(" ")).sort().join();
}

// -- origins ------------------------------------------------------------------------------------------------------

const [ANY, NONE, MOST] = ["ZZ/other", "ZZ/unexplained", 64];
const MADE_OF = {
  transformed: "inputs.chain",
  sampled: "inputs.chain",
  assembled: "inputs.chain",
  dismantled: "units.chain",
};

/** What is told at a place: origins by element, those of all other elements, the model. Null where not disclosed. */
function vector(entry, place, ofNothing = []) {
  if (!entry.shown.has(place)) return null;
  const told = entry.shown.get(place);
  if (told === null) return { named: new Map(), others: new Set(ofNothing), model: MODELS[0] };
  const named = new Map(told.shares.map(([element, rows]) => [element, new Set(rows.map(([origin]) => origin))]));
  return { named, others: new Set(), model: told.model };
}

function checkOrigins(entries, closed) {
  const logs = new Map();
  for (const entry of entries) {
    const before = predecessor(entry);
    if (!logs.has(entry.log)) logs.set(entry.log, new Map(before ? logs.get(before.log) : []));
    const may = logs.get(entry.log);
    for (const [place, sources] of madeOf(entry)) {
      if (!entry.shown.get(place) || sources === null) continue;
      const pooled = entry.type === "drawn";
      const from = sources.map((batch) => {
        if (!pooled) return may.get(batch) ?? null;
        return closed.has(batch) ? vector(closed.get(batch), "provenance") : null;
      });
      if (!from.includes(null)) checkVector(vector(entry, place), from, pooled);
    }
    learn(entry, may);
  }
}

function checkVector(told, from, pooled) {
  for (const [element, origins] of told.named) {
    const allowed = new Set(from.flatMap(({ named, others }) => [...(named.get(element) ?? others)]));
    const free = pooled && allowed.has(ANY);
    if (allowed.size + (allowed.has(NONE) ? 0 : 1) >= MOST) allowed.add(ANY);
    allowed.add(NONE);
    refused(free || [...origins].every((origin) => allowed.has(origin)), "origin-from-nowhere", element);
  }
  const best = Math.min(...from.map(({ model }) => MODELS.indexOf(model)), MODELS.length);
  const known = [...told.named.values()].some((origins) => [...origins].some((origin) => origin !== NONE));
  const strongest = from.length > 0 ? best : 0;
  refused(!known || MODELS.indexOf(told.model) >= strongest, "model-grew-stronger");
}

/** What an entry tells of the origins that its batches may have. */
function learn(entry, may) {
  if (entry.type === "registered" && entry.ids.has("batch")) {
    const { country, feed_class: feed, class: kind } = entry.slot("origin");
    const known = country && { named: new Map(), others: new Set([`${country}/${feed || kind}`]), model: MODELS[0] };
    may.set(entry.full(entry.ids.get("batch")), known || null);
  }
  if (entry.ids.has("assembly")) may.set(entry.full(entry.ids.get("assembly")), vector(entry, "provenance"));
  entry.made("outputs.chain").forEach((id, at) => {
    if (id) may.set(entry.full(id), vector(entry, `outputs.provenance/${at}`));
  });
  if (entry.type !== "received") return;
  entry.rows("lines.chain").forEach((row, at) => {
    if (!row.has("batch") || entry.full(row.get("batch")).startsWith(`${entry.log}#`)) return;
    const [batch, more] = [entry.full(row.get("batch")), vector(entry, `lines.provenance/${at}`, [ANY])];
    may.set(batch, may.has(batch) ? together(may.get(batch), more) : more);
  });
}

function together(one, other) {
  if (one === null || other === null) return null;
  const named = new Map();
  for (const element of [...one.named.keys(), ...other.named.keys()]) {
    const both = [one, other].flatMap((told) => [...(told.named.get(element) ?? told.others)]);
    named.set(element, new Set(both));
  }
  const model = MODELS[Math.min(MODELS.indexOf(one.model), MODELS.indexOf(other.model))];
  return { named, others: new Set([...one.others, ...other.others]), model };
}

/** Places of shares with the batches that they are held against: null where one of those is not disclosed. */
function madeOf(entry) {
  if (entry.type === "shipped")
    return entry
      .rows("lines.chain")
      .map((row, at) => [`lines.provenance/${at}`, row.has("batch") ? [entry.full(row.get("batch"))] : null]);
  let sources;
  if (entry.type === "drawn") {
    const { period } = entry.slot("draw");
    sources = period ? [entry.full(period)] : null;
  } else if (MADE_OF[entry.type]) {
    const rows = entry.rows(MADE_OF[entry.type]);
    sources = rows.every((row) => row.has("batch")) ? rows.map((row) => entry.full(row.get("batch"))) : null;
  } else {
    return [];
  }
  const places = [...entry.shown.keys()].filter((place) => /^(outputs\.)?provenance(\/[0-9]+)?$/.test(place));
  return places.map((place) => [place, sources]);
}

// -- attestations and the subject ---------------------------------------------------------------------------------

const ATTESTERS = ["authority", "auditor", "certifier"];

/** What authorities and auditors vouch for, as far as it counts. */
export function attestations(there, roots, members) {
  const found = [];
  for (const entry of there.values()) {
    const told = entry.slot("attestation");
    const member = members.get(entry.organisation);
    const roles = member ? member.roles : [there.get(`${entry.log} 0`).slot("log").role];
    const counts = told.log && organisation(told.log) !== entry.organisation && roles.some((one) => ATTESTERS.includes(one));
    if (counts && roots.has(`${told.log} ${told.size}`)) {
      const checks = ["custody", "balance", "provenance"].filter((check) => told.checks.includes(check));
      found.push({ by: entry.log, index: entry.index, log: told.log, size: told.size, checks });
    }
  }
  return found;
}

/** Shares that are told of the subject, and by which entry. */
export function originsOf(subject, there) {
  const [making, sending] = [[], []];
  for (const entry of there.values()) {
    const shipment = entry.ids.has("shipment") ? entry.full(entry.ids.get("shipment")) : null;
    const add = (to, id, place) => {
      const told = id && entry.shown.get(place);
      if (told) to.push({ shipment, batch: entry.full(id), log: entry.log, index: entry.index, model: told.model, shares: told.shares });
    };
    add(making, entry.ids.get("assembly"), "provenance");
    entry.made("outputs.chain").forEach((id, at) => add(making, id, `outputs.provenance/${at}`));
    if (entry.type === "shipped")
      entry.rows("lines.chain").forEach((row, at) => add(sending, row.get("batch"), `lines.provenance/${at}`));
  }
  const found = subject.shipment
    ? sending.filter(({ shipment }) => shipment === subject.shipment)
    : [...making, ...sending].filter(({ batch }) => batch === subject.batch).slice(0, 1);
  return found.map(({ shipment: _, ...row }) => row);
}

/** Step 9: what entries say of the subject, and what of it nothing in the file makes. */
export function checkSubject(subject, there) {
  if (!subject.unit) {
    const ids = new Set();
    for (const entry of there.values()) {
      made(entry).forEach((id) => ids.add(id));
      if (entry.ids.has("shipment")) ids.add(entry.full(entry.ids.get("shipment")));
      if (entry.type === "log_opened") ids.add(entry.log);
    }
    return { said: { ...subject }, missing: Object.values(subject).filter((id) => !ids.has(id)) };
  }
  for (const entry of there.values()) {
    const at = entry.made("units.public").findIndex((id) => id && entry.full(id) === subject.unit);
    if (at < 0) continue;
    const item = entry.slots.get("units.public")[at];
    const batch = entry.ids.get("assembly") ?? entry.slot("packing").batch;
    const said = { unit: subject.unit, serial: item.serial, net_mg: String(item.net_mg) };
    if (batch) said.batch = entry.full(batch);
    for (const [field, value] of Object.entries(said)) unverified((subject[field] ?? value) === value, "subject-differs", field);
    return { said, missing: batch ? [] : [subject.batch] };
  }
  return { said: { unit: subject.unit }, missing: [subject.unit] };
}
