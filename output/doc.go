// Package output stands between what the command writes to stdout and stderr and
// where relance's own go, and knows when something was last written. All bytes
// are passed on as they are and as they come; none is kept for later.
//
// Each carried stream is a pipe. The command has its write end in place of
// descriptor 1 or 2, and so has every generation: relance keeps the end open too,
// so the order holds from one generation to the next, and a relaunch costs
// nothing. [Stream.Run] waits in one poll(2) for the read end, and copies.
//
// What the command sees is what it would see without relance, as far as a pipe
// can tell it:
//
//   - A reader that stalls: the pipe fills, and the command waits in its write.
//   - A reader that goes away: the read end is closed as soon as that is seen, so
//     the next write of the command ends in SIGPIPE or EPIPE. The end of a TCP
//     peer, and of the last reader of a FIFO, shows in a write only, so there it
//     is the write after the first one.
//   - Any other error, as of a disk that is full, no pipe can tell. The read end is
//     closed then too, and one line says why: a command that goes on while what
//     it writes is lost is worse than one that ends. The next generation gets a
//     new pipe, for the reason may be gone by then.
//
// Where lines are counted, they are when they have been written, before they are
// passed on: tee(2) shows what is in the pipe without taking it out, again and again
// while a reader stalls. So whoever reads, and when, delays no count; what the command
// itself may write before it waits is the same as ever; and the kernel still moves the
// bytes. All generations share a pipe, so [Carrier.Begin] says after how many bytes the
// next one's begin. It is called when the tree is empty: all that the last one wrote is
// in the pipe or was taken out of it. A line is looked at up to 8 KiB, whatever bytes it
// is of.
//
// What a pipe would change is not carried: a terminal, a socket that keeps
// messages apart, a device, a descriptor for direct I/O.
//
// Where several generations live at once, each has a [Carrier] of its own ([OpenAll]),
// and their lines stay whole; then a terminal is carried too. A line is passed on as
// soon as it ends, behind the prefix of who has written it. Nothing else is ever in it,
// and the bytes are the same but for the prefix and these:
//
//   - A line of more than 64 KiB is passed on in pieces. Where another one writes
//     meanwhile, it is broken there with a line feed, and goes on as a line of its own,
//     prefix and all; else who never ends a line would keep all others waiting.
//   - Half a line at the end of a generation ([Carrier.End]) is passed on as it is. A line
//     feed comes after it only if something else does: a line of another one, of the next
//     generation, or of relance itself ([All.Tell]).
//
// Who writes has its turn, in the order in which they came, and may wait for a reader
// in it. Then all wait who write to the same place, each first in our hands and then in
// its own write, as if bare; and nobody else does, the owner of the carriers least of all.
package output
