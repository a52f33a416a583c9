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

// Carry gives the mail to it. One that is no queue but a way to a server, such as msmtp, has
// it for all or for nobody: where one of several may be the reason, each gets it alone.
func (s *Sendmail) Carry(from string, to []string, text []byte) ([]string, Outcome) {
	// Lines end there as everywhere on the machine.
	input := string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
	status, o := s.give(from, to, input)
	switch {
	case o.Err == nil:
		return nil, o
	case len(to) == 1 || !aboutSomebody(status):
		return to, o
	}
	var all tally
	for _, address := range to {
		_, o := s.give(from, []string{address}, input)
		all.add(address, o)
	}
	return all.outcome()
}

// give runs it; a status of 0 is also that there is none.
//
// The words are those that all take: sSMTP does not take recipients with -t, and of -- not
// all say what it is. It is not needed, as no address begins with a dash.
func (s *Sendmail) give(from string, to []string, input string) (int, Outcome) {
	argv := append([]string{s.Path, "-i", "-f", from}, to...)
	status, said, err := s.Run(argv, input)
	final := false
	if err == nil && status != 0 {
		err, final = fmt.Errorf("exit status %d", status), refusing(status)
		if name := exits[status]; name != "" {
			err = fmt.Errorf("%w (%s)", err, name)
		}
	}
	if err != nil && said != "" {
		err = fmt.Errorf("%w: %s", err, clip(said, mostSubject))
	}
	return status, Outcome{Err: err, Final: final}
}

// exits are the names of sysexits.h.
var exits = map[int]string{
	64: "EX_USAGE", 65: "EX_DATAERR", 66: "EX_NOINPUT", 67: "EX_NOUSER", 68: "EX_NOHOST", 69: "EX_UNAVAILABLE", 70: "EX_SOFTWARE",
	71: "EX_OSERR", 72: "EX_OSFILE", 73: "EX_CANTCREAT", 74: "EX_IOERR", 75: "EX_TEMPFAIL", 76: "EX_PROTOCOL", 77: "EX_NOPERM", 78: "EX_CONFIG",
}

// refusing reports whether the same would come of another try: what is about the mail, its
// addresses, the login or a configuration. What is missing may be there again: msmtp ends
// with EX_NOHOST while no name is resolved, and with EX_UNAVAILABLE where the server says
// "later". What is not of sysexits.h says nothing: sSMTP ends with 1 whatever was wrong.
func refusing(status int) bool {
	switch status {
	case 64, 65, 66, 67, 70, 76, 77, 78:
		return true
	}
	return false
}

// aboutSomebody reports whether a mail may be refused since one of those is who are to get
// it: by msmtp with EX_DATAERR, by OpenSMTPD with EX_SOFTWARE, by sSMTP with 1. It is not
// where another try would be another login.
func aboutSomebody(status int) bool {
	return status > 0 && status < 64 || status == 65 || status == 67 || status == 70
}
