/**
 * Holds every vector against the browser's verifier, in a browser as in node: nothing here knows which one it is.
 *
 * `run(modules, vectors)` answers {counts, wrong}: how many vectors of each part were held, and which ones it got wrong.
 */
const { parse, stringify } = JSON;

export async function run(modules, vectors) {
  const { canonical, crypto, disclosures, entries, evidence, forks, labels, merkle, names, notes, policy } = modules;
  const { bytes, hex, b64, b64url, unb64, unb64url } = canonical;
  const [counts, wrong] = [{}, []];
  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (one) => parseInt(one, 16));
  const sorted = (value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
      : Array.isArray(value) ? value.map(sorted) : value;

  async function gives(part, name, wanted, make) {
    counts[part] = (counts[part] ?? 0) + 1;
    const { error, got } = await Promise.resolve().then(make).then((found) => ({ got: found }), (thrown) => ({ error: thrown }));
    const same = !error && stringify(sorted(got)) === stringify(sorted(wanted));
    if (!same) wrong.push({ part, name, wanted, got: error ? `${error.name} ${error.code}: ${error.stack}` : got });
  }

  async function refuses(part, name, wanted, make) {
    await gives(part, name, wanted, async () => {
      const error = await Promise.resolve().then(make).then(() => null, (thrown) => thrown);
      if (!error) return "nothing refused it";
      if (!error.code) throw error;
      return { class: error.name, ...("code" in wanted && { code: error.code }), ...("step" in wanted && { step: error.step }) };
    });
  }
  const malformed = { class: "Malformed" };

  for (const text of vectors.json.good)
    await gives("json", text, text, () => canonical.formatJson(canonical.parseJson(bytes(text))));
  for (const row of vectors.json.refused)
    await refuses("json", row.name, malformed, () => canonical.parseJson(row.text));
  for (const row of vectors.base64.good)
    await gives("base64", row.bytes, [row.base64, row.base64url, row.bytes, row.bytes], () => {
      const data = unhex(row.bytes);
      return [b64(data), b64url(data), hex(unb64(row.base64)), hex(unb64url(row.base64url))];
    });
  for (const row of vectors.base64.refused)
    await refuses("base64", row.name, malformed, () => ({ base64: unb64, base64url: unb64url })[row.alphabet](row.text));
  for (const [kind, check] of [["nodes", names.isName], ["origins", names.isOrigin]])
    for (const answer of ["good", "refused"])
      for (const text of vectors.names[kind][answer]) await gives("names", text, answer === "good", () => check(text));
  for (const row of vectors.keys)
    await gives("keys", row.name, [row.name, row.type, row.public, row.key_id], () => {
      const key = notes.Key.parse(row.vkey);
      return [key.name, key.type, hex(key.raw), key.id];
    });
  for (const row of vectors.keys_refused) await refuses("keys", row.name, malformed, () => notes.Key.parse(row.vkey));
  for (const row of vectors.notes_refused)
    await refuses("notes", row.name, malformed, () => notes.parseNote(bytes(row.note)));
  for (const row of vectors.ids.good) await gives("ids", row.id, row.id, () => names.newId(row.origin, row.salt));
  for (const row of [...vectors.ids.good, ...vectors.ids.spelled])
    await gives("ids", row.id, [row.id, true], () => [names.spellId(unhex(row.bytes)), names.isBareId(row.id)]);
  for (const row of vectors.ids.refused) await gives("ids", row.name, false, () => names.isBareId(row.id));
  for (const row of vectors.disclosures)
    await gives("disclosures", row.path, [...parse(row.json), row.digest], () => {
      const { salt, path, value } = disclosures.parseDisclosure(row.disclosure);
      return [salt, path, value, hex(crypto.sha256(bytes(row.disclosure)))];
    });
  for (const row of vectors.lists)
    await gives("lists", row.n, row.root, () => {
      const leaves = row.digests.map((one) => merkle.leafHash(unhex(one)));
      const root = merkle.rootOf(leaves);
      row.paths.forEach((path, at) => merkle.checkInclusion(leaves[at], at, row.n, path.map((one) => unb64(one)), root));
      return b64url(root);
    });

  for (const log of vectors.logs) {
    const leaves = [];
    for (const [index, row] of log.entries.entries()) {
      const entry = new entries.Entry(row.note);
      leaves.push(entry.leaf);
      const keys = row.authors.map((vkey) => notes.Key.parse(vkey));
      await gives("entries", `${log.origin} ${index}`, [log.origin, index, row.text, row.leaf, row.slots, row.ids, keys.length], async () => {
        entry.open(row.disclosures);
        const signed = await notes.signers(entry, keys);
        const [slots, ids] = [entry.slots, entry.ids].map((map) => Object.fromEntries(map));
        return [entry.log, entry.index, entry.text, b64(entry.leaf), slots, ids, signed.length];
      });
    }
    for (const [size, root] of log.roots.entries())
      await gives("roots", `${log.origin} ${size}`, root, () => b64(merkle.rootOf(leaves.slice(0, size))));
  }
  const files = Object.fromEntries(vectors.evidence.map((row) => [row.name, row]));
  for (const row of vectors.checkpoints) {
    const cosigned = row.cosigned.map(({ name }) => name).sort();
    await gives("checkpoints", `${row.origin} ${row.size}`, [row.origin, row.size, row.root, cosigned], async () => {
      const point = notes.parseCheckpoint(row.note);
      const found = await new policy.Policy(files.motor.policy).check(point);
      return [point.log, point.size, b64(point.root), found.cosigned];
    });
  }
  for (const { log, proofs } of vectors.consistency) {
    const { roots } = vectors.logs.find(({ origin }) => origin === log);
    for (const { old, new: now, path } of proofs) {
      const check = (...ends) => merkle.checkConsistency(old, now, path.map((one) => unb64(one)), ...ends);
      await gives("consistency", `${log} ${old} ${now}`, true, () => check(unb64(roots[old]), unb64(roots[now])) ?? true);
      if (old < now)
        await refuses("consistency", `${log} ${old} ${now}`, { class: "Unverified" }, () => check(unb64(roots[now]), unb64(roots[now])));
    }
  }
  const prove = async (leaf) => {
    const { index, path, point } = policy.parseProof(vectors.proof.text);
    await new policy.Policy(vectors.proof.policy).check(point);
    merkle.checkInclusion(leaf, index, point.size, path.map((one) => unb64(one, 32)), point.root);
    return point.log;
  };
  await gives("proof", "good", "magnet.example/log", () => prove(unb64(vectors.proof.leaf)));
  await refuses("proof", "another leaf", { class: "Unverified" }, () => prove(new Uint8Array(32)));
  for (const row of vectors.policies.quorums)
    await gives("policies", row.name, row.satisfied, () =>
      new policy.Policy(row.text).satisfied(row.cosigned.map((vkey) => notes.Key.parse(vkey))),
    );
  for (const row of vectors.policies.refused)
    await refuses("policies", row.name, { ...malformed, code: "policy-malformed" }, () => new policy.Policy(row.text));

  const author = (row) => ({ log: row.origin, key: notes.Key.parse(row.author) });
  for (const row of vectors.labels)
    for (const given of [row.token, row.url])
      await gives("labels", row.unit, [row.text, row.unit, row.check_code], async () => {
        const label = await labels.openToken(given, [author(row)]);
        return [labels.labelText(label.origin, label), label.unit, labels.checkCode(label.leaf)];
      });
  for (const row of vectors.labels_refused)
    await refuses("labels", row.name, { class: row.error }, () => labels.openToken(row.token, [author(vectors.labels[1])]));
  await gives("delivery", "note", 1, async () => {
    const { vkey } = vectors.keys.find(({ name }) => name === "motor.example/author");
    return (await notes.signers(notes.parseNote(vectors.delivery.note), [notes.Key.parse(vkey)])).length;
  });
  for (const row of vectors.forks)
    await gives("forks", row.name, [row.kind, row.place, row.first, row.second], async () =>
      Object.values(await forks.checkFork(bytes(row.file))).slice(1),
    );
  for (const row of vectors.forks_refused)
    await refuses("forks", row.name, { class: "Unverified", code: row.code }, () => forks.checkFork(bytes(row.file)));

  const now = (row) => (row.now ? new Date(row.now) : new Date());
  const trust = (text) => (text === null ? null : new policy.Policy(text));
  for (const row of vectors.evidence) {
    const { logs, ...told } = row.verdict;
    await gives("evidence", row.name, { ...told, logs: cosigners(logs) }, async () => {
      const found = await evidence.verify(file(row, files, canonical), trust(row.policy), now(row));
      const { entries: _, keys: __, logs: facts, ...said } = found;
      return { ...said, logs: Object.fromEntries(Object.entries(facts).map(([log, { size, consistent, cosigned }]) => [log, { size, consistent, cosigned }])) };
    });
  }
  for (const row of vectors.lies)
    await refuses("lies", row.name, { class: row.error, code: row.code, step: row.step }, () =>
      evidence.verify(file(row, files, canonical), trust(row.policy ?? files[row.of].policy), now(row)),
    );
  return { counts, wrong, checker: await crypto.checker() };
}

const cosigners = (logs) =>
  Object.fromEntries(
    Object.entries(logs).map(([log, facts]) => [log, { ...facts, cosigned: facts.cosigned.map(([name]) => name) }]),
  );

/** The file of a vector: whole, as edits of another one, or as a text replaced in it. */
export function file(row, files, { bytes, formatJson }) {
  if (row.file) return bytes(formatJson(row.file));
  const value = structuredClone(files[row.of].file);
  if (row.replace) return bytes(formatJson(value).replace(row.replace[0], () => row.replace[1]));
  for (const [kind, path, to] of row.edits ?? []) {
    const place = path.slice(0, -1).reduce((at, key) => at[key], value);
    const last = path.at(-1);
    if (kind === "set") place[last] = to;
    else if (kind === "insert") place.splice(last, 0, to);
    else if (Array.isArray(place)) place.splice(last, 1);
    else delete place[last];
  }
  return bytes(formatJson(value));
}

