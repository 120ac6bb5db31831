'use strict';

// Turns the ends of a pipe that the addon has opened into streams. Runtimes differ in which streams
// accept a descriptor that they have not opened themselves.

const { Socket } = require('node:net');

const sockets = {
  reader: (fd) => new Socket({ fd, readable: true, writable: false }),
  writer: (fd) => new Socket({ fd, readable: false, writable: true }),
};

// In Bun, a Socket on a pipe emits nothing.
module.exports = process.versions.bun === undefined ? sockets : require('./bun-pipe-ends.js');
