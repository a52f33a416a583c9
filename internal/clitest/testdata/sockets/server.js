// Serves on the socket that was passed, and on TERM what it has accepted, to the end.
const http = require('http');
let leaving = false;
const server = http.createServer((_, answer) => {
  if (leaving) answer.setHeader('Connection', 'close'); // else a client that keeps its connection keeps us
  setTimeout(() => answer.end('ok'), 1);
});
server.listen({fd: 3}, () => console.log('ready'));
process.on('SIGTERM', () => {
  leaving = true;
  server.close(() => process.exit(0));
});
