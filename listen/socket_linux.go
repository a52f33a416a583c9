package listen

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Socket is a unix stream socket that takes connections for this process itself, and its
// file. No command gets it: it is closed on exec.
type Socket struct {
	fd   int
	file *file
}

// OpenSocket makes one at path, whose file has that mode from the first moment on at
// which anybody could connect. A stale socket there is replaced, and nothing else: where
// somebody serves it the error is EADDRINUSE and says who. backlog bounds how many
// connections may wait, as of listen(2).
func OpenSocket(path string, mode uint32, backlog int) (*Socket, error) {
	a := Address{Kind: Stream, Mode: mode, Backlog: backlog}
	if err := a.parsePath(path); err != nil {
		return nil, err
	}
	if a.Abstract() {
		return nil, errors.New("an abstract address has no mode that keeps others out; use a path such as /run/app.sock")
	}
	fd, f, err := a.bind()
	if err != nil {
		return nil, err
	}
	return &Socket{fd, f}, nil
}

// FD is its descriptor, which is open until Close.
func (s *Socket) FD() int { return s.fd }

// Close removes the file, if it is still ours, and closes the socket then.
func (s *Socket) Close() {
	s.file.remove()
	_ = unix.Close(s.fd)
}

// Sweep removes the stale sockets of a folder, as Open would if their paths were asked for,
// and nothing else. It looks at the first so many names.
func Sweep(folder string, most int) {
	dir, err := os.Open(folder)
	if err != nil {
		return
	}
	defer dir.Close()
	entries, _ := dir.ReadDir(most) // what cannot be read stays
	served := map[string]bool{}
	if len(entries) > 0 {
		eachUnix(func(s socket) { served[s.name] = served[s.name] || s.accepts })
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if entry.Type() == os.ModeSocket && !served[path] {
			_ = takeAway(path, unix.SOCK_STREAM) // or somebody serves it after all
		}
	}
}
