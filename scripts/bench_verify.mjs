/** node bench_verify.mjs STATIC VENDOR EVIDENCE POLICY ROUNDS: seconds of each round, one a line. */
import { readFileSync } from "node:fs";
import { modules } from "../tests/formats/modules_in_node.mjs";

const [, , pages, vendor, file, text, rounds] = process.argv;
const { evidence, policy } = await modules(pages, vendor);
const data = new Uint8Array(readFileSync(file));
for (let round = 0; round < Number(rounds); round++) {
  const begun = performance.now();
  await evidence.verify(data, new policy.Policy(readFileSync(text, "utf8")));
  console.log((performance.now() - begun) / 1000);
}
