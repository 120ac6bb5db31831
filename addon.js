'use strict';

// Which file holds the addon, the likelier first, and loading it. A loader of our own, as small as
// can be: the one that napi-rs generates takes longer than all the rest of the package.

const abi = { linux: ['-gnu', '-musl'], win32: ['-msvc'] }[process.platform] ?? [''];
const addonNames = abi.map((suffix) => `wasi-rs.${process.platform}-${process.arch}${suffix}.node`);

function loadFirst([name, ...others]) {
  try {
    return require(`./${name}`);
  } catch (error) {
    if (others.length === 0) throw error;
    try {
      return loadFirst(others);
    } catch {
      throw error;
    }
  }
}

module.exports = { addonNames, load: () => loadFirst(addonNames) };
