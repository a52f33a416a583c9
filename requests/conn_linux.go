package requests

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
)

// conn is one connection of the stream. What it may hold is here, and does not grow.
type conn struct {
	fd   int
	slot int32
	flight
	in   [4 * maxLine]byte
	have int
	// There is always room for what is said unasked.
	out  [4*maxLine + len(drained)]byte
	owed int
	// mute: the other side takes no replies any more. full: it has not taken those
	// there are, so nothing is read from it. over: what it sends is at its end. broken:
	// what it has sent is not looked at any more.
	mute, full, over, broken bool
	begun                    bool // its first line was read
	holds                    bool // a stop waits for its end
	drain                    bool // it is still to be told
}

// accept lets in who waits for it.
func (r *run) accept(listen int) {
	for range atOnce {
		fd, _, err := unix.Accept4(listen, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		switch err {
		case nil:
			r.admit(fd)
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EAGAIN:
			return
		default: // no descriptors or no memory: until a connection is closed
			r.once(saidAccept, "RELANCE_SOCKET: accept a connection: %v; whoever connects waits until another one is closed", err)
			r.deaf = true
			for _, fd := range r.at.listen {
				_ = unix.EpollCtl(r.s.epoll, unix.EPOLL_CTL_DEL, fd, nil) // it is there, and ours
			}
			return
		}
	}
}

// admit makes a connection of a descriptor, or closes it.
func (r *run) admit(fd int) {
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil || !r.welcome(peer.Pid, peer.Uid, 1) {
		unix.Close(fd)
		return
	}
	if len(r.conns)-len(r.free) >= r.most {
		r.once(saidCrowd, "RELANCE_SOCKET: more than %d connections at once; those beyond are closed, and what they would say is not counted", r.most)
		unix.Close(fd)
		return
	}
	c := &conn{fd: fd, drain: r.draining}
	if n := len(r.free); n > 0 {
		c.slot, r.free = r.free[n-1], r.free[:n-1]
	} else {
		c.slot = int32(len(r.conns))
		r.conns = append(r.conns, nil)
	}
	r.conns[c.slot] = c
	if err := r.s.add(fd, int(c.slot), r.at.serial); err != nil {
		r.close(c)
		return
	}
	c.reply(hello)
	r.serve(c)
}

// close ends a connection, and what is in flight on it.
func (r *run) close(c *conn) {
	r.conns[c.slot] = nil
	r.free = append(r.free, c.slot)
	if lost := c.forget(&r.room); lost > 0 {
		r.s.count.Enter(r.at.gen, -lost)
	}
	if c.holds {
		r.s.count.Hold(r.at.gen, -1)
	}
	unix.Close(c.fd)
	if r.deaf {
		r.deaf = false
		for i, fd := range r.at.listen {
			// Of one that is there already it is an error, which is as good.
			if err := r.s.add(fd, slotListen-i, r.at.serial); err != nil && err != unix.EEXIST {
				r.deaf = true
			}
		}
	}
}

// serve takes its turn for one connection: it reads at most once. It reports whether
// something was read.
func (r *run) serve(c *conn) bool {
	if !r.work(c) {
		return false
	}
	read := 0
	if !c.over {
		n, err := unix.Read(c.fd, c.in[c.have:])
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			return false
		case err != nil || n == 0:
			c.over = true // also where it closed without reading our replies: ECONNRESET
		default:
			c.have += n
			read = n
		}
		if !r.work(c) {
			return read > 0
		}
	}
	if c.over {
		r.close(c)
	}
	return read > 0
}

// work does the lines that are there and sends the replies. It reports whether all
// was done; else the other side must take replies first.
func (r *run) work(c *conn) bool {
	for {
		more := r.lines(c)
		if c.drain {
			c.drain = false
			c.owed += copy(c.out[c.owed:], drained)
		}
		if !c.flush() {
			r.await(c, true)
			return false
		}
		if !more {
			r.await(c, false)
			return true
		}
	}
}

// await asks to be told when the other side takes replies (full), or when it says
// something.
func (r *run) await(c *conn, full bool) {
	if c.full == full {
		return
	}
	c.full = full
	e := unix.EpollEvent{Events: unix.EPOLLIN, Fd: c.slot, Pad: r.at.serial}
	if full {
		e.Events = unix.EPOLLOUT
	}
	_ = unix.EpollCtl(r.s.epoll, unix.EPOLL_CTL_MOD, c.fd, &e) // it is there, and ours
}

// flush sends the replies, as far as they are taken, and reports whether all were.
func (c *conn) flush() bool {
	if c.owed > 0 && !c.mute {
		n, err := unix.SendmsgN(c.fd, c.out[:c.owed], nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
		case err != nil:
			c.mute = true // it is gone, but what it has sent counts
		default:
			c.owed = copy(c.out[:], c.out[n:c.owed])
		}
	}
	if c.mute {
		c.owed = 0
	}
	return c.owed == 0
}

// reply notes what is to be said. There is room for it: who calls has looked.
func (c *conn) reply(text string) { c.owed += copy(c.out[c.owed:], text) }

// lines does the lines that are there while there is room for replies, and reports
// whether there are more.
func (r *run) lines(c *conn) (more bool) {
	at := 0
	for !c.broken {
		end := bytes.IndexByte(c.in[at:c.have], '\n')
		long := end > maxLine || end < 0 && c.have-at > maxLine
		if end < 0 && !long {
			break
		}
		if more = c.owed+maxReply > 4*maxLine; more {
			break
		}
		if long {
			c.refuse(badLong)
			break
		}
		r.line(c, c.in[at:at+end])
		at += end + 1
	}
	if c.broken {
		c.have = 0
		return false
	}
	c.have = copy(c.in[:], c.in[at:c.have])
	return more
}

// refuse tells what is wrong and ends the connection; nothing more is read from it.
func (c *conn) refuse(fault string) {
	c.over, c.broken = true, true
	c.fault(fault)
}

func (c *conn) fault(text string) {
	c.reply("error ")
	c.reply(text)
	c.reply("\n")
}

// line does one line.
func (r *run) line(c *conn, line []byte) {
	o, fault := parseLine(line)
	first := !c.begun
	c.begun = true
	gen := r.at.gen
	switch {
	case fault == badVersion:
		c.refuse(fault)
		return
	case fault != "":
	case o.word == wordHello && first:
		return
	case o.word == wordHello:
		fault = badHello
	case o.word == wordBegin:
		if fault = c.begin(o.id, &r.room); fault == "" {
			r.s.count.Enter(gen, 1)
		}
	case o.word == wordEnd:
		if fault = c.end(o.id, &r.room); fault == "" {
			r.s.count.End(gen, 1)
		}
	case o.word == wordCount:
		r.s.count.Serve(gen, o.n)
	case o.word == wordHold && !c.holds:
		c.holds = true
		r.s.count.Hold(gen, 1)
	}
	if fault != "" {
		c.fault(fault)
		return
	}
	left := r.s.count.Left()
	if left < 0 {
		c.reply("ok -\n")
		return
	}
	c.reply("ok ")
	c.owed = len(strconv.AppendInt(c.out[:c.owed], left, 10))
	c.reply("\n")
}
