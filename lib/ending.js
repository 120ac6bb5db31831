'use strict';

// Ends and destroys streams of the user when their guest has ended, as stream.pipeline() does. What
// such a stream throws or emits from then on must not end the process.

const { Socket } = require('node:net');
const { finished } = require('node:stream');
const { isMainThread } = require('node:worker_threads');
const { anyhow, isWatched } = require('./watch.js');

const LINGER = 30_000;

// A stream on the standard descriptors belongs to the process. It's told by its descriptor, because
// the getter of process.stdin opens it. Those of a Worker have no descriptor.
function isOfProcess(stream) {
  if ([0, 1, 2].includes(stream.fd)) return true;
  return !isMainThread && [process.stdin, process.stdout, process.stderr].includes(stream);
}

// Of a server, by HTTP/1 or HTTP/2. Destroying it would close the connection on which the response
// is sent.
const isServerRequest = ({ method, httpVersion }) => typeof method === 'string' && typeof httpVersion === 'string';

// As the http module does at the end of the response, but only for a request that no one has begun to
// read. Otherwise, the next request on the connection would wait.
const discard = (request) => request.readableFlowing === false && request.resume();

// A socket, for example, through which the user may still answer. What is written to a Transform is
// what could be read from it.
const canStillWrite = (stream) => stream.writable === true && typeof stream._transform !== 'function';

// If a socket is closed while there are bytes to be read, the operating system resets the connection,
// and the peer loses what it hasn't received yet.
const isAnswered = (stream) => stream instanceof Socket && stream.bytesWritten > 0 && stream.writableFinished;

// The socket closes when the peer has ended its side, too. A peer that doesn't is not waited for forever.
function readToEnd(socket) {
  const timer = setTimeout(() => socket.destroy(), LINGER).unref();
  socket.once('error', () => {}).once('close', () => clearTimeout(timer));
  socket.resume();
}

// A stream that doesn't let us listen is left alone: its error event could end the process.
function destroy(stream, error) {
  if (typeof stream.destroy !== 'function') return;
  stream.once('error', () => {});
  stream.destroy(error);
}

// For a Readable that has not been read to its end.
function giveUpReadable(readable, error) {
  anyhow(() => {
    if (isServerRequest(readable)) return discard(readable);
    if (isOfProcess(readable) || canStillWrite(readable)) return;
    if (error === undefined && isAnswered(readable)) return readToEnd(readable);
    destroy(readable, error);
  });
}

// For a Writable that no guest uses.
function giveUpWritable(writable, error) {
  anyhow(() => {
    if (!isOfProcess(writable) && !isWatched(writable)) destroy(writable, error);
  });
}

// Ends a Writable. `done(error)` is called when it has finished or failed. The function that this
// returns stops listening. A stream that closes early is not an error, just as when the guest writes.
function end(writable, done) {
  if (isOfProcess(writable) || typeof writable.end !== 'function') {
    done();
    return () => {};
  }
  const unlisten = finished(writable, { readable: false }, (error) => {
    done(error?.code === 'ERR_STREAM_PREMATURE_CLOSE' ? undefined : error);
  });
  if (!writable.writableEnded) writable.end();
  return () => anyhow(unlisten);
}

module.exports = { end, giveUpReadable, giveUpWritable };
