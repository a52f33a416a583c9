package cli

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"relance/limits"
)

// The words that ask a relance that runs. As of the others, "relance -- ps" runs a
// command of that name.
const (
	verbStatus  = "status"
	verbRestart = "restart"
	verbStop    = "stop"
	verbEvents  = "events"
	verbPS      = "ps"
)

// Ask is what a relance that runs is asked.
type Ask struct {
	// Verb is status, restart, stop, events or ps.
	Verb string
	// Name says which one, empty: the only one.
	Name string
	// JSON: as JSON. Follow: and what is still to come. NoWait: do not wait for what
	// becomes of it.
	JSON, Follow, NoWait bool
	// Every is how often the status is shown anew; zero: once.
	Every time.Duration
}

// standardEvery is how often --watch shows the status, and leastEvery how often at most: a
// look costs the one that is looked at something.
const (
	standardEvery = 2 * time.Second
	leastEvery    = 100 * time.Millisecond
)

// which is the one that is asked.
type which struct {
	Name string `arg:"" optional:"" help:"Which one: its --name, the name of its command, or the path of its socket (--control). Not needed where only one runs."`
}

type statusFlags struct {
	which
	JSON     bool   `help:"One JSON object, with stable keys (docs/status.md)."`
	Watch    bool   `short:"w" help:"Show it again and again: in place on a terminal, else one after the other."`
	Interval string `placeholder:"DURATION" help:"How often --watch does (2s)."`
}

type restartFlags struct {
	which
	NoWait bool `help:"Do not wait until the next generation is up."`
}

type stopFlags struct {
	which
	NoWait bool `help:"Do not wait until it has ended."`
}

type eventsFlags struct {
	which
	Follow bool `short:"f" help:"And those to come, as they come."`
	JSON   bool `help:"One JSON object a line (docs/events.md)."`
}

type psFlags struct {
	which
	JSON bool `help:"One JSON object, with stable keys (docs/control.md)."`
}

// asker are the flags of one of the words.
type asker interface{ ask() (*Ask, error) }

// askVerbs are these words, in the order in which people read of them.
var askVerbs = []string{verbStatus, verbRestart, verbStop, verbEvents, verbPS}

// askers makes the flags of a word.
var askers = map[string]func() asker{
	verbStatus:  func() asker { return new(statusFlags) },
	verbRestart: func() asker { return new(restartFlags) },
	verbStop:    func() asker { return new(stopFlags) },
	verbEvents:  func() asker { return new(eventsFlags) },
	verbPS:      func() asker { return new(psFlags) },
}

func (f *statusFlags) ask() (*Ask, error) {
	a := &Ask{Verb: verbStatus, Name: f.Name, JSON: f.JSON}
	if f.Watch {
		a.Every = standardEvery
	}
	if f.Interval == "" {
		return a, nil
	}
	if !f.Watch {
		return nil, flagError("interval", f.Interval, errors.New("of what? Give --watch too, or leave it out"))
	}
	every, err := limits.ParseDuration(f.Interval)
	if err == nil && every < leastEvery {
		err = errors.New("too often; use " + leastEvery.String() + " or more")
	}
	if err != nil {
		return nil, flagError("interval", f.Interval, err)
	}
	a.Every = every
	return a, nil
}

func (f *restartFlags) ask() (*Ask, error) {
	return &Ask{Verb: verbRestart, Name: f.Name, NoWait: f.NoWait}, nil
}

func (f *stopFlags) ask() (*Ask, error) {
	return &Ask{Verb: verbStop, Name: f.Name, NoWait: f.NoWait}, nil
}

func (f *eventsFlags) ask() (*Ask, error) {
	return &Ask{Verb: verbEvents, Name: f.Name, Follow: f.Follow, JSON: f.JSON}, nil
}

func (f *psFlags) ask() (*Ask, error) {
	return &Ask{Verb: verbPS, Name: f.Name, JSON: f.JSON}, nil
}

// parseAsk reads the words behind verb.
func parseAsk(verb string, words []string) (any, error) {
	flags := askers[verb]()
	var help bytes.Buffer
	parser, err := newParser(flags, &help, verb)
	if err != nil {
		return nil, err
	}
	_, err = parser.Parse(words)
	switch {
	case help.Len() > 0:
		return Print{help.String()}, nil
	case err != nil:
		// kong names a word that is too many as it stands there.
		msg := strings.ToValidUTF8(err.Error(), "\uFFFD")
		return nil, &Error{
			Msg:  verb + ": " + msg,
			Hint: "relance " + verb + " --help; a command of that name is run with relance -- " + verb,
		}
	}
	a, err := flags.ask()
	if err != nil {
		return nil, err
	}
	return a, nil
}
