package cli

import (
	"errors"
	"fmt"

	"relance/listen"
)

// Sockets are those that are held for the command.
type Sockets struct {
	Addresses []listen.Address
	// As is how the command is told, zero: as listen.Open chooses.
	As listen.Dialects

	words []string // the addresses as they were written
	way   string   // --listen-as as it was written
}

// listen sets what is held, and how it is passed.
func (run *Run) listen(f *runFlags) error {
	if err := run.Sockets.parse(f.Listen, f.ListenAs); err != nil {
		return err
	}
	if run.Sockets.As == listen.Stdin && run.Stdio != nil {
		return flagError("listen-as", f.ListenAs, errors.New("--stdio carries the command's stdin; leave one of the two out"))
	}
	return nil
}

func (s *Sockets) parse(words []string, way string) error {
	for _, word := range words {
		a, err := listen.Parse(word)
		for i, other := range s.Addresses {
			if err == nil && listen.Conflict(a, other) {
				err = fmt.Errorf("--listen %s takes the same address; leave one of the two out", quoteIfNeeded(s.words[i]))
			}
		}
		if err != nil {
			return flagError("listen", word, err)
		}
		s.Addresses, s.words = append(s.Addresses, a), append(s.words, word)
	}
	s.way = way
	if way == "" {
		return nil
	}
	var err error
	if s.As, err = listen.ParseDialects(way); err == nil && s.As == listen.Stdin && len(words) > 1 {
		err = fmt.Errorf("%w, and here are %d; leave the others out", listen.ErrNotOne, len(words))
	}
	if err != nil {
		return flagError("listen-as", way, err)
	}
	return nil
}

// Unbound is the error for sockets that could not be had; err is of listen.Open.
func (s *Sockets) Unbound(err error) error {
	var address *listen.AddressError
	switch {
	case errors.As(err, &address):
		return flagError("listen", s.words[address.Index], err)
	case errors.Is(err, listen.ErrNothing):
		return flagError("listen-as", s.way, fmt.Errorf("%w; give --listen too", err))
	case s.way != "":
		return flagError("listen-as", s.way, err)
	}
	return &Error{Msg: err.Error()}
}
