/** node every_vector_in_node.mjs STATIC VENDOR VECTORS [bare] */
import { readFileSync } from "node:fs";
import { run } from "./every_vector.mjs";
import { modules } from "./modules_in_node.mjs";

const [, , pages, vendor, vectors, bare] = process.argv;
const held = await run(await modules(pages, vendor, bare), JSON.parse(readFileSync(vectors, "utf8")));
process.stdout.write(JSON.stringify(held));
