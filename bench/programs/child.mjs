// The process in which one task of a section is measured, once:
//
//   node child.mjs SECTION TASK ARGUMENTS_AS_JSON
//
// The result is one line of JSON on stdout, an error a line on stderr with exit code 1.

import { writeSync } from 'node:fs';
import { sections } from './index.mjs';

const [sectionName, task, args] = process.argv.slice(2);
const { tasks } = sections.find(({ name }) => name === sectionName);

try {
  const result = await tasks[task](JSON.parse(args));
  writeSync(1, `${JSON.stringify(result)}\n`);
} catch (error) {
  writeSync(2, `${error.message}\n`);
  process.exitCode = 1;
}
