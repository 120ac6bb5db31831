'use strict';

// All families, and every attack by its id.

const families = ['paths', 'moves', 'capabilities', 'readonly', 'descriptors', 'host-harm', 'memory', 'pointers']
  .map((name) => require(`../${name}`));

const attacks = families.flatMap(({ family, attacks: own }) =>
  own.map((attack) => ({ row: attack.name, ...attack, family, id: `${family}: ${attack.name}` })));
const controls = families.flatMap(({ family, controls: own = [] }) =>
  own.map((attack) => ({ ...attack, family, id: `${family}: ${attack.name}` })));

const byId = new Map([...attacks, ...controls].map((attack) => [attack.id, attack]));
if (byId.size !== attacks.length + controls.length) throw new Error('two attacks have the same name');

// What can be tried here.
const here = attacks.filter(({ linux }) => !linux || process.platform === 'linux');

module.exports = { attacks: here, byId, controls, families: families.map(({ family }) => family) };
