package report

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"relance/restart"
)

// File is a log of lines in a file, of which each is appended in one piece, also where
// several write to it. Whether the path still leads to the file is looked at before
// each line, and nobody need tell when it was moved away; so an idle one costs nothing.
type File struct {
	Descriptor
	path     string
	zone     *time.Location
	dev, ino uint64
	// follows says that the path is a symbolic link of whoever has set it up. Where one
	// comes to be there later it is not followed: a command that may write to the folder
	// would else have us write to any file there is.
	follows bool
	// stderr also gets that nothing could be started, and that nothing can be written;
	// down says that it knows that.
	stderr *Descriptor
	down   bool
}

// mode is that of a log file that is made, less what the umask takes.
const mode = 0o640

// OpenFile opens the log file, and makes it where there is none. Lines for people begin
// with the time in zone. What nobody may look for in a file is put to stderr too: that
// nothing could be started, and that the file cannot be written to. The error has the
// path.
func OpenFile(path string, asJSON bool, zone *time.Location, stderr *Descriptor) (*File, error) {
	f := &File{Descriptor: Descriptor{fd: -1, asJSON: asJSON}, path: path, zone: zone, stderr: stderr}
	var at unix.Stat_t
	f.follows = unix.Lstat(path, &at) == nil && at.Mode&unix.S_IFMT == unix.S_IFLNK
	return f, f.open()
}

// Put writes e as a line.
func (f *File) Put(e Event) error {
	if e.Kind == string(restart.StartFailure) {
		_ = f.stderr.Put(e) // as every shell says it, and nobody is there to tell of an error
	}
	err := f.append(e)
	if err != nil && !f.down {
		_ = f.stderr.Put(Note("log file: "+err.Error()+"; its lines are lost meanwhile, and counted", "warn", e.Name, time.Now()))
	}
	f.down = err != nil
	return err
}

func (f *File) append(e Event) error {
	if err := f.follow(); err != nil {
		return err
	}
	line := e.Line(f.asJSON)
	if !f.asJSON {
		line = e.Time.In(f.zone).Format("2006-01-02T15:04:05.000Z07:00 ") + line
	}
	if err := f.write(line); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

// follow opens the file anew where the path does not lead to it any more: it was moved
// away or removed. Where that cannot be, one that was moved away is better than none.
func (f *File) follow() error {
	var at unix.Stat_t
	flags := unix.AT_SYMLINK_NOFOLLOW
	if f.follows {
		flags = 0
	}
	if unix.Fstatat(unix.AT_FDCWD, f.path, &at, flags) == nil && at.Dev == f.dev && at.Ino == f.ino {
		return nil
	}
	err := f.open()
	if err != nil && unix.Fstat(f.fd, &at) == nil && at.Nlink > 0 {
		return nil
	}
	return err
}

// open opens what the path leads to, in place of what was open before. It waits for no
// reader of a named pipe, and takes no terminal for ours.
func (f *File) open() error {
	flags := unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT | unix.O_CLOEXEC | unix.O_NOCTTY | unix.O_NONBLOCK
	if !f.follows {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Open(f.path, flags, mode)
	for err == unix.EINTR {
		fd, err = unix.Open(f.path, flags, mode)
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", f.path, err)
	}
	var at unix.Stat_t
	if err := unix.Fstat(fd, &at); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("stat %s: %w", f.path, err)
	}
	if f.fd >= 0 {
		_ = unix.Close(f.fd) // each line was written, or its error told
	}
	f.fd, f.dev, f.ino, f.torn = fd, at.Dev, at.Ino, false
	return nil
}
