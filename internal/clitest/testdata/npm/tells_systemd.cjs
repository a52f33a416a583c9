// Says with the library sd-notify all that a service says.
const sd = require('sd-notify');
sd.sendStatus('starting');
sd.sendState('EXTEND_TIMEOUT_USEC=5000000');
sd.sendState('WATCHDOG_USEC=5000000');
sd.watchdog();
sd.ready();
console.log('told');
setInterval(() => 0, 1 << 30);
