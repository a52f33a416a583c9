package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"relance/limits"
	"relance/requests"
	"relance/restart"
	"relance/stdio"
)

// defaultDrain is how long what is in flight may take to end.
const defaultDrain = 30 * time.Second

// maxRequests bounds what can be counted.
const maxRequests = 1 << 53 // as JSON has it

// requests sets how many requests a generation may serve, and who tells.
func (run *Run) requests(f *runFlags) error {
	p := &run.Policy
	for _, c := range []struct {
		name, value string
		into        *int64
	}{
		{"max-requests", f.MaxRequests, &p.MaxRequests},
		{"max-requests-jitter", f.MaxRequestsJitter, &p.MaxRequestsJitter},
	} {
		if c.value == "" {
			continue
		}
		n, err := parseCount(c.value, maxRequests)
		if err == nil && p.MaxRequests == 0 && c.name != "max-requests" {
			err = errors.New("more than what? Give --max-requests too, or leave it out")
		}
		if err != nil {
			return flagError(c.name, c.value, err)
		}
		*c.into = n
	}
	switch f.Notify {
	case "":
		run.Listens = p.MaxRequests > 0 && run.CountLines == nil && f.Stdio == "" || f.Ready == "notify"
	case "yes":
		run.Listens = true
	case "ready":
		run.Listens, p.Ready = true, restart.ReadyWhenSaid
	default:
		return flagError("notify", f.Notify, errors.New("no such mode, use yes or ready"))
	}
	if run.CountLines != nil && p.MaxRequests == 0 {
		return flagError("count-lines", f.CountLines, errors.New("counted for what? Give --max-requests too, or leave it out"))
	}
	if err := run.stdio(f); err != nil {
		return err
	}
	p.Drains = run.Listens || run.Stdio != nil
	if err := run.socketDir(f.SocketDir); err != nil {
		return err
	}
	return run.drain(f)
}

// socketDir sets where the sockets are made on which the command is listened to.
func (run *Run) socketDir(dir string) error {
	if dir == "" {
		return nil
	}
	path, err := filepath.Abs(dir)
	var st unix.Stat_t
	switch {
	case !run.Listens:
		err = errors.New("the command is not listened to here; give --notify too, or leave it out")
	case err != nil:
	case len(path) > requests.MaxFolder:
		err = fmt.Errorf("longer than %d bytes, and the path of a socket has little room (unix(7)); use a shorter one", requests.MaxFolder)
	default:
		if err = unix.Stat(path, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
			err = unix.ENOTDIR
		}
		if err == nil {
			err = unix.Access(path, unix.W_OK|unix.X_OK)
		}
		if err != nil {
			err = fmt.Errorf("%w; name a folder that relance may write to", err)
		}
	}
	if err != nil {
		return flagError("socket-dir", dir, err)
	}
	run.SocketDir = path
	return nil
}

// stdio sets what is carried between our stdin and stdout and the command's.
func (run *Run) stdio(f *runFlags) error {
	if f.Stdio == "" {
		for _, flag := range []struct{ name, value, standard string }{
			{"stdio-delimiter", f.StdioDelimiter, ""}, {"lost-reply", f.LostReply, ""},
			{"on-lost", f.OnLost, "error"}, {"stdio-init", f.StdioInit, "none"},
		} {
			if flag.value != "" && flag.value != flag.standard {
				return flagError(flag.name, flag.value, errors.New("nothing is carried here; give --stdio too, or leave it out"))
			}
		}
		return nil
	}
	modes := map[string]stdio.Mode{
		"lines": stdio.Lines, "squid": stdio.Squid, "jsonrpc": stdio.JSONRPC, "content-length": stdio.ContentLength,
	}
	losses := map[string]stdio.OnLost{"": stdio.Error, "error": stdio.Error, "replay": stdio.Replay, "exit": stdio.Exit}
	delimiters := map[string]byte{"": '\n', `\n`: '\n', `\0`: 0, `\r`: '\r', `\t`: '\t'}
	mode, ok := modes[f.Stdio]
	lost, known := losses[f.OnLost]
	delimiter, named := delimiters[f.StdioDelimiter]
	if !named && len(f.StdioDelimiter) == 1 {
		delimiter, named = f.StdioDelimiter[0], true
	}
	switch {
	case !ok:
		return flagError("stdio", f.Stdio, errors.New("no such mode, use lines, squid, jsonrpc or content-length"))
	case run.CountLines != nil:
		return flagError("stdio", f.Stdio, errors.New("--count-lines counts too; leave one of the two out"))
	case run.Policy.Silence > 0:
		return flagError("stdio", f.Stdio, errors.New("--output-silence carries the same stdout; leave one of the two out"))
	case !known:
		return flagError("on-lost", f.OnLost, errors.New("no such mode, use error, replay or exit"))
	case !named:
		return flagError("stdio-delimiter", f.StdioDelimiter, errors.New(`one character, or \n, \0, \r, \t`))
	case f.StdioDelimiter != "" && mode != stdio.Lines && mode != stdio.Squid:
		return flagError("stdio-delimiter", f.StdioDelimiter, fmt.Errorf("--stdio %s has a framing of its own; leave it out", f.Stdio))
	case f.StdioInit != "" && f.StdioInit != "auto" && f.StdioInit != "none":
		return flagError("stdio-init", f.StdioInit, errors.New("no such mode, use auto or none"))
	}
	run.Stdio = &stdio.Settings{Mode: mode, Delimiter: delimiter, OnLost: lost, LostReply: f.LostReply, Init: f.StdioInit == "auto"}
	run.Policy.Stdio, run.Policy.LostExits = true, lost == stdio.Exit
	return run.checkStdio(f)
}

// checkStdio finds flags that do not go together with the mode or with each other.
func (run *Run) checkStdio(f *runFlags) error {
	s := run.Stdio
	switch {
	case s.Init && !s.Mode.JSON():
		return flagError("stdio-init", f.StdioInit, fmt.Errorf("--stdio %s has no initialize; leave it out", f.Stdio))
	case s.LostReply != "" && s.Mode != stdio.Lines:
		return flagError("lost-reply", f.LostReply, fmt.Errorf("--stdio %s has an error of its own; leave it out", f.Stdio))
	case s.LostReply != "" && s.OnLost == stdio.Exit:
		return flagError("lost-reply", f.LostReply, errors.New("nothing is answered with it under --on-lost exit; leave one of the two out"))
	case s.Mode == stdio.Squid && strings.IndexByte("0123456789 "+stdio.SquidError, s.Delimiter) >= 0:
		return flagError("stdio-delimiter", f.StdioDelimiter, errors.New("what --stdio squid says has that in its lines; use another"))
	case strings.IndexByte(s.LostReply, s.Delimiter) >= 0:
		return flagError("lost-reply", f.LostReply, fmt.Errorf("it has %q in it, which ends a line; leave that out, it is added", s.Delimiter))
	case s.LostReply == "" && s.Mode == stdio.Lines && s.OnLost != stdio.Exit:
		return flagError("stdio", f.Stdio, errors.New("what is the answer to a request that is lost? Give --lost-reply TEXT too, or --on-lost exit"))
	}
	return nil
}

// drain sets how long what is in flight is waited for.
func (run *Run) drain(f *runFlags) error {
	p := &run.Policy
	if p.Drains {
		p.DrainTimeout = defaultDrain
	}
	if f.DrainTimeout != "" {
		if err := run.drainTimeout(f); err != nil {
			return err
		}
	}
	// An answer may be on its way where nothing is to be waited for.
	if run.Stdio != nil && p.DrainTimeout != limits.Forever {
		run.Stdio.Patience = p.DrainTimeout
	}
	return nil
}

// drainTimeout takes --drain-timeout.
func (run *Run) drainTimeout(f *runFlags) error {
	d, err := limits.ParseTimeout(f.DrainTimeout)
	switch {
	case err != nil || run.Policy.Drains:
	case run.CountLines != nil:
		err = errors.New("the lines of --count-lines tell what was served, and not what is in flight; give --notify too, or leave it out")
	default:
		err = errors.New("nobody tells what is in flight here; give --max-requests, --notify or --stdio too, or leave it out")
	}
	if err != nil {
		return flagError("drain-timeout", f.DrainTimeout, err)
	}
	run.Policy.DrainTimeout = d
	return nil
}
