// For releases: `version 1.2.3` sets the version everywhere; `prepare <folder>` makes the packages
// ready to publish, with the addons of all platforms from the folder.

import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addonName, targets } from './cargo.mjs';
import { fail, root } from './tools.mjs';

const platforms = Object.keys(targets);
const manifest = (platform) => path.join('npm', platform, 'package.json');

function edit(file, change) {
  const place = path.join(root, file);
  const text = change(readFileSync(place, 'utf8'));
  writeFileSync(place, text);
}

const editJson = (file, change) => edit(file, (text) => {
  const json = JSON.parse(text);
  change(json);
  return `${JSON.stringify(json, null, 2)}\n`;
});

function setVersion(version) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) fail('a version like 1.2.3 is needed');
  for (const file of ['package.json', ...platforms.map(manifest)]) {
    editJson(file, (json) => { json.version = version; });
  }
  editJson('package-lock.json', (json) => { json.version = json.packages[''].version = version; });
  edit('addon.js', (text) => text.replace(/^const version = '.*?'/m, `const version = '${version}'`));
  edit('Cargo.toml', (text) => text.replace(/^version = ".*"/m, `version = "${version}"`));
  edit('Cargo.lock', (text) => text.replace(/(name = "wasi-rs"\nversion = )".*"/, `$1"${version}"`));
}

// The platform packages are dependencies of what is published only: before they are there to get,
// a package that names them breaks `npm ci`. The package builds its addon still, where none of them
// fits or could be got.
function prepare(folder) {
  const local = readdirSync(root).filter((name) => name.endsWith('.node'));
  if (local.length > 0) fail(`${local.join(', ')} would be published: the addons belong in the platform packages`);
  const missing = platforms.map(addonName).filter((name) => !existsSync(path.join(folder, name)));
  if (missing.length > 0) fail(`${folder} lacks ${missing.join(', ')}`);
  for (const platform of platforms) {
    const name = addonName(platform);
    copyFileSync(path.join(folder, name), path.join(root, 'npm', platform, name));
  }
  editJson('package.json', (json) => {
    json.optionalDependencies = Object.fromEntries(platforms.map((name) => [`@wasi-rs/${name}`, json.version]));
  });
}

const commands = { version: setVersion, prepare };

const [command, argument] = process.argv.slice(2);
if (!Object.hasOwn(commands, command) || argument === undefined) {
  fail('usage: node scripts/release.mjs version <x.y.z> | prepare <folder with the addons>');
}
commands[command](argument);
