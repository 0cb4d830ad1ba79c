// Moving about in a drawing: drag with the pointer, zoom with buttons, + and -, or Ctrl and the wheel.
// Without this script the drawing scrolls as it is, with arrow keys too; nothing is hidden behind it.

const STEP = 1.25, LEAST = 0.2, MOST = 4;

for (const frame of document.querySelectorAll(".pan")) {
  const svg = frame.querySelector("svg");
  const natural = { width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
  let scale = 1;

  const show = (wanted, x = frame.clientWidth / 2, y = frame.clientHeight / 2) => {
    const next = Math.min(MOST, Math.max(LEAST, wanted)), by = next / scale;
    svg.setAttribute("width", natural.width * next);
    svg.setAttribute("height", natural.height * next);
    frame.scrollLeft = (frame.scrollLeft + x) * by - x;  // what lies under the pointer stays there
    frame.scrollTop = (frame.scrollTop + y) * by - y;
    scale = next;
  };
  const fit = () => show(Math.min(1, frame.clientWidth / natural.width));

  const tools = document.createElement("div");
  tools.className = "pan-tools";
  const ways = [["−", frame.dataset.out, () => show(scale / STEP)], ["+", frame.dataset.in, () => show(scale * STEP)],
    ["1:1", frame.dataset.whole, () => show(1)], ["↔", frame.dataset.fit, fit]];
  for (const [sign, name, act] of ways) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.title = name;
    button.setAttribute("aria-label", `${sign} ${name}`); // holds what is to be seen, for whoever says it to the machine
    button.addEventListener("click", act);
    tools.append(button);
  }
  frame.before(tools);

  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") show(scale * STEP);
    else if (event.key === "-") show(scale / STEP);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  });
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;  // a plain wheel scrolls the page, as everywhere
    event.preventDefault();
    const box = frame.getBoundingClientRect();
    show(event.deltaY < 0 ? scale * STEP : scale / STEP, event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  let from = null, moved = false;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return;  // fingers scroll by themselves
    from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop, id: event.pointerId };
    moved = false;
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    const x = from.x - event.clientX, y = from.y - event.clientY;
    if (!moved && Math.abs(x - frame.scrollLeft) + Math.abs(y - frame.scrollTop) < 5) return;
    if (!moved) frame.setPointerCapture(from.id);
    moved = true;
    frame.scrollLeft = x;
    frame.scrollTop = y;
  });
  frame.addEventListener("pointerup", () => { from = null; });
  frame.addEventListener("pointercancel", () => { from = null; });
  frame.addEventListener("click", (event) => {
    if (moved) event.preventDefault();  // whoever dragged did not mean the link under the pointer
    moved = false;
  }, true);
  frame.addEventListener("dragstart", (event) => event.preventDefault());
  if (frame.clientWidth / natural.width >= 0.7) fit();
  else {
    const asked = frame.querySelector(".root")?.getBoundingClientRect(), box = frame.getBoundingClientRect();
    if (asked) frame.scrollLeft += asked.left + asked.width / 2 - box.left - box.width / 2;
    if (asked) frame.scrollTop += asked.top + asked.height / 2 - box.top - box.height / 2;
  }
}
