// Counts the requests of a Node server for relance --max-requests:
//
//     require('./relance').count(server);
//
// Node before 20.4 knows no abstract sockets: give --socket-dir there.
// Without relance it does nothing. When relance wants to recycle the program, the
// server takes no new connections, and the program ends when the last one is done.
'use strict';
const net = require('net');

exports.count = function (server) {
  const name = process.env.RELANCE_SOCKET;
  if (!name) return;
  const stream = net.connect(name.replace(/^@/, '\0'));
  stream.on('error', () => {}); // relance is gone, and the work goes on
  stream.unref();
  let rest = '', leaving = false;
  stream.setEncoding('latin1').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    if (leaving || !lines.includes('drain')) return;
    leaving = true;
    server.close();
  });
  server.prependListener('request', (request, response) => {
    if (leaving) response.setHeader('Connection', 'close');
    stream.write('begin\n');
    response.on('close', () => stream.write('end\n'));
  });
};
