// What a form needs beyond HTML: nothing typed is lost, and nothing is sent twice.
//
// A form with data-keep="NAME" is kept in this browser while it is filled in, and put back when the page is opened again
// for the same thing, without values of its own. It is sent by script, so that a lost connection leaves the page
// standing; it is then sent again under the same key until the node answers, and the node records a key once. Where it
// leads on to is read, not followed: what the next page has to tell once would be told to the script.

const AGAIN_MS = 3000;
const OURS = new Set(["csrf", "key"]);
const UNREACHABLE = new Set([502, 504]); // a web server in front of the node, which did not reach it

takeOver();

function takeOver() {
  const fresh = !document.querySelector("[aria-invalid], .told.bad");
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const name = `lodetrace ${form.dataset.keep} ${aboutWhat()}`;
    if (fresh) putBack(form, name);
    else keep(form, name);
    form.addEventListener("input", () => keep(form, name));
    form.addEventListener("submit", (event) => {
      if (event.submitter?.hasAttribute("formaction")) return;
      event.preventDefault();
      send(form, event.submitter);
    });
  }
  for (const said of document.querySelectorAll("[data-told]")) {
    said.closest("form").addEventListener("input", () => tell(said));
  }
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
}

// What the head of a folded part says of a field in it.
function tell(said) {
  const field = said.closest("form").elements[said.dataset.told];
  said.textContent = field.selectedOptions?.[0]?.text ?? field.value;
}

// What was typed about one batch is not put back about another: the address says what a page is about.
function aboutWhat() {
  const asked = new URLSearchParams(location.search);
  asked.delete("lang");
  return `${location.pathname}?${asked}`;
}

function keep(form, name) {
  const kept = [];
  for (const field of form.elements) {
    if (!field.name || OURS.has(field.name) || field.type === "password" || field.type === "file") continue;
    if (field.type === "submit") continue; // what a button says is the page's
    if ("passing" in field.dataset) continue; // it belongs to what the page shows now
    if ((field.type === "checkbox" || field.type === "radio") && !field.checked) continue;
    if (field.type !== "hidden") kept.push([field.name, field.value]);
  }
  localStorage.setItem(name, JSON.stringify({ kept, key: form.elements.key?.value }));
}

function putBack(form, name) {
  const stored = localStorage.getItem(name);
  if (stored === null) return;
  const { kept, key } = JSON.parse(stored);
  const values = new Map(kept);
  for (const field of form.elements) {
    if (!field.name || !values.has(field.name)) continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.get(field.name) === field.value;
    else if (field.type !== "hidden") field.value = values.get(field.name);
  }
  if (key && form.elements.key) form.elements.key.value = key;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

// Wherever it was kept: an address may have changed on the way, and a key is not used again.
function forget(key) {
  const names = Object.keys(localStorage).filter((name) => name.startsWith("lodetrace "));
  for (const name of names) if (JSON.parse(localStorage.getItem(name)).key === key) localStorage.removeItem(name);
}

async function send(form, submitter) {
  const body = new FormData(form, submitter);
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  for (;;) {
    const answer = await post(form, body);
    if (answer === null) {
      waiting();
      await patience();
      continue;
    }
    const next = answer.headers.get("location");
    if (next === null) show(await answer.text(), answer.url);
    else {
      if (!next.startsWith("/sign-in")) forget(body.get("key"));
      location.assign(next);
    }
    return;
  }
}

// The node's answer; null where it was not reached, or its answer was lost.
async function post(form, body) {
  const multipart = form.enctype === "multipart/form-data";
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "sent-by": "script" },
      body: multipart ? body : new URLSearchParams(body),
    });
    return UNREACHABLE.has(answer.status) ? null : answer;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}

// The page that answers a form which was not taken: its fields hold what was typed, with what is wrong beside them.
function show(html, url) {
  const page = new DOMParser().parseFromString(html, "text/html");
  history.replaceState(null, "", url);
  document.title = page.title;
  document.body.replaceWith(page.body);
  takeOver();
  window.htmx?.process(document.body);
  const next = document.querySelector("[aria-invalid]") ?? document.querySelector("[autofocus]");
  if (next) next.focus();
  else window.scrollTo(0, 0);
  document.dispatchEvent(new Event("shown"));
}

function waiting() {
  if (document.querySelector(".offline")) return;
  const said = document.createElement("p");
  said.className = "told offline";
  said.setAttribute("role", "status");
  said.textContent = document.documentElement.dataset.offline ?? "…";
  document.body.append(said);
}

function patience() {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, AGAIN_MS);
    addEventListener("online", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
