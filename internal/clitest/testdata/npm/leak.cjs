// Loaded into a server before it starts: it keeps 1 MiB for each message that it writes.
const held = [];
const write = process.stdout.write;
process.stdout.write = function (...args) {
	held.push(Buffer.alloc(1 << 20, 'x'));
	return write.apply(this, args);
};
