package files

import (
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Watch watches what words lead to. All its methods but Run belong to one
// goroutine, the owner's. Between them and Run there is only the kernel: an epoll(7)
// descriptor, which holds the queue of inotify as EPOLLONESHOT. The first record
// wakes Run, once; then the kernel wakes nobody until Listen.
type Watch struct {
	epoll   *os.File
	listen  int // its number
	inotify int
	words   []*word
	armed   map[int32]*place // by watch descriptor
	passes  uint64
}

// Touched says that something watched may have changed.
type Touched struct{}

// Open begins to watch files, folders and patterns (filepath.Match), and takes the
// first fingerprint of all. A word may lead to nothing yet: what appears there is a
// change. It listens from the start.
func Open(words []string) (*Watch, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the working directory: %w; watch absolute paths", err)
	}
	w := &Watch{armed: map[int32]*place{}}
	for _, given := range words {
		word, err := parseWord(given, cwd)
		if err != nil {
			return nil, err
		}
		w.words = append(w.words, word)
	}
	w.inotify, err = unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err == unix.EMFILE {
		return nil, fmt.Errorf("make an inotify descriptor: %w; raise fs.inotify.max_user_instances with sysctl(8), or the limit of open files", err)
	} else if err != nil {
		return nil, fmt.Errorf("make an inotify descriptor: %w", err)
	}
	if _, err := w.examine(mostFirst); err != nil {
		unix.Close(w.inotify)
		return nil, err
	}
	if err := w.openPoll(); err != nil {
		unix.Close(w.inotify)
		return nil, fmt.Errorf("make an epoll descriptor: %w", err)
	}
	return w, nil
}

func (w *Watch) openPoll() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	if err = unix.SetNonblock(fd, true); err == nil { // for the runtime's poller
		err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, w.inotify, &unix.EpollEvent{Events: oneShot})
	}
	if err != nil {
		unix.Close(fd)
		return err
	}
	w.epoll, w.listen = os.NewFile(uintptr(fd), "files"), fd
	return nil
}

const oneShot = unix.EPOLLIN | unix.EPOLLONESHOT

// Run sends one Touched when something may have changed, and the next after Listen.
// It is a source: it runs in a goroutine of its own, in which it waits by the
// runtime's poller, for as long as the program runs. With room for one in the channel
// it never waits for the owner.
func (w *Watch) Run(out chan<- Touched) {
	conn, err := w.epoll.SyscallConn()
	if err != nil {
		return // closed
	}
	for {
		if err := conn.Read(told); err != nil {
			return
		}
		out <- Touched{}
	}
}

// told reports whether the epoll descriptor has something to tell, and takes it.
func told(epoll uintptr) bool {
	var events [1]unix.EpollEvent
	for {
		if n, err := unix.EpollWait(int(epoll), events[:], 0); err != unix.EINTR {
			return n > 0
		}
	}
}

// Listen asks for the next Touched. What came since the last Quiet or Examine is
// told at once.
func (w *Watch) Listen() error {
	return unix.EpollCtl(w.listen, unix.EPOLL_CTL_MOD, w.inotify, &unix.EpollEvent{Events: oneShot})
}

// Quiet reports whether nothing of ours was touched since the last Quiet or
// Examine. It looks at no file. Who waits for a pause in the writing asks at
// Touched, which begins the count, and then after each wait; and must Examine before
// the next Listen: what Quiet has heard of is not told again.
func (w *Watch) Quiet() bool { return !w.drain() }

// Examine looks at everything, arms what is new, and returns the paths whose content
// is not what it was the last time, in order: of files that
// were written to, have appeared or have vanished. A path is spelled as the user
// began it, and goes on below a folder; a file name may hold any character.
//
// The error is the first of what keeps it from seeing all, and comes back with each
// pass until its cause is gone; what could not be looked at is taken as unchanged.
//
// It reads only what its size and times do not tell to be as it was, and mostRead at
// most, so that it does not take long. Of what it has not read the file must be the
// same, and not written to since; it is read by one of the next passes.
func (w *Watch) Examine() (changed []string, err error) { return w.examine(mostRead) }

// examine is Examine that reads so much.
func (w *Watch) examine(most int64) (changed []string, err error) {
	w.drain() // what comes from now on wakes Run again
	w.passes++
	p := &pass{w: w, number: w.passes, now: time.Now(), armed: map[armKey]int32{}, content: most}
	for _, word := range w.words {
		changed = append(changed, p.look(word)...)
	}
	w.disarm()
	slices.Sort(changed)
	return slices.Compact(changed), p.err
}
