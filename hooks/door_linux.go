package hooks

import (
	"crypto/rand"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// doorway is the socket by which the commands of one slot's gates tell that they have
// what they were started for. It has an abstract address (unix(7)), which needs no
// folder; who connects must be of our user, or root.
type doorway struct {
	file    *os.File
	address string
	worker  int
}

// Knock is somebody at a door; the connection is whose it is sent to. With an error there
// is none, and no other one will come.
type Knock struct {
	worker, conn int
	err          error
}

// openDoor makes the door of a worker.
func openDoor(worker int) (*doorway, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("make the socket of a gate: %w", err)
	}
	d := &doorway{address: "@relance-gate-" + rand.Text(), worker: worker, file: os.NewFile(uintptr(fd), "gate")}
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: d.address}); err == nil {
		err = unix.Listen(fd, 8)
	}
	if err != nil {
		_ = d.file.Close()
		return nil, fmt.Errorf("make the socket of a gate: %w", err)
	}
	return d, nil
}

// run sends who knocks to out. It is a source, and ends when the door is closed.
func (d *doorway) run(out chan<- Knock) {
	conn, err := d.file.SyscallConn()
	if err != nil {
		return
	}
	for {
		fd := -1
		var refused error
		err := conn.Read(func(at uintptr) bool {
			fd, _, refused = unix.Accept4(int(at), unix.SOCK_CLOEXEC)
			return refused != unix.EAGAIN
		})
		switch {
		case err != nil:
			return // closed
		case refused == unix.EMFILE || refused == unix.ENFILE || refused == unix.ENOBUFS || refused == unix.ENOMEM:
			out <- Knock{worker: d.worker, conn: -1, err: refused}
			return
		case refused != nil:
			continue // ECONNABORTED and the like are of one who has gone again
		case !ours(fd):
			_ = unix.Close(fd)
			continue
		}
		out <- Knock{worker: d.worker, conn: fd}
	}
}

// ours reports whether somebody of our user, or root, is at the other end.
func ours(conn int) bool {
	peer, err := unix.GetsockoptUcred(conn, unix.SOL_SOCKET, unix.SO_PEERCRED)
	return err == nil && (peer.Uid == 0 || int(peer.Uid) == os.Geteuid())
}

// Hold says to the relance whose door is at address that the gate is open, and returns
// when it is to be closed, or that relance is gone.
func Hold(address string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open the gate: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: address}); err != nil {
		return fmt.Errorf("open the gate at %s: %w", address, err)
	}
	for b := make([]byte, 1); ; {
		switch _, err := unix.Read(fd, b); err {
		case unix.EINTR:
		default:
			return nil // its end, or that of who had the other one
		}
	}
}
