/** The page /verify: any label of anybody (#TOKEN, or pasted), or an evidence file, dropped or chosen; also offline. */
import { Card, showEvidence, showFork, showLabel, showOther } from "./showing.js";

const FILE_MAX = 64 * 2 ** 20; // of evidence, as the programs take it (docs/formats.md)
const BRACE = 0x7b; // canonical JSON begins with it, and nothing else that is mistaken for evidence does
const card = new Card(document.querySelector("[data-checked]"));
const [label, file, zone] = ["label", "file", "zone"].map((name) => document.querySelector(`[data-${name}]`));

/** A label as scanned or pasted: its URL, or what stands behind /q/. */
async function takeLabel(given) {
  const token = given.trim().replace(/[?#].*$/, "");
  if (token) await showLabel(card, token, null);
}

async function takeFile(chosen) {
  if (chosen.size > FILE_MAX) return showOther(card, "too-large", { limit: FILE_MAX / 2 ** 20 });
  const data = new Uint8Array(await chosen.arrayBuffer());
  if (data.length === 0) return showOther(card, "file-empty");
  if (data[0] !== BRACE) return showOther(card, "file-other");
  await (isFork(data) ? showFork(card, data) : showEvidence(card, data));
}

/** By its name in the file; a file that only says so is refused for what it is not. */
const isFork = (data) => new TextDecoder().decode(data.slice(0, 2 ** 20)).includes('"format":"lodetrace fork v1"');

const hash = () => decodeURIComponent(location.hash.slice(1));
document.querySelector("[data-form]").addEventListener("submit", (event) => {
  event.preventDefault();
  takeLabel(label.value);
});
file.addEventListener("click", () => (file.value = "")); // or the same file, changed meanwhile, would be no change
file.addEventListener("change", () => file.files[0] && takeFile(file.files[0]));
zone.addEventListener("dragover", (event) => event.preventDefault());
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) takeFile(event.dataTransfer.files[0]);
});
addEventListener("hashchange", () => takeLabel(hash()));

// Kept for when there is no network; a browser without service workers, or plain HTTP, does without.
navigator.serviceWorker?.register("/verify/worker.js", { scope: "/verify" }).catch(() => {});
if (hash()) {
  label.value = hash();
  await takeLabel(hash());
}
