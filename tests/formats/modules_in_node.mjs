/** The verifier's modules in node. Pages are served from two folders as if they were one: static/ and vendor/. */
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const NAMES = "canonical crypto disclosures entries evidence forks labels merkle names notes policy".split(" ");

/** Name → module. `pages`, `vendor`: their folders. `bare`: without WebCrypto. */
export async function modules(pages, vendor, bare) {
  if (bare) Object.defineProperty(globalThis.crypto, "subtle", { value: undefined });
  const [ours, theirs] = [pages, vendor].map((folder) => pathToFileURL(folder).href);
  registerHooks({
    resolve: (name, context, next) => {
      const found = name.startsWith(".") ? new URL(name, context.parentURL).href : name;
      const missing = found.startsWith(ours) && !existsSync(fileURLToPath(found));
      return next(missing ? found.replace(ours, theirs) : found, context);
    },
  });
  const found = NAMES.map(async (name) => [name, await import(`${pathToFileURL(pages).href}/verifier/${name}.js`)]);
  return Object.fromEntries(await Promise.all(found));
}
