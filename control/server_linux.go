package control

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"relance/listen"
)

const (
	// maxConns is how many connections are served at once, maxWaiting how many more the
	// kernel lets wait; who comes then waits in connect(2).
	maxConns   = 16
	maxWaiting = 64
	// answerTime bounds how long an answer may take that has an end.
	answerTime = 10 * time.Second
	// fullPause is when to try again where a connection cannot be taken for want of
	// descriptors or memory: nobody tells when there are some.
	fullPause = 200 * time.Millisecond
	// endWait bounds how long the end waits for those who read the last events.
	endWait = 300 * time.Millisecond
)

// Server answers on a control socket. Run, a source, takes connections; each has a
// goroutine of its own, since who is at its other end may be slow.
type Server struct {
	ring     *Ring
	name     string
	path     string
	socket   *listen.Socket
	listener *net.UnixListener
	uid      int
	asks     chan Ask
	ending   chan struct{}
	conns    [maxConns]atomic.Pointer[conn]
	serial   uint64 // of Run
	// endWait is the bound of Close; longer where a test has a slow machine.
	endWait time.Duration
}

// conn is one connection.
type conn struct {
	*net.UnixConn
	serial uint64
	peer   unix.Ucred
	// heard says that it has asked for something, or is to go: whoever sets it decides.
	heard atomic.Bool
	over  chan struct{}
}

// OpenAt makes the socket at path. name is that of relance among others.
func OpenAt(path, name string, ring *Ring) (*Server, error) {
	socket, err := listen.OpenSocket(path, 0o600, maxWaiting)
	if err != nil {
		return nil, err
	}
	s := &Server{
		ring: ring, name: name, path: path, socket: socket, uid: os.Geteuid(),
		asks: make(chan Ask), ending: make(chan struct{}), endWait: endWait,
	}
	// It duplicates the descriptor, so that ours can be closed after the file is gone.
	file := os.NewFile(uintptr(dup(socket.FD())), path)
	listener, err := net.FileListener(file)
	_ = file.Close()
	if err != nil {
		socket.Close()
		return nil, err
	}
	s.listener = listener.(*net.UnixListener)
	s.listener.SetUnlinkOnClose(false)
	return s, nil
}

// dup is a duplicate that no command gets; -1 is an error to whoever uses it.
func dup(fd int) int {
	other, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return other
}

// Asks is where the loop hears of what is asked for.
func (s *Server) Asks() <-chan Ask { return s.asks }

// Name is what relance status calls it, Path its socket.
func (s *Server) Name() string { return s.name }
func (s *Server) Path() string { return s.path }

// Run takes connections until Close.
func (s *Server) Run() {
	for {
		c, err := s.listener.AcceptUnix()
		switch {
		case err == nil:
			s.take(c)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			time.Sleep(fullPause)
		}
	}
}

// take finds room for a connection, and serves it.
func (s *Server) take(raw *net.UnixConn) {
	s.serial++
	c := &conn{UnixConn: raw, serial: s.serial, over: make(chan struct{})}
	_ = c.SetDeadline(time.Now().Add(headerTime))
	peer, err := credentials(raw)
	if err == nil && peer.Uid != 0 && int(peer.Uid) != s.uid {
		refuse(c, &refusal{
			status: http.StatusForbidden, msg: fmt.Sprintf("uid %d may not: this relance runs as uid %d", peer.Uid, s.uid),
			cure: "ask as that user, or as root",
		})
	}
	if err != nil || peer.Uid != 0 && int(peer.Uid) != s.uid {
		_ = c.Close()
		return
	}
	c.peer = *peer
	slot := s.room()
	if slot == nil {
		refuse(c, &refusal{
			status: http.StatusServiceUnavailable, msg: strconv.Itoa(maxConns) + " others are being served", cure: "try again, or let some of them go",
		})
		_ = c.Close()
		return
	}
	slot.Store(c)
	go s.serve(c, slot)
}

// room returns a place for a connection. Where all are taken, whoever has waited longest
// without having asked for anything goes; nil: all have.
func (s *Server) room() *atomic.Pointer[conn] {
	var oldest *atomic.Pointer[conn]
	var idle *conn
	for i := range s.conns {
		c := s.conns[i].Load()
		if c == nil {
			return &s.conns[i]
		}
		if !c.heard.Load() && (idle == nil || c.serial < idle.serial) {
			oldest, idle = &s.conns[i], c
		}
	}
	if idle == nil || !idle.heard.CompareAndSwap(false, true) {
		return nil
	}
	_ = idle.Close() // its goroutine finds its place taken
	return oldest
}

// credentials are those of who has connected (SO_PEERCRED of unix(7)).
func credentials(c *net.UnixConn) (peer *unix.Ucred, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	if refused := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); refused != nil {
		return nil, refused
	}
	return peer, err
}

// serve answers the one request of a connection.
func (s *Server) serve(c *conn, slot *atomic.Pointer[conn]) {
	defer close(c.over)
	defer slot.CompareAndSwap(c, nil)
	defer c.Close()
	asked, err := read(c)
	if !c.heard.CompareAndSwap(false, true) {
		return // had to make room
	}
	_ = c.SetDeadline(time.Now().Add(answerTime))
	var refused *refusal
	switch {
	case err == nil:
		s.answer(c, asked)
	case errors.As(err, &refused):
		refuse(c, refused)
	}
}

// Close takes the socket away, and waits a moment for those who read the last events.
// It may be called with nil, where there is no socket.
func (s *Server) Close() {
	if s == nil {
		return
	}
	s.socket.Close()
	_ = s.listener.Close()
	s.ring.end()
	close(s.ending)
	late := time.NewTimer(s.endWait)
	defer late.Stop()
	for i := range s.conns {
		c := s.conns[i].Load()
		if c == nil {
			continue
		}
		if c.heard.CompareAndSwap(false, true) {
			_ = c.Close() // it has not asked for anything
			continue
		}
		_ = c.SetDeadline(time.Now().Add(s.endWait))
		select {
		case <-c.over:
		case <-late.C:
			return
		}
	}
}
