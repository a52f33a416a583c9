package cgroup

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Watcher waits for changes of the files of groups. There is one for all
// generations: an epoll(7) descriptor, on which a thread sleeps. The Go runtime's
// own poller cannot do it: a pressure trigger tells each event to one poll only,
// and one that asks through another epoll descriptor takes it away.
type Watcher struct {
	epoll, end int
}

// Change is news of the group of generation Gen: one of its files has changed
// or, if Pressed, tasks in it have waited too long for memory. It is told once;
// the next one only after [Watch.Rearm].
type Change struct {
	Gen     int
	Pressed bool
}

// NewWatcher returns a watcher of nothing.
func NewWatcher() (*Watcher, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an epoll descriptor: %w", err)
	}
	end, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err == nil {
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, end, &unix.EpollEvent{Events: unix.EPOLLIN, Pad: ended})
	}
	if err != nil {
		unix.Close(epoll)
		return nil, fmt.Errorf("make an event descriptor: %w", err)
	}
	return &Watcher{epoll, end}, nil
}

// Run sends every change to out until End is called. It is a source: it runs in a
// goroutine of its own.
func (w *Watcher) Run(out chan<- Change) {
	var events [16]unix.EpollEvent
	for {
		n, err := unix.EpollWait(w.epoll, events[:], -1)
		if err != nil && err != unix.EINTR {
			return // cannot be: the descriptor is ours
		}
		for _, e := range events[:max(n, 0)] {
			if e.Pad == ended {
				return
			}
			out <- Change{Gen: int(e.Fd), Pressed: e.Pad == pressed}
		}
	}
}

// End makes Run return. The descriptors stay open, as Run may be using them.
func (w *Watcher) End() error {
	_, err := unix.Write(w.end, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	return err
}

// Watch is one file that is watched.
type Watch struct {
	epoll, fd int
	event     unix.EpollEvent
}

// What an event is about beside the file of a group.
const (
	pressed = 1 + iota // a trigger
	ended              // the end of Run
)

// Watch watches a file of the group of m for what cgroup-v2.rst calls a file
// modified event: cgroup.events, memory.events, pids.events. What has changed before is not
// told.
func (w *Watcher) Watch(m Meter, file string, gen int) (*Watch, error) {
	fd, err := unix.Openat(m.dir, file, openRead, 0)
	if err == nil {
		// Only what comes after the last read is a change.
		var b [512]byte
		if _, err = unix.Pread(fd, b[:], 0); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("watch %s of group %q: %w", file, m.path, err)
	}
	return w.add(fd, file, m, unix.EpollEvent{Fd: int32(gen)})
}

// Pressure makes a trigger on the memory pressure of the group of m. It needs
// the right to write to it (psi.rst).
func (w *Watcher) Pressure(m Meter, t Trigger, gen int) (*Watch, error) {
	fd, err := m.trigger(t)
	if err != nil {
		return nil, err
	}
	return w.add(fd, pressureFile, m, unix.EpollEvent{Fd: int32(gen), Pad: pressed})
}

// TryPressure makes the trigger and takes it away again.
func (m Meter) TryPressure(t Trigger) error {
	fd, err := m.trigger(t)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

const pressureFile = "memory.pressure"

// trigger makes a trigger, which lives as long as the descriptor. EINVAL comes
// back for a window that is no multiple of two seconds, for want of
// CAP_SYS_RESOURCE; EOPNOTSUPP where pressure is not recorded.
func (m Meter) trigger(t Trigger) (int, error) {
	fd, err := unix.Openat(m.dir, pressureFile, unix.O_RDWR|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == nil {
		if _, err = unix.Write(fd, t.Command()); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return -1, fmt.Errorf("watch %s of group %q for %s: %w", pressureFile, m.path, t, err)
	}
	return fd, nil
}

// Command is what is written to a pressure file to get the trigger: "some|full
// <stall in us> <window in us>", with the zero byte that psi.rst shows.
func (t Trigger) Command() []byte {
	word := "some"
	if t.Full {
		word = "full"
	}
	return fmt.Appendf(nil, "%s %d %d\x00", word, t.Stall.Microseconds(), t.Window.Microseconds())
}

func (w *Watcher) add(fd int, file string, m Meter, event unix.EpollEvent) (*Watch, error) {
	event.Events = unix.EPOLLPRI | unix.EPOLLONESHOT
	watch := &Watch{epoll: w.epoll, fd: fd, event: event}
	if err := unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("watch %s of group %q: %w", file, m.path, err)
	}
	return watch, nil
}

// Rearm asks for the next change. One that came meanwhile is told at once,
// unless the file was read since, see Seen.
func (w *Watch) Rearm() error {
	event := w.event
	return unix.EpollCtl(w.epoll, unix.EPOLL_CTL_MOD, w.fd, &event)
}

// Seen reads the file through the watch: changes up to now are known then, and
// not told again. A trigger has nothing to read, and a group that is gone nothing
// to tell.
func (w *Watch) Seen() {
	var b [512]byte
	_, _ = unix.Pread(w.fd, b[:], 0)
}

// Close ends the watch.
func (w *Watch) Close() error { return unix.Close(w.fd) }
