'use strict';

// Ends of a pipe that the addon has opened, as streams. Runtimes differ in what takes a descriptor
// that they have not opened themselves.

const { Socket } = require('node:net');

const sockets = {
  reader: (fd) => new Socket({ fd, readable: true, writable: false }),
  writer: (fd) => new Socket({ fd, readable: false, writable: true }),
};

// Sockets of Bun are silent about a pipe.
module.exports = process.versions.bun === undefined ? sockets : require('./bun-pipe-ends.js');
