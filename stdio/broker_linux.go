package stdio

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"relance/requests"
)

// Broker carries requests and answers. Its methods but Run are called by one
// goroutine, the owner, and never wait, but for Close.
type Broker struct {
	relay *relay
	// stdin and stdout are what the command is given. Between two spawns they are
	// one more name for wake, as the command's ends of the pipes must not be open in
	// here: nobody would see their end.
	stdin, stdout int
	// wake is an eventfd(2) that is readable when there is an order.
	wake   int
	orders chan order
	// next is the generation that Begin made pipes for.
	next ends
	from int
	to   target

	// What follows is of Run.
	ends
	// toFull and childFull: a write has to wait for poll(2).
	toFull, childFull bool
	ending, closing   bool
	// settled is how much had been said to the other side when a generation was last
	// settled. What one leaves behind is taken in at once, however the reader stalls,
	// but that of the next one only when this much was written: so it is bounded.
	settled int64

	// closed ends what would wait for the owner; ended is told by Run.
	closed, ended chan struct{}
}

// ends are our ends of the pipes of a generation.
type ends struct {
	gen     int
	in, out int
	// back is the read end of its stdin. Nobody reads from it: it tells what a
	// generation that has gone had not read. It also has writes to one that is about
	// to go succeed, which then count as unread.
	back int
}

var noEnds = ends{in: -1, out: -1, back: -1}

// order is an act of the owner, in the order in which it came.
type order struct {
	kind orderKind
	n    int
	ends ends
}

type orderKind uint8

const (
	orderStart orderKind = iota
	orderLimit
	orderDrain
	orderCloseInput
	orderEnd
	orderClose
)

// ordersMost is more than the owner has ever given before Run has looked.
const ordersMost = 64

// Open stands between descriptors 0 and 1 and the command. The counter counts; its
// Begin is the owner's. say takes lines for people, and is called by Run.
func Open(s Settings, c *requests.Counter, say func(string)) (*Broker, error) {
	return open(s, 0, 1, c, say)
}

// open is Open for the descriptors from and to, which need not be 0 and 1.
func open(s Settings, from, to int, c *requests.Counter, say func(string)) (*Broker, error) {
	s.complete()
	b := &Broker{
		relay: newRelay(s, c, say), from: from, to: openTarget(to), next: noEnds, ends: noEnds,
		orders: make(chan order, ordersMost), closed: make(chan struct{}), ended: make(chan struct{}),
	}
	var err error
	if b.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	for _, fd := range []*int{&b.stdin, &b.stdout} {
		if *fd, err = unix.FcntlInt(uintptr(b.wake), unix.F_DUPFD_CLOEXEC, 3); err != nil {
			return nil, fmt.Errorf("duplicate an eventfd: %w", err)
		}
	}
	return b, nil
}

// Ends returns the descriptors that the command is to be given in place of its
// stdin and stdout. They are the same for all generations.
func (b *Broker) Ends() (stdin, stdout int) { return b.stdin, b.stdout }

// Begin makes the pipes of a generation, before it is spawned.
func (b *Broker) Begin(gen int) error {
	var in, out [2]int
	if err := unix.Pipe2(in[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("make a pipe for stdin: %w", err)
	}
	if err := unix.Pipe2(out[:], unix.O_CLOEXEC); err != nil {
		unix.Close(in[0])
		unix.Close(in[1])
		return fmt.Errorf("make a pipe for stdout: %w", err)
	}
	b.next = ends{gen: gen, in: in[1], back: in[0], out: out[0]}
	// The two ends of a pipe are two open file descriptions, so that the command
	// does not see what is set on ours.
	err := unix.SetNonblock(in[1], true)
	if err == nil {
		err = unix.SetNonblock(out[0], true)
	}
	if err == nil {
		err = unix.Dup3(in[0], b.stdin, unix.O_CLOEXEC)
	}
	if err == nil {
		err = unix.Dup3(out[1], b.stdout, unix.O_CLOEXEC)
	}
	unix.Close(out[1])
	if err != nil {
		b.Spawned(false)
		return fmt.Errorf("pass on the pipes of generation %d: %w", gen, err)
	}
	return nil
}

// Spawned is called when the command was spawned, or could not be: only then is it
// handed anything, and nothing is lost by a start that fails.
func (b *Broker) Spawned(ok bool) {
	for _, fd := range []int{b.stdin, b.stdout} {
		// It gives back a number that is ours, so it cannot fail (dup(2)).
		_ = unix.Dup3(b.wake, fd, unix.O_CLOEXEC)
	}
	if ok {
		b.order(order{kind: orderStart, ends: b.next})
	} else {
		b.next.close()
	}
	b.next = noEnds
}

// Limit lets each generation from here on, and the one at hand, be handed so many
// requests at most; zero: any number. The rest waits for the next one. A batch of
// JSON-RPC is not split.
func (b *Broker) Limit(n int) { b.order(order{kind: orderLimit, n: n}) }

// Drain hands the generation nothing more; what it is serving goes on. Once that
// is so the counter is asked to tell when nothing is in flight (Counter.Idle): asked
// before, it could tell of a moment between two requests.
func (b *Broker) Drain() { b.order(order{kind: orderDrain}) }

// CloseInput closes the stdin of the command after what is on its way, which tells
// it to leave.
func (b *Broker) CloseInput() { b.order(order{kind: orderCloseInput}) }

// End is called when the generation has no process left: what it wrote is passed
// on, what it has not answered is settled, and Ended is told. That waits for a
// reader that stalls only where it has already stalled for a generation before.
func (b *Broker) End(gen int) { b.order(order{kind: orderEnd, n: gen}) }

// Close writes what is still to be written, waiting for a reader that stalls, and
// ends Run, which must have been started. Nothing is told any more.
func (b *Broker) Close() {
	close(b.closed)
	b.order(order{kind: orderClose})
	<-b.ended
	for _, fd := range []int{b.wake, b.stdin, b.stdout} {
		unix.Close(fd)
	}
	b.next.close()
	b.to.close()
}

// order gives Run an order.
func (b *Broker) order(o order) {
	b.orders <- o
	// Only a counter that is full could make this fail (eventfd(2)).
	_, _ = unix.Write(b.wake, binary.NativeEndian.AppendUint64(nil, 1))
}

func (e *ends) close() {
	for _, fd := range []*int{&e.in, &e.out, &e.back} {
		closeFD(fd)
	}
}

// closeFD closes a descriptor, once.
func closeFD(fd *int) {
	if *fd >= 0 {
		unix.Close(*fd)
		*fd = -1
	}
}
