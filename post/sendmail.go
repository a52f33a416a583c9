package post

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Sendmail is sendmail(8): the program by that name which each mail system brings along.
type Sendmail struct {
	// Path is where it is.
	Path string
	// Run runs a program with that on stdin, and returns its exit status and the first line
	// that it has written. An error says why there is no status. It takes a bounded time.
	Run func(argv []string, input string) (status int, said string, err error)
}

// usual is where sendmail is (the Filesystem Hierarchy Standard, 4.10, and before it).
var usual = []string{"/usr/sbin/sendmail", "/usr/lib/sendmail"}

// FindSendmail finds it where it usually is, else in the folders of path.
func FindSendmail(path string) (*Sendmail, error) {
	places := usual
	for _, folder := range filepath.SplitList(path) {
		if filepath.IsAbs(folder) {
			places = append(places[:len(places):len(places)], filepath.Join(folder, "sendmail"))
		}
	}
	for _, place := range places {
		if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return &Sendmail{Path: place}, nil
		}
	}
	return nil, errors.New("no mail server is given, and there is no sendmail in /usr/sbin, /usr/lib or PATH")
}

// String is its path.
func (s *Sendmail) String() string { return s.Path }

// Carry gives the mail to it. All have it then, or nobody has.
//
// The words are those that all take: sSMTP does not take recipients with -t, and of -- not
// all say what it is. It is not needed, as no address begins with a dash.
func (s *Sendmail) Carry(from string, to []string, text []byte) ([]string, Outcome) {
	argv := append([]string{s.Path, "-i", "-f", from}, to...)
	// Lines end there as everywhere on the machine.
	status, said, err := s.Run(argv, string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
	final := false
	if err == nil && status != 0 {
		err, final = fmt.Errorf("exit status %d", status), refusing(status)
		if name := exits[status]; name != "" {
			err = fmt.Errorf("%w (%s)", err, name)
		}
	}
	if err == nil {
		return nil, Outcome{}
	}
	if said != "" {
		err = fmt.Errorf("%w: %s", err, clip(said, mostSubject))
	}
	return to, Outcome{Err: err, Final: final}
}

// exits are the names of sysexits.h.
var exits = map[int]string{
	64: "EX_USAGE", 65: "EX_DATAERR", 66: "EX_NOINPUT", 67: "EX_NOUSER", 68: "EX_NOHOST", 69: "EX_UNAVAILABLE", 70: "EX_SOFTWARE",
	71: "EX_OSERR", 72: "EX_OSFILE", 73: "EX_CANTCREAT", 74: "EX_IOERR", 75: "EX_TEMPFAIL", 76: "EX_PROTOCOL", 77: "EX_NOPERM", 78: "EX_CONFIG",
}

// refusing reports whether the same would come of another try. What is not of sysexits.h
// says nothing of that: sSMTP ends with 1 whatever was wrong.
func refusing(status int) bool {
	switch status {
	case 71, 74, 75:
		return false
	}
	return exits[status] != ""
}
