'use strict';

// All families of attacks, and every attack by its name.

const families = [
  'straight-lines', 'calls', 'bulk', 'collected', 'instantiation', 'wasi', 'ends', 'memory', 'compiling', 'text',
].map((name) => require(`../${name}`));

const attacks = families.flatMap(({ family, attacks: own }) =>
  own.map((attack) => ({ ...attack, family, name: `${family}: ${attack.name}`, title: attack.name })));

const byName = new Map(attacks.map((attack) => [attack.name, attack]));
if (byName.size !== attacks.length) throw new Error('two attacks have the same name');

function find(name) {
  if (!byName.has(name)) throw new Error(`there is no attack ${name}`);
  return byName.get(name);
}

module.exports = { attacks, families: families.map(({ family }) => family), find };
