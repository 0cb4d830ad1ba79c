/**
 * What a page asks of the verifier: is this label its maker's, and does the evidence behind it hold?
 *
 * `trust` is what the serving node says of whom it trusts (/verify/trust.json): the text of a policy, and author keys.
 * `tell(step, state, code)` is called as it goes: "good", or "bad" with the code of what does not hold, or "open".
 */
import { b64 } from "./canonical.js";
import { Broken, Unverified, need } from "./errors.js";
import { verify } from "./evidence.js";
import { openToken } from "./labels.js";
import { Key } from "./notes.js";
import { Policy } from "./policy.js";

/** The lines that a page shows, in their order, and the steps of the verification (docs/formats.md) that each stands for. */
export const LINES = {
  label: [],
  form: [0],
  trust: [1, 2],
  history: [3, 4],
  entries: [5],
  disclosures: [6],
  custody: [7, 8],
  subject: [9],
  members: [10],
};

const line = (step) => Object.keys(LINES).find((name) => LINES[name].includes(step));

/** The label in a token or URL, with the `author` whose key signed it; null where it does not hold. */
export async function checkLabel(token, trust, tell) {
  try {
    const authors = trust.authors.map(({ vkey, ...author }) => ({ ...author, key: Key.parse(vkey) }));
    const label = await openToken(token, authors);
    tell("label", "good");
    return label;
  } catch (error) {
    const undecided = ["label-maker-unknown", "label-version-unknown"].includes(error.code);
    tell("label", undecided ? "open" : "bad", codeOf(error));
    return null;
  }
}

/** The verdict on the bytes of an evidence file, which must be about `label` where that is given; null if it does not hold. */
export async function checkEvidence(data, trust, tell, label = null) {
  const begun = new Set();
  let told = null;
  try {
    const found = await verify(data, policyOf(trust), new Date(), (step) => {
      told = line(step);
      begun.add(told);
    });
    told = "subject";
    if (label) checkSame(found, label);
    for (const name of begun) tell(name, "good");
    return found;
  } catch (error) {
    const failed = line(error.step) ?? told;
    for (const name of Object.keys(LINES).slice(1, Object.keys(LINES).indexOf(failed))) tell(name, "good");
    tell(failed, "bad", codeOf(error));
    return null;
  }
}

/** What a fork file proves, and whether the log's key is one that is trusted here; null if it proves nothing. */
export async function checkForkFile(data, trust) {
  const policy = policyOf(trust);
  const { checkFork } = await import("./forks.js");
  try {
    const found = await checkFork(data, policy);
    return { ...found, trusted: policy.logs.has(found.log) };
  } catch (error) {
    return { code: codeOf(error) };
  }
}

function policyOf({ policy, replaced }) {
  return new Policy(policy, replaced.map(([log, size, vkey]) => ({ log, size, key: Key.parse(vkey) })));
}

/** The evidence holds the very entry that the label names, the same unit and mass, and the author's key among its keys. */
function checkSame(found, { origin, index, leaf, unit, mg, author }) {
  const code = "label-of-other-entry";
  const packed = found.entries.get(`${origin} ${index}`);
  need(packed && b64(packed.leaf) === b64(leaf), Unverified, code);
  need(found.subject.unit === `${origin}#${unit}` && found.subject.net_mg === String(mg), Unverified, code);
  const later = found.keys.get(origin).lists.filter(({ from }) => from > index).map(({ from }) => from);
  const known = [Number(index), ...later].flatMap((at) => found.keys.get(origin).of("author", at));
  need(known.some((key) => key.is(author.key)), Unverified, code);
}

/** What did not hold, or that this program itself failed: then nothing is said for the file. */
const codeOf = (error) => (error instanceof Broken ? error.code : `${error.name}: ${error.message}`);
