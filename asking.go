package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"relance/cli"
	"relance/control"
	"relance/report"
	"relance/status"
)

// asked asks a relance that runs, and tells what it says. ignored are the signals that were
// ignored when we were started.
func asked(todo *cli.Ask, ignored uint64) int {
	found, err := control.Find(todo.Name, control.Here())
	if err != nil {
		return unheard(todo, err)
	}
	client := control.NewClient(found.Path)
	switch {
	case todo.Verb == "status" && todo.Every > 0:
		return watched(todo, client, ignored)
	case todo.Verb == "status":
		err = tellStatus(todo, client)
	case todo.Verb == "ps":
		err = tellProcesses(todo, client)
	case todo.Verb == "events":
		err = tellEvents(todo, client)
	default:
		return ordered(todo, client)
	}
	if err != nil {
		return unheard(todo, err)
	}
	return 0
}

// unheard says why nobody could be asked.
func unheard(todo *cli.Ask, err error) int {
	said := &cli.Error{Msg: todo.Verb + ": " + err.Error()}
	var nobody *control.FindError
	var refused *control.AskError
	switch {
	case errors.As(err, &nobody):
		said.Hint = nobody.Cure + "; a command named " + todo.Verb + " is run with relance -- " + todo.Verb
	case errors.As(err, &refused):
		said.Hint = refused.Cure
	}
	return refuse(said)
}

// screen is what stdout shows: its width and height in cells, zero where it is no
// terminal, and whether it has colours.
type screen struct {
	width, height int
	colour        bool
}

func look() screen {
	size, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err != nil || os.Getenv("TERM") == "dumb" {
		return screen{}
	}
	s := screen{width: int(size.Col), height: int(size.Row), colour: os.Getenv("NO_COLOR") == ""}
	if s.width == 0 || s.height == 0 { // nobody has said
		s.width, s.height = 80, 24
	}
	return s
}

// statusText is the status in an answer as it is shown.
func statusText(todo *cli.Ask, body []byte, to screen) (string, error) {
	if todo.JSON {
		return string(body) + "\n", nil
	}
	var s status.Status
	if err := decode(body, &s); err != nil {
		return "", err
	}
	return s.Text(to.width, to.colour), nil
}

// decode reads an answer, whose strings are to be shown.
func decode(body []byte, into any) error {
	return json.Unmarshal([]byte(control.CleanJSON(string(body))), into)
}

func tellStatus(todo *cli.Ask, client *control.Client) error {
	body, err := client.Status()
	if err != nil {
		return err
	}
	text, err := statusText(todo, body, look())
	if err != nil {
		return err
	}
	return write(text)
}

func tellProcesses(todo *cli.Ask, client *control.Client) error {
	body, err := client.Processes()
	if err != nil {
		return err
	}
	if todo.JSON {
		return write(string(body) + "\n")
	}
	var all control.Processes
	if err := decode(body, &all); err != nil {
		return err
	}
	return write(all.Text(look().width))
}

func tellEvents(todo *cli.Ask, client *control.Client) error {
	stream, err := client.Events(0, todo.Follow)
	if err != nil {
		return err
	}
	defer stream.Close()
	return eachEvent(stream, func(line []byte, e report.Event) (bool, error) {
		if todo.JSON {
			return true, write(control.Clean(string(line)) + "\n")
		}
		return true, write(eventText(e))
	})
}

// eventText is an event as people read it.
func eventText(e report.Event) string {
	return e.Time.Local().Format("2006-01-02 15:04:05 ") + control.Clean(report.OneLine(e.Msg)) + "\n"
}

// eachEvent calls each with the events of a stream, as long as it wants more of them; at
// the end of the stream the error is nil too.
func eachEvent(stream io.Reader, each func(line []byte, e report.Event) (more bool, err error)) error {
	const longest = 1 << 20
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 4096), longest)
	for lines.Scan() {
		var e report.Event
		line := bytes.TrimSpace(lines.Bytes())
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("its answer cannot be read: %w", err)
		}
		if more, err := each(line, e); !more || err != nil {
			return err
		}
	}
	return lines.Err()
}

// write writes to stdout.
func write(text string) error {
	_, err := io.WriteString(os.Stdout, text)
	return err
}
