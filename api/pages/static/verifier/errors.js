/** What does not hold (docs/formats.md, "Conventions"): one of three classes, and the code that the document names. */
export class Broken extends Error {
  /** @param {string} code @param {string} what for whoever looks into it; pages word the code themselves */
  constructor(code, what = code) {
    super(what);
    this.name = new.target.name;
    this.code = code;
    this.step = null; // of a verification: which one it was
  }
}

/** Not of the form. */
export class Malformed extends Broken {}

/** Of the form, but a signature, hash, proof or policy does not hold. */
export class Unverified extends Broken {}

/** Two true statements that contradict a rule of custody. */
export class Refusal extends Broken {}

/** Throws `error` of `code`, unless it `holds`. */
export function need(holds, error, code, what) {
  if (!holds) throw new error(code, what);
}
