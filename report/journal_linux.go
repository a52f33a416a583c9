package report

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Journal is a log in the journal of systemd, with a field for each key
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). While the journal does not take it,
// stderr does.
type Journal struct {
	fd     int
	to     *unix.SockaddrUnix
	stderr *Descriptor
	// down says that the journal did not take the last event.
	down bool
}

// JournalSocket is where the journal takes entries.
const JournalSocket = "/run/systemd/journal/socket"

// IsJournal reports whether what the descriptor is leads to the journal: "if the device
// and inode numbers are the same as the ones in JOURNAL_STREAM" (systemd.exec(5), in
// other words). stream is the value of that variable.
func IsJournal(stream string, fd int) bool {
	dev, ino, ok := strings.Cut(stream, ":")
	var at unix.Stat_t
	if !ok || unix.Fstat(fd, &at) != nil {
		return false
	}
	return dev == strconv.FormatUint(at.Dev, 10) && ino == strconv.FormatUint(at.Ino, 10)
}

// OpenJournal returns a log in the journal that has its socket at path, or an error where
// there is none: a service may have a root of its own.
func OpenJournal(path string, stderr *Descriptor) (*Journal, error) {
	if err := unix.Access(path, unix.W_OK); err != nil {
		return nil, fmt.Errorf("access %s: %w", path, err)
	}
	// A socket that blocks, as the Go poller would try again and again while the queue of
	// the journal is full; and each entry to the path anew, so that a journal that was
	// started again is found.
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket for the journal: %w", err)
	}
	return &Journal{fd: fd, to: &unix.SockaddrUnix{Name: path}, stderr: stderr}, nil
}

// Put sends e to the journal, or to stderr if that is not there.
func (j *Journal) Put(e Event) error {
	entry := e.Fields()
	err := unix.Sendto(j.fd, entry, unix.MSG_NOSIGNAL, j.to)
	for err == unix.EINTR {
		err = unix.Sendto(j.fd, entry, unix.MSG_NOSIGNAL, j.to)
	}
	if err == nil {
		j.down = false
		return nil
	}
	err = fmt.Errorf("send to %s: %w", j.to.Name, err)
	if !j.down {
		j.down = true
		_ = j.stderr.Put(Note(err.Error()+"; the log goes to stderr meanwhile", "warn", e.Name, time.Now()))
	}
	if lost := j.stderr.Put(e); lost != nil {
		return fmt.Errorf("%w; stderr: %w", err, lost)
	}
	return nil
}

// priorities are those of syslog(3).
var priorities = map[string]string{"error": "3", "warn": "4", "info": "6"}

// Fields is the event as the journal takes it: what people read in MESSAGE, and each
// key in capitals with RELANCE_ in front.
func (e Event) Fields() []byte {
	var b bytes.Buffer
	field(&b, "MESSAGE", e.text())
	field(&b, "PRIORITY", priorities[e.Level])
	field(&b, "SYSLOG_IDENTIFIER", "relance")
	keys := json.NewDecoder(strings.NewReader(e.JSON()))
	keys.UseNumber()
	_, _ = keys.Token() // the brace; what was just encoded is read without errors
	for keys.More() {
		key, _ := keys.Token()
		value, _ := keys.Token()
		switch key {
		case "msg", "level":
			continue // said above
		}
		field(&b, "RELANCE_"+strings.ToUpper(fmt.Sprint(key)), fmt.Sprint(value))
	}
	return b.Bytes()
}

// field adds a field; a value of several lines is told with its length.
func field(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	if strings.Contains(value, "\n") {
		b.WriteByte('\n')
		_ = binary.Write(b, binary.LittleEndian, uint64(len(value))) // to memory
	} else {
		b.WriteByte('=')
	}
	b.WriteString(value)
	b.WriteByte('\n')
}
