package output

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// All carries the output of several generations that live at once, each with a
// Carrier of its own, to one stdout and one stderr.
type All struct {
	Carriers []*Carrier
	// outlets are those of descriptors 1 and 2, nil where no lines are to be whole.
	outlets [3]*outlet
	stderr  int
	// own stands for relance itself, whose lines have no prefix.
	own assembler
}

// OpenAll is [Open] for as many carriers as can be needed at once; want says what is
// wanted of each, from 0 on. They differ in the prefix, and in whose lines Count is
// told of. Where one cannot be had, nothing is opened.
func OpenAll(n int, closed [3]bool, say func(string), want func(i int) Want) (*All, error) {
	return openAll(n, lookAt(1, 2, closed), say, want)
}

func openAll(n int, g *goals, say func(string), want func(i int) Want) (_ *All, err error) {
	a := &All{stderr: g.of[2].fd}
	defer func() {
		if err != nil {
			a.discard()
		}
	}()
	if want(0).Whole {
		if err := a.makeOutlets(n, g); err != nil {
			return nil, err
		}
	}
	leftOut := say
	for i := range n {
		c, err := g.open(say, leftOut, want(i))
		if err != nil {
			return nil, err
		}
		a.Carriers = append(a.Carriers, c)
		leftOut = func(string) {} // said already
	}
	return a, nil
}

// makeOutlets makes what the carriers have in common: each can be waited for by one
// stream of each, or two, and by us.
func (a *All) makeOutlets(n int, g *goals) error {
	for fd := 1; fd <= 2; fd++ {
		to := &g.of[fd]
		if fd == 2 && g.of[1].against != closedWhy && to.against != closedWhy && sameFile(g.of[1].fd, to.fd) {
			to.outlet = g.of[1].outlet
		} else {
			turn, err := newTurn(2*n + 1)
			if err != nil {
				return fmt.Errorf("make an eventfd for %s: %w", to.name, err)
			}
			to.outlet = &outlet{turn: turn}
		}
		a.outlets[fd] = to.outlet
	}
	a.outlets[2].users++
	return nil
}

func (a *All) discard() {
	for _, c := range a.Carriers {
		c.discard()
	}
	for _, o := range a.outlets {
		if o != nil {
			o.turn.close()
		}
	}
}

// Tell writes a line of our own to stderr, without its end, and so that it is in no
// line of a command. It waits for a reader that stalls, and for its turn. An error is
// that of write(2).
func (a *All) Tell(line string) error {
	write := func(b []byte) error {
		for len(b) > 0 {
			n, err := unix.Write(a.stderr, b)
			switch err {
			case nil:
				b = b[n:]
			case unix.EINTR:
			case unix.EAGAIN: // somebody has made it non-blocking
				await(a.stderr, unix.POLLOUT)
			default:
				return err
			}
		}
		return nil
	}
	text := append([]byte(line), '\n')
	o := a.outlets[2]
	if o == nil {
		return write(text)
	}
	o.take(func(bell int) { await(bell, unix.POLLIN) })
	defer o.give()
	return o.put(&a.own, text, make([]byte, 0, len(text)+2), write)
}
