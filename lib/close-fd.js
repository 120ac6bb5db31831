'use strict';

// Closing a descriptor that the addon has opened.

const fs = require('node:fs');
const { Socket } = require('node:net');
const { isMainThread } = require('node:worker_threads');

// In a Worker node:fs warns of descriptors that it has not opened itself; a socket takes any.
function closeFdInWorker(fd) {
  new Socket({ fd, manualStart: true }).destroy();
}

module.exports = { closeFd: isMainThread ? fs.closeSync : closeFdInWorker };
