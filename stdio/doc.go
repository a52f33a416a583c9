// Package stdio stands between relance's own stdin and stdout and those of the
// command where they carry requests and answers, counts the pairs, and lets
// generations change beneath them: the other side never sees a relaunch.
//
// A frame is what the framing keeps together: a line, or a header and its
// content. Frames are passed on whole and as they are, in the order in which they
// came. A request is a frame, or a message in one, that is to be answered. It is
// handed over when it is on its way to a generation, in flight until its answer
// is on its way out, and waits before. What waits is bounded: beyond that nothing
// is read, and the pipe that we are fed through fills.
//
// A half-written answer of a generation that died is not passed on. What it had
// been handed and not answered is settled when its last process has gone: what it
// has not even read is handed to the next one, as if nothing had happened; the
// rest is lost, and [Settings.OnLost] says what becomes of it. The pipe itself
// tells the two apart, by what is left in it.
//
// All moves in one goroutine ([Broker.Run]), which waits in one poll(2) and never
// in a read or a write. What to do with a frame is decided without a system call
// (relay), so that it can be tested with whatever two sides could say.
package stdio
