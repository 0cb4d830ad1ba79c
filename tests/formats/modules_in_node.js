/** The verifier's modules in node, from where the tree has them: where pages are served, vendor/ lies beside verifier/. */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const NAMES = "canonical crypto disclosures entries evidence forks labels merkle names notes policy".split(" ");

/** Name → module. `pages`, `vendor`: their folders. `bare`: without WebCrypto. */
export async function modules(pages, vendor, bare) {
  if (bare) Object.defineProperty(globalThis.crypto, "subtle", { value: undefined });
  const served = `${pathToFileURL(pages).href}/vendor/`;
  registerHooks({
    resolve: (name, context, next) => {
      const found = name.startsWith(".") ? new URL(name, context.parentURL).href : name;
      const there = found.startsWith(served) ? `${pathToFileURL(vendor).href}/${found.slice(served.length)}` : found;
      return next(there, context);
    },
  });
  const found = NAMES.map(async (name) => [name, await import(`${pathToFileURL(pages).href}/verifier/${name}.js`)]);
  return Object.fromEntries(await Promise.all(found));
}
