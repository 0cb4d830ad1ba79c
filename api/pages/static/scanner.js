// The camera as one more keyboard: what it reads goes into the field that the button names, and is sent like Enter.
//
// The browser's own reader of codes where there is one, else zxing, served by this node. A code that stays in view is
// read once. forms.js replaces the page after each code; the camera goes on.

const EVERY_MS = 200;
let stream = null;
let last = "";

offer();
document.addEventListener("shown", () => {
  offer();
  if (stream) look();
});

function offer() {
  const button = document.querySelector("[data-camera]");
  if (!button || !navigator.mediaDevices?.getUserMedia) return;
  button.hidden = false;
  button.addEventListener("click", start);
}

async function start() {
  stream ??= await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  look();
}

async function look() {
  const view = document.querySelector("[data-view]");
  const button = document.querySelector("[data-camera]");
  if (!view || !button) return stop();
  view.hidden = false;
  button.hidden = true;
  view.srcObject = stream;
  await view.play();
  const read = await reader();
  while (view.isConnected && stream) {
    const text = await read(view);
    if (text && text !== last) {
      last = text;
      const field = document.getElementById(button.dataset.camera);
      field.value = text;
      navigator.vibrate?.(60);
      field.form.requestSubmit(field.parentElement.querySelector("button"));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
}

async function reader() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (view) => (await detector.detect(view))[0]?.rawValue;
  }
  const { prepareZXingModule, readBarcodes } = await import("./zxing-wasm/reader/index.js");
  const home = new URL("./zxing-wasm/", import.meta.url);
  prepareZXingModule({ overrides: { locateFile: (file) => new URL(file, home).href } });
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (view) => {
    if (!view.videoWidth) return undefined;
    canvas.width = view.videoWidth;
    canvas.height = view.videoHeight;
    pen.drawImage(view, 0, 0);
    const found = await readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), { formats: ["QRCode"] });
    return found[0]?.text;
  };
}
