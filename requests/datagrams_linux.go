package requests

import (
	"bytes"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxDescriptors is how many may come with one message (unix(7), SCM_MAX_FD).
const maxDescriptors = 253

// maxShown bounds what is shown of a line that is not understood.
const maxShown = 80

// datagrams is what Run needs for the messages of sd_notify(3).
type datagrams struct {
	marked flight // what was begun by X_RELANCE_BEGIN
	msg    message
	buf    [maxDatagram + 1]byte
	// oob has room for who it is from and all the descriptors that there can be.
	oob         [256 + 4*maxDescriptors]byte
	descriptors [maxDescriptors]int32

	// news is what is told next, of each kind the last.
	news []News
	// status is the last one, shown the next.
	status, shown []byte
	// barriers are closed when what came before them was told.
	barriers []int
}

// forget is for the next generation.
func (d *datagrams) forget() {
	d.release()
	d.marked = flight{}
	d.news, d.status = d.news[:0], d.status[:0]
}

// release closes the descriptors that came with BARRIER=1: all that was said before
// them is counted, and the owner has been told.
func (d *datagrams) release() {
	for _, fd := range d.barriers {
		unix.Close(fd)
	}
	d.barriers = d.barriers[:0]
}

// tell sends what there is to out.
func (r *run) tell(out chan<- News) {
	for _, n := range r.news {
		out <- n
	}
	r.news = r.news[:0]
	r.release()
}

// note is for the owner. What it says of the same kind already is not told: the
// last word counts, and so a flood of words is no flood of News.
func (r *run) note(n News) {
	n.Gen = r.at.gen
	r.news = append(slices.DeleteFunc(r.news, func(old News) bool { return old.Kind == n.Kind }), n)
}

// receive reads at most most messages and reports how many there were.
func (r *run) receive(most int) (n int) {
	for ; n < most; n++ {
		size, oob, err := r.next()
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			break // EAGAIN, or what cannot be
		}
		from, fds := r.ancillary(r.oob[:oob])
		if !r.welcome(from.Pid, from.Uid, 0) || !r.message(r.buf[:size], fds) {
			for _, fd := range fds {
				unix.Close(int(fd))
			}
		}
	}
	return n
}

// next receives one message. unix.Recvmsg would do, but for the memory it takes each
// time.
func (r *run) next() (size, oob int, err error) {
	iov := unix.Iovec{Base: &r.buf[0]}
	iov.SetLen(len(r.buf))
	msg := unix.Msghdr{Iov: &iov, Control: &r.oob[0]}
	msg.SetIovlen(1)
	msg.SetControllen(len(r.oob))
	n, _, errno := unix.Syscall(unix.SYS_RECVMSG, uintptr(r.at.notify), uintptr(unsafe.Pointer(&msg)), unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	if errno != 0 {
		return 0, 0, errno
	}
	return int(n), int(msg.Controllen), nil
}

// ancillary takes apart what came beside a message: cmsg(3). Without credentials, pid
// 0, it is from nobody.
func (r *run) ancillary(b []byte) (from unix.Ucred, fds []int32) {
	fds = r.descriptors[:0]
	for len(b) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(b)
		if err != nil {
			break // cannot be: the kernel has written it
		}
		switch {
		case header.Level != unix.SOL_SOCKET:
		case header.Type == unix.SCM_CREDENTIALS && len(data) >= unix.SizeofUcred:
			from = *(*unix.Ucred)(unsafe.Pointer(&data[0]))
		case header.Type == unix.SCM_RIGHTS:
			for ; len(data) >= 4; data = data[4:] {
				fds = append(fds, *(*int32)(unsafe.Pointer(&data[0])))
			}
		}
		b = rest
	}
	return from, fds
}

// message does what a member of the tree says. It reports whether the descriptors
// that came with it are kept.
func (r *run) message(b []byte, fds []int32) (keeps bool) {
	m := &r.msg
	if err := m.parse(b); err != nil {
		r.once(saidMalformed, "NOTIFY_SOCKET: a message is not understood: %v", err)
		return false
	}
	if m.malformed != nil {
		r.once(saidMalformed, "NOTIFY_SOCKET: %q is not understood and not counted", m.malformed[:min(len(m.malformed), maxShown)])
	}
	r.requests(m)
	r.state(m)
	if m.barrier && len(fds) == 1 {
		r.barriers = append(r.barriers, int(fds[0]))
		return true
	}
	if m.store {
		r.once(saidStore, "NOTIFY_SOCKET: descriptors are not kept for the next generation (FDSTORE=1); they are closed")
	}
	return false
}

// requests counts.
func (r *run) requests(m *message) {
	gen := r.at.gen
	if m.served > 0 {
		r.s.count.Serve(gen, m.served)
	}
	for _, k := range m.marks {
		var fault string
		if k.end {
			if fault = r.marked.end(k.id, &r.room); fault == "" {
				r.s.count.End(gen, 1)
			}
		} else if fault = r.marked.begin(k.id, &r.room); fault == "" {
			r.s.count.Enter(gen, 1)
		}
		if fault != "" {
			r.once(saidMark, "NOTIFY_SOCKET: X_RELANCE_BEGIN or X_RELANCE_END with the id %q: %s; it is not counted", k.id, fault)
		}
	}
}

// state notes what the owner must know.
func (r *run) state(m *message) {
	if m.extend > 0 {
		r.note(News{Kind: Extend, By: m.extend})
	}
	if m.ready {
		r.note(News{Kind: Ready})
	}
	if !m.hasStatus {
		return
	}
	if r.shown = appendLine(r.shown[:0], m.status); !bytes.Equal(r.shown, r.status) {
		r.status = append(r.status[:0], r.shown...)
		r.note(News{Kind: Status, Text: string(r.shown)})
	}
}
