// What a form needs beyond HTML: nothing typed is lost, and nothing is sent twice.
//
// A form with data-keep="NAME" is kept in this browser while it is filled in, and put back when the page is opened again
// without values of its own. It is sent by script, so that a lost connection leaves the page standing; it is then sent
// again under the same key until the node answers, and the node records a key once.

const AGAIN_MS = 3000;
const OURS = new Set(["csrf", "key"]);

takeOver();

function takeOver() {
  const fresh = !document.querySelector("[aria-invalid], .told.bad");
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const name = `lodetrace ${form.dataset.keep}`;
    if (fresh) putBack(form, name);
    else keep(form, name);
    form.addEventListener("input", () => keep(form, name));
    form.addEventListener("submit", (event) => {
      if (event.submitter?.hasAttribute("formaction")) return;
      event.preventDefault();
      send(form, name, event.submitter);
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
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

async function send(form, name, submitter) {
  const body = new FormData(form, submitter);
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  for (;;) {
    try {
      const multipart = form.enctype === "multipart/form-data";
      const answer = await fetch(form.action, { method: "POST", body: multipart ? body : new URLSearchParams(body) });
      if (answer.redirected) {
        if (!new URL(answer.url).pathname.startsWith("/sign-in")) localStorage.removeItem(name);
        location.assign(answer.url);
        return;
      }
      show(await answer.text(), answer.url);
      return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      waiting();
      await patience();
    }
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
