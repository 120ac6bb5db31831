// On what it was measured, in a few words.

const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

export const machineOf = ({ cpu, cpus, platform, rounds }, node) => [
  `Node.js ${node.replace(/^v/, '')}`, platform, `${cpu?.trim() ?? 'unknown processor'} (${count(cpus, 'CPU')})`,
  `fastest of ${count(rounds, 'round')}`,
].join(', ');
