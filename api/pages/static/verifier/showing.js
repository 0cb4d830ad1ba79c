/** Shows a check on the lines and with the words that a page brings (pages/checked.html). */
import { checkEvidence, checkForkFile, checkLabel } from "./checking.js";
import { parseToken } from "./labels.js";

/** One card of a page. */
export class Card {
  constructor(card) {
    this.card = card;
    this.steps = card.querySelector("[data-steps]");
    for (const one of this.steps.children) one.dataset.good = one.textContent;
    this.words = Object.fromEntries([...card.querySelectorAll("[data-word]")].map((one) => [one.dataset.word, one.textContent]));
  }

  /** A sentence of the page, with its facts. */
  word(name, facts = {}) {
    return (this.words[name] ?? name).replace(/\{(\w+)\}/g, (_, fact) => facts[fact] ?? "…");
  }

  /** Begins anew; only the lines of these steps are shown. */
  begin(...names) {
    this.card.hidden = false;
    this.failed = null;
    this.say("", "busy");
    this.list("why", []);
    this.list("limits", []);
    for (const one of this.steps.children) {
      one.hidden = !names.includes(one.dataset.step);
      delete one.dataset.state;
      one.textContent = one.dataset.good;
    }
  }

  tell = (name, state, code) => {
    const one = this.steps.querySelector(`[data-step="${name}"]`);
    one.dataset.state = state;
    one.textContent = one.dataset[state] ?? one.dataset.good; // what did not hold is not said as if it did
    if (state === "bad") this.failed = name;
    if (!code) return;
    const shown = document.createElement("code");
    shown.textContent = code;
    one.append(" ", shown);
  };

  /** The sentence that sums it up; `state`: good, bad, open. */
  say(text, state) {
    const summary = this.card.querySelector("[data-summary]");
    summary.textContent = text || this.word("busy");
    this.card.dataset.state = state;
  }

  list(name, texts) {
    const items = texts.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
    const list = this.card.querySelector(`[data-${name}]`);
    list.replaceChildren(...items);
    list.closest("details").hidden = texts.length === 0;
  }
}

/** Types of entries by which something was put right, stopped or called back: whoever relies on the rest must know. */
const NEWS = ["amended", "reversed", "adjusted", "held", "recalled"];
const EVIDENCE = ["form", "trust", "history", "entries", "disclosures", "custody", "subject", "members"];

/**
 * Checks a label and, where it is to be had, the evidence behind it. `evidence`: null, or a function that answers bytes.
 * Answers what was found, or null.
 */
export async function showLabel(card, token, evidence) {
  card.begin("label", ...(evidence ? EVIDENCE : []));
  let trust, data;
  try {
    const { keyId, index } = parseToken(token);
    trust = await trusted(`?key=${keyId}&index=${index}`);
    data = evidence && (await evidence());
  } catch (error) {
    return failed(card, error);
  }
  const label = await checkLabel(token, trust, card.tell);
  if (!label) {
    const open = card.steps.querySelector('[data-state="open"]');
    card.say(card.word(open ? "label-open" : "label-bad", trust), open ? "open" : "bad");
    return null;
  }
  const who = { ...author(label.author), node: trust.node, mass: grams(label.mg), unit: label.unit };
  card.list("why", [card.word(`because-${because(label.author, trust)}`, who)]);
  if (!evidence) {
    card.say(card.word("label-good", who), "good");
    card.list("limits", [card.word("limit-label"), card.word("limit-thing")]);
    return { label };
  }
  const found = await checkEvidence(data, trust, card.tell, label);
  conclude(card, found, trust);
  return found && { label, found };
}

/** Checks an evidence file by itself. */
export async function showEvidence(card, data) {
  card.begin(...EVIDENCE);
  let trust;
  try {
    trust = await trusted("");
  } catch (error) {
    return failed(card, error);
  }
  const found = await checkEvidence(data, trust, card.tell);
  conclude(card, found, trust);
  return found;
}

/** Checks a fork file: a proof against the log that signed it, by whoever made it. */
export async function showFork(card, data) {
  card.begin();
  let trust;
  try {
    trust = await trusted("");
  } catch (error) {
    return failed(card, error);
  }
  const { code, ...found } = await checkForkFile(data, trust);
  if (code) card.say(`${card.word("fork-bad")} (${code})`, "bad");
  else card.say(card.word(found.trusted ? "fork-good" : "fork-open", found), found.trusted ? "good" : "open");
  return code ? null : found;
}

/** Says of a file that it is nothing to be checked; `word` says why. */
export function showOther(card, word, facts) {
  card.begin();
  card.say(card.word(word, facts), "bad");
  return null;
}

function conclude(card, found, trust) {
  if (!found) return card.say(card.word(card.failed === "form" ? "file-broken" : "evidence-bad"), "bad");
  const logs = Object.entries(found.logs);
  const state = found.complete ? "good" : "open";
  const news = [...new Set([...found.entries.values()].map(({ type }) => type).filter((type) => NEWS.includes(type)))];
  const sentences = [card.word(`evidence-${state}`, { logs: logs.length }), about(card, found.subject)];
  if (news.length > 0) sentences.push(card.word("news", { types: news.join(", ") }));
  card.say(sentences.join(" "), state);
  const why = logs.map(([log, facts]) => {
    const name = document.documentElement.lang.startsWith("zh") ? facts.organisation : facts.latin;
    const witnesses = facts.cosigned.join(", ") || card.word("nobody");
    const kind = facts.because === "policy" ? (log === trust.log ? "own" : "policy") : "registry";
    const told = { log, key: facts.key, organisation: name, registry: facts.because, node: trust.node };
    return `${card.word(`because-${kind}`, told)} ${card.word("cosigned", { size: facts.size, witnesses })}`;
  });
  card.list("why", why);
  const unchecked = [...new Set(logs.flatMap(([, facts]) => facts.unchecked))];
  card.list("limits", [
    ...found.missing.map((what) => card.word("missing", { what })),
    ...unchecked.map((witness) => card.word("limit-ml-dsa", { witness })),
    card.word("limit-sums"),
    card.word("limit-hidden", { count: found.not_shown }),
    card.word("limit-thing"),
  ]);
}

function about(card, subject) {
  if (!subject.unit) return card.word("about", { what: Object.values(subject)[0] });
  return card.word("about-unit", { serial: subject.serial, mass: subject.net_mg && grams(subject.net_mg) });
}

function failed(card, error) {
  card.say(card.word(error.code ? "label-malformed" : "unreachable"), error.code ? "bad" : "open");
  return null;
}

async function trusted(asked) {
  const answer = await fetch(`/verify/trust.json${asked}`);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

const author = ({ log, key, organisation, latin, because: registry }) => ({
  log,
  key: key.id,
  organisation: document.documentElement.lang.startsWith("zh") ? organisation : latin,
  registry,
});

const because = (one, trust) => (one.log === trust.log ? "own" : one.because === "policy" ? "policy" : "registry");

/** Milligrams (digits, or a BigInt) as kilograms, exactly. */
function grams(mg) {
  const digits = String(mg).padStart(7, "0");
  const fraction = digits.slice(-6).replace(/0+$/, "");
  return `${digits.slice(0, -6)}${fraction && `.${fraction}`} kg`;
}
