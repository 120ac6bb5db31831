// npm run docs:blocks: executes or type-checks every block of code in README.md, SECURITY.md,
// CONTRIBUTING.md and docs/, or in the pages that are named. docs-blocks/plan.mjs says which block
// means what.

import { checkPages, describe } from './docs-blocks/check.mjs';
import { allPages } from './docs-blocks/pages.mjs';
import { fail } from './tools.mjs';

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const named = process.argv.slice(2);
const pages = await checkPages(named.length > 0 ? named : allPages());
for (const { page, count, failures } of pages) {
  for (const failure of failures) console.log(describe(failure));
  if (failures.length === 0) console.log(`${page}: ${count} blocks of code are fine`);
}
const { length } = pages.flatMap(({ failures }) => failures);
if (length > 0) fail(`${length} problems in blocks of code`);
