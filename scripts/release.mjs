// For releases: `version 1.2.3` sets the version everywhere; `prepare <folder>` makes the packages
// ready to publish, with the addons of all platforms from the folder; `publish` does that.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addonName, targets } from './cargo.mjs';
import { fail, root, run } from './tools.mjs';

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

// npm takes a package with provenance only if it names the repository that it was made from.
function repository() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY) fail('GITHUB_SERVER_URL and GITHUB_REPOSITORY must name the repository');
  return { type: 'git', url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git` };
}

// The platform packages are dependencies of what is published only: before they are there to get,
// a package that names them breaks `npm ci`. With them, no script runs when it is installed: npm 12
// leaves those out until they are allowed, and pnpm 12 fails. Where no package fits or could be got,
// the error of the package says how to build its addon.
function prepare(folder) {
  const local = readdirSync(root).filter((name) => name.endsWith('.node'));
  if (local.length > 0) fail(`${local.join(', ')} would be published: the addons belong in the platform packages`);
  const missing = platforms.map(addonName).filter((name) => !existsSync(path.join(folder, name)));
  if (missing.length > 0) fail(`${folder} lacks ${missing.join(', ')}`);
  const from = repository();
  for (const platform of platforms) {
    const name = addonName(platform);
    copyFileSync(path.join(folder, name), path.join(root, 'npm', platform, name));
    editJson(manifest(platform), (json) => { json.repository = from; });
  }
  editJson('package.json', (json) => {
    delete json.scripts.postinstall;
    json.repository = from;
    json.optionalDependencies = Object.fromEntries(platforms.map((name) => [`@wasi-rs/${name}`, json.version]));
  });
}

function isPublished({ name, version }) {
  const { status, stdout } = spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' });
  return status === 0 && stdout.trim() === version;
}

// The package itself last: what it depends on is there then. What an earlier try has published
// stays. A version like 1.2.3-beta.1 is for those only who ask for `next`.
function publish() {
  for (const folder of [...platforms.map((platform) => `./npm/${platform}`), '.']) {
    const json = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
    if (isPublished(json)) continue;
    const tag = json.version.includes('-') ? 'next' : 'latest';
    run('npm', ['publish', folder, '--provenance', '--access', 'public', '--tag', tag]);
  }
}

const commands = { version: setVersion, prepare, publish };

const [command, argument] = process.argv.slice(2);
if (!Object.hasOwn(commands, command) || commands[command].length > 0 !== (argument !== undefined)) {
  fail('usage: node scripts/release.mjs version <x.y.z> | prepare <folder with the addons> | publish');
}
commands[command](argument);
