package ready

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"relance/limits"
)

// Kind is what tells that a generation is ready.
type Kind uint8

const (
	// None: nobody asked.
	None Kind = iota
	// Notify: READY=1 on NOTIFY_SOCKET (sd_notify(3)). Package requests hears it.
	Notify
	// TCP: a connection to an address is accepted.
	TCP
	// Unix: the same to a socket of unix(7).
	Unix
	// HTTP: a GET is answered with a status from 200 to 399.
	HTTP
	// FD: a line is written to a descriptor that the child is given, as s6 has it.
	FD
	// File: a file is there that has appeared or been written since the start.
	File
	// Delay: some time has passed since the start. The core waits for it.
	Delay
)

// Spec is a word of --ready. Its zero value is None. Two that compare equal mean the
// same.
type Spec struct {
	Kind Kind
	// Target is what TCP, Unix, HTTP and File look at: host:port, a path or @name, a
	// URL, a path. {worker} in it stands for the number of the worker and {generation}
	// for that of the generation; {8000+worker} adds to it, and {8000+generation%100}
	// takes the remainder of it first.
	Target string
	// FD is the number of the descriptor that the child writes to.
	FD int
	// Delay is how long after the start it is ready.
	Delay time.Duration
}

const (
	// defaultFD is the first that is not taken; so have it the examples of s6.
	defaultFD = 3
	// mostFD is the last one under the soft RLIMIT_NOFILE that Linux begins with.
	mostFD = 1023
	// maxWord bounds a word: PATH_MAX.
	maxWord = 4096
)

const cure = "use notify, tcp:ADDR, http://ADDR/PATH, fd, file:PATH, delay:2s or unix:PATH"

// Parse reads a word of --ready; an empty one is None. It only reads: nothing is looked
// up, and whether the target is there is seen by a try. An error names what is wrong
// and the cure.
//
//	notify                 READY=1 on NOTIFY_SOCKET
//	tcp:127.0.0.1:8080     also tcp:[::1]:8080, tcp:localhost:8080, tcp::8080
//	unix:/run/app.sock     also unix:@abstract
//	http://127.0.0.1/ok    also https://; http://unix:/run/app.sock:/ok as nginx has it
//	fd:3                   also fd
//	file:/run/app/ready
//	delay:2s
//
// http: may stand before a URL once more (http:http://127.0.0.1/ok).
func Parse(word string) (Spec, error) {
	s, err := parse(word)
	if err != nil {
		return Spec{}, fmt.Errorf("ready %s: %w", limits.Quote(word), err)
	}
	return s, nil
}

func parse(word string) (Spec, error) {
	kind, rest, hasRest := strings.Cut(word, ":")
	switch {
	case word == "":
		return Spec{}, nil
	case len(word) > maxWord:
		return Spec{}, fmt.Errorf("longer than %d bytes", maxWord)
	case strings.ContainsRune(word, 0):
		return Spec{}, errors.New("a zero byte in it; leave it out")
	case word == "notify":
		return Spec{Kind: Notify}, nil
	case word == "fd":
		return Spec{Kind: FD, FD: defaultFD}, nil
	case !hasRest:
		return Spec{}, errors.New("no such way to be ready, " + cure)
	}
	switch kind {
	case "tcp":
		return targeted(TCP, rest, checkTCP)
	case "unix":
		return targeted(Unix, rest, checkUnix)
	case "http", "https":
		if kind == "http" && !strings.HasPrefix(rest, "//") {
			word = rest
		}
		return targeted(HTTP, word, checkHTTP)
	case "file":
		return targeted(File, rest, checkFile)
	case "fd":
		n, err := strconv.Atoi(rest)
		if err != nil || n < defaultFD || n > mostFD || strconv.Itoa(n) != rest {
			return Spec{}, fmt.Errorf("use a descriptor from %d to %d such as fd:%d", defaultFD, mostFD, defaultFD)
		}
		return Spec{Kind: FD, FD: n}, nil
	case "delay":
		d, err := limits.ParseDuration(rest)
		if err == nil && d == 0 {
			err = errors.New("nothing is waited for; use a time such as delay:2s")
		}
		return Spec{Kind: Delay, Delay: d}, err
	}
	return Spec{}, errors.New("no such way to be ready, " + cure)
}

// lateGeneration is one that nobody reaches.
const lateGeneration = 1<<31 - 1

// targeted is a Spec with a target, looked at by check as the first worker has it. The
// number of the generation grows without end, and there are not that many ports.
func targeted(kind Kind, target string, check func(string) error) (Spec, error) {
	if err := checkPlaces(target); err != nil {
		return Spec{}, err
	}
	if err := check(expand(target, 1, 1)); err != nil {
		return Spec{}, err
	}
	if err := check(expand(target, 1, lateGeneration)); err != nil {
		return Spec{}, fmt.Errorf("of a late generation: %w; use a remainder such as {8000+generation%%100}", err)
	}
	return Spec{Kind: kind, Target: target}, nil
}

// String is the word that s is read from.
func (s Spec) String() string {
	switch s.Kind {
	case Notify:
		return "notify"
	case TCP:
		return "tcp:" + s.Target
	case Unix:
		return "unix:" + s.Target
	case HTTP:
		return s.Target
	case FD:
		return "fd:" + strconv.Itoa(s.FD)
	case File:
		return "file:" + s.Target
	case Delay:
		return "delay:" + s.Delay.String()
	}
	return ""
}

// Asked reports whether it takes a try to know: the core says when (Prober.Ask).
func (s Spec) Asked() bool { return s.Target != "" }

// Probed reports whether a Prober tells of it: one is asked, or the descriptor is
// listened to.
func (s Spec) Probed() bool { return s.Asked() || s.Kind == FD }
