// A server in Node, as simple as can be, that is counted. TERM ends it when all is answered.
'use strict';
const server = require('http').createServer((request, response) => {
  require('fs').writeSync(1, `begun ${request.url}\n`);
  setTimeout(() => response.end(`${request.url} by ${process.pid}\n`), request.url.startsWith('/slow') ? 20 : 0);
});
require(process.argv[3]).count(server);
server.listen(+process.argv[2], '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
