/** The scan page's card: the reader's own browser checks the label, and the evidence where this node lets it go. */
import { Card, showLabel } from "./showing.js";

const place = document.querySelector("[data-checked]");
const { token, evidence } = place.dataset;

async function bytes() {
  const answer = await fetch(evidence);
  if (!answer.ok) throw new Error(answer.statusText);
  return new Uint8Array(await answer.arrayBuffer());
}

const begun = performance.now();
await showLabel(new Card(place), token, evidence ? bytes : null);
place.dataset.took = Math.ceil(performance.now() - begun);
