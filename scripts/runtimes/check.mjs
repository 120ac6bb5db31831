// Runs one check: `check.mjs GROUP NAME`. It has held if "held" is the last that this prints.

const [group, name] = process.argv.slice(2);
const { default: checks } = await import(`./${group}.mjs`);
await checks[name]();
console.log('held');
process.exit(0);
