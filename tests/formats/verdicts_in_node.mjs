/** node verdicts_in_node.mjs STATIC VENDOR FILES: of each {file, policy} its verdict, or the class of what does not hold. */
import { readFileSync } from "node:fs";
import { modules } from "./modules_in_node.mjs";

const [, , pages, vendor, files] = process.argv;
const { canonical, evidence, forks, policy } = await modules(pages, vendor);
const said = [];
for (const row of JSON.parse(readFileSync(files, "utf8"))) {
  try {
    const trust = row.policy === null ? null : new policy.Policy(row.policy);
    if (row.file.includes('"format":"lodetrace fork v1"')) {
      const { kind, place, first, second } = await forks.checkFork(canonical.bytes(row.file), trust);
      said.push([kind, place, first, second]);
      continue;
    }
    const found = await evidence.verify(canonical.bytes(row.file), trust);
    const origins = found.origins.map((one) => [one.batch, one.log, one.index, one.standing, one.model, one.shares.map(([name]) => name)]);
    const attested = found.attested.map(({ by }) => by);
    said.push([found.vouched, found.complete, found.missing, found.not_shown, found.subject, origins, attested]);
  } catch (error) {
    said.push(error.code ? error.name : error.stack);
  }
}
process.stdout.write(JSON.stringify(said));
