package requests

import (
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Server has the sockets on which a generation says what it does: that of
// sd_notify(3), and the stream of docs/protocol.md.
//
// Two use it. The owner opens the sockets and puts them into now; Run, a source, has
// all else: what is read, the connections, whose the senders are. What the owner
// wants is a mark in what both see, and a wake-up. Neither waits for the other, but
// for End.
type Server struct {
	count *Counter
	say   func(string)
	epoll int
	// wake is written to by the owner, done by Run: eventfd(2).
	wake, done int
	now        atomic.Pointer[sockets]
	serial     int32 // of the owner
	// folder is where the sockets are, empty: they have abstract addresses.
	folder string
	// endWait is the bound of End; longer where a test has a slow machine.
	endWait time.Duration

	run run
}

// sockets are those of one generation; -1: closed.
type sockets struct {
	gen    int
	serial int32 // another one each time
	notify int
	listen [2]int // the second under the padded address, of abstract ones
	// paths are theirs, of the owner, who removes them.
	paths []string
	// owned says whose it is to close them: whoever changes it from unowned.
	owned atomic.Bool
	// What the owner wants, and at the end what it has got.
	drain, end, ended atomic.Bool
}

// What an event is about; a connection has its slot, from 0 on.
const (
	slotWake = -1 - iota
	slotNotify
	slotListen
	slotPadded
)

// close closes all of them.
func (s *sockets) close() {
	for _, fd := range []*int{&s.notify, &s.listen[0], &s.listen[1]} {
		closeFD(*fd)
		*fd = -1
	}
}

// unlink removes the paths of the sockets, if they have any.
func (s *sockets) unlink() {
	for _, path := range s.paths {
		_ = unix.Unlink(path) // somebody else may have
	}
	s.paths = nil
}

// Open makes a server, without sockets until Begin. They are in folder, an absolute
// path of at most MaxFolder bytes, or where that is empty have abstract addresses. say gets, at most once for each
// kind and generation, what people should know: who was refused, what was ignored.
// It is called from Run.
func Open(c *Counter, folder string, say func(string)) (*Server, error) {
	s := &Server{count: c, folder: folder, say: say, endWait: endWait, epoll: -1, wake: -1, done: -1}
	var err error
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make an epoll descriptor: %w", err)
	}
	if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		if s.done, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
			err = s.add(s.wake, slotWake, 0)
		}
	}
	if err == nil {
		err = s.run.prepare(s)
	}
	if err != nil {
		for _, fd := range []int{s.epoll, s.wake, s.done} {
			closeFD(fd)
		}
		return nil, fmt.Errorf("make what waits for requests: %w", err)
	}
	return s, nil
}

// Begin makes the sockets of generation gen, takes those of the one before away, and
// returns what the environment of the command is given: NOTIFY_SOCKET,
// RELANCE_SOCKET. Whatever still sits in the old ones is dropped. It is an act of the
// owner, before each start; the counter must have been begun.
func (s *Server) Begin(gen int) (env []string, err error) {
	s.serial++
	next := &sockets{gen: gen, notify: -1, listen: [2]int{-1, -1}, serial: s.serial}
	for _, socket := range []struct {
		name, what string
		kind       int
		into       []*int
	}{
		{"NOTIFY_SOCKET", "notify", unix.SOCK_DGRAM, []*int{&next.notify}},
		{"RELANCE_SOCKET", "stream", unix.SOCK_STREAM, []*int{&next.listen[0], &next.listen[1]}},
	} {
		name, err := s.address(socket.what, gen)
		for i, fd := range socket.into {
			if err == nil && (i == 0 || s.folder == "") {
				*fd, err = bound(socket.kind, name, i > 0)
			}
		}
		if s.folder != "" && err == nil {
			next.paths = append(next.paths, name)
			// Whoever is of the tree may be another user; who is not is not listened to.
			err = unix.Chmod(name, 0o666)
		}
		if err != nil {
			next.close()
			next.unlink()
			s.swap(nil)
			return nil, fmt.Errorf("make %s: %w", socket.name, err)
		}
		env = append(env, socket.name+"="+name)
	}
	s.swap(next)
	return env, nil
}

// swap gives Run other sockets. Those that Run has never seen are closed here.
func (s *Server) swap(next *sockets) {
	old := s.now.Swap(next)
	if old != nil {
		old.unlink()
		if old.owned.CompareAndSwap(false, true) {
			old.close()
		}
	}
	s.rouse()
}

// Close takes the sockets away. It is for the end of the program.
func (s *Server) Close() { s.swap(nil) }

// Drain tells all connections of the generation, and those still to come, that a stop
// is due. It does not wait for them.
func (s *Server) Drain() {
	if at := s.now.Load(); at != nil {
		at.drain.Store(true)
		s.rouse()
	}
}

// endWait bounds how long End waits for Run, which is behind only where the owner
// does not take its News, or the machine is slow.
const endWait = 200 * time.Millisecond

// End is the end of the generation: the tree is gone. All that it has said until
// then is counted when End returns, and its sockets are closed.
func (s *Server) End() {
	at := s.now.Load()
	if at == nil {
		return
	}
	at.end.Store(true)
	s.rouse()
	defer at.unlink()
	by := time.Now().Add(s.endWait)
	for !at.ended.Load() {
		left := time.Until(by)
		if left <= 0 {
			return
		}
		fds := []unix.PollFd{{Fd: int32(s.done), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, int(left.Milliseconds())+1); n == 0 || err != nil && err != unix.EINTR {
			return
		}
		empty(s.done) // perhaps what an earlier End did not wait for
	}
}

func (s *Server) rouse() { _, _ = unix.Write(s.wake, one[:]) }

var one = [8]byte{1}

// empty takes back what has been written to an eventfd.
func empty(fd int) {
	var b [8]byte
	_, _ = unix.Read(fd, b[:])
}

func closeFD(fd int) {
	if fd >= 0 {
		unix.Close(fd)
	}
}

// add lets Run hear of fd when there is something to read.
func (s *Server) add(fd, slot int, serial int32) error {
	return unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(slot), Pad: serial})
}

// backlog is how many connections may wait to be accepted.
const backlog = 1024

// MaxFolder is how long the path of a folder for sockets may be: that of a socket has
// room for 107 bytes (unix(7)), and address takes up to 32 of them.
const MaxFolder = 75

// address makes an address: a path, or an abstract one (unix(7)), as sd_notify(3) writes
// it. Nobody guesses that, but everybody may read it in /proc/net/unix: it is no secret,
// and each sender is looked at.
func (s *Server) address(what string, gen int) (string, error) {
	var random [8]byte
	if _, err := unix.Getrandom(random[:], 0); err != nil {
		return "", err
	}
	if s.folder != "" {
		// Another one each time, as in a folder that containers share pids are not.
		return fmt.Sprintf("%s/relance-%d-%x-%s", s.folder, unix.Getpid(), random[:4], what), nil
	}
	return fmt.Sprintf("@relance/%d/%d/%s/%x", unix.Getpid(), gen, what, random), nil
}

// bound makes a socket with an address. padded: an abstract one with NUL bytes behind
// it, as many as an address can hold. To the kernel that is another one, but some connect
// to it: Node with libuv before 1.48, programs in C that give the size of the structure.
func bound(kind int, name string, padded bool) (fd int, err error) {
	to := unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	for i := range len(name) {
		to.Path[i] = int8(name[i])
	}
	size := unsafe.Sizeof(to)
	if !padded {
		size = unsafe.Offsetof(to.Path) + uintptr(len(name))
	}
	if name[0] == '@' {
		to.Path[0] = 0
	}
	fd, err = unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	if kind == unix.SOCK_DGRAM {
		// Before anybody can send: the kernel notes the sender only where it is asked to.
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
	}
	if err == nil {
		// unix.Bind leaves no room for the last byte.
		if _, _, errno := unix.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&to)), size); errno != 0 {
			err = errno
		}
	}
	if err == nil && kind == unix.SOCK_STREAM {
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
