package output

import (
	"encoding/binary"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// turn is whose turn it is to write: each has it in the order in which they came, and
// for as long as a reader may stall. Who waits for it is woken through a descriptor,
// since it has other things to wait for. No owner of a carrier ever does.
type turn struct {
	// next is the number that the next one gets, now the one whose turn it is.
	next, now atomic.Uint64
	// bells are eventfds, one for each that may come: of number n it is n modulo them.
	// One may ring in vain, for who has had the number before.
	bells []int
}

func newTurn(most int) (*turn, error) {
	t := new(turn)
	for range most {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
		if err != nil {
			t.close()
			return nil, err
		}
		t.bells = append(t.bells, fd)
	}
	return t, nil
}

// take waits for its turn; wait waits until something can be read from a descriptor.
func (t *turn) take(wait func(fd int)) {
	mine := t.next.Add(1) - 1
	for t.now.Load() != mine {
		bell := t.bells[mine%uint64(len(t.bells))]
		wait(bell)
		hush(bell)
	}
}

// give lets the next one have it.
func (t *turn) give() {
	if now := t.now.Add(1); t.next.Load() > now {
		ring(t.bells[now%uint64(len(t.bells))])
	}
}

func (t *turn) close() {
	for _, fd := range t.bells {
		unix.Close(fd)
	}
	t.bells = nil
}

// ring makes an eventfd readable. Only a counter that is full could make it fail
// (eventfd(2)).
func ring(fd int) { _, _ = unix.Write(fd, binary.NativeEndian.AppendUint64(nil, 1)) }

// hush lets it ring anew.
func hush(fd int) {
	var count [8]byte
	_, _ = unix.Read(fd, count[:]) // EAGAIN: it has not rung
}
