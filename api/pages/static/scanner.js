// The camera as one more keyboard: what it reads goes into the field that the button names, and is sent like Enter.
//
// The browser's own reader of codes where there is one, else zxing, served by this node. A code that was read is not
// read again while the page stands: labels that lie side by side do not send the form for ever. forms.js replaces the
// page after each code; the camera goes on. A photo is sent as soon as it is chosen, and read by the node.

const EVERY_MS = 200;
// A label that fills the view: of the 640 pixels that cameras give unasked, its code of 57 modules had three for each.
const VIEW = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
let stream = null;
const seen = new Set();

offer();
document.addEventListener("shown", () => {
  offer();
  if (stream) look();
});

function offer() {
  const photo = document.querySelector("[data-photo]");
  photo?.addEventListener("change", () => photo.files.length && send(document.getElementById(photo.dataset.photo), ""));
  const button = document.querySelector("[data-camera]");
  if (!button || !navigator.mediaDevices?.getUserMedia) return;
  button.hidden = false;
  button.addEventListener("click", start);
}

async function start() {
  try {
    stream ??= await navigator.mediaDevices.getUserMedia({ video: VIEW, audio: false });
  } catch {
    document.querySelector("[data-denied]").hidden = false;
    return;
  }
  look();
}

async function look() {
  const view = document.querySelector("[data-view]");
  const button = document.querySelector("[data-camera]");
  if (!view || !button) return stop();
  view.hidden = false;
  button.hidden = true;
  document.querySelector("[data-denied]").hidden = true;
  view.srcObject = stream;
  await view.play();
  const read = await reader();
  while (view.isConnected && stream) {
    const text = (await read(view)).find((one) => !seen.has(one));
    if (text && view.isConnected) {
      seen.add(text);
      navigator.vibrate?.(60);
      send(document.getElementById(button.dataset.camera), text);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function send(field, text) {
  field.value = text;
  field.form.requestSubmit(field.parentElement.querySelector("button"));
}

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
}

async function reader() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (view) => (await detector.detect(view)).map((one) => one.rawValue);
  }
  const { prepareZXingModule, readBarcodes } = await import("./zxing-wasm/reader/index.js");
  const home = new URL("./zxing-wasm/", import.meta.url);
  prepareZXingModule({ overrides: { locateFile: (file) => new URL(file, home).href } });
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (view) => {
    if (!view.videoWidth) return [];
    canvas.width = view.videoWidth;
    canvas.height = view.videoHeight;
    pen.drawImage(view, 0, 0);
    const found = await readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), { formats: ["QRCode"] });
    return found.map((one) => one.text);
  };
}
