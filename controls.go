package main

import (
	"os"
	"time"

	"relance/cli"
	"relance/control"
	"relance/report"
	"relance/status"
)

// controls is what is behind the control socket; nil: there is none.
type controls struct {
	ring control.Ring
	// queue has what the track was not told of yet.
	queue *report.Queue
	track *status.Track
	// server is nil where there is no place for it.
	server *control.Server
}

// newControls begins to keep what stream tells of, before that tells of anything.
func newControls(todo *cli.Run, stream *report.Stream) *controls {
	if !todo.Controlled {
		return nil
	}
	c := &controls{queue: report.NewQueue(trackQueue), track: status.New(todo.Name)}
	c.track.Runs(todo.Settings.Argv, os.Getpid(), time.Now())
	stream.Add(&c.ring)
	stream.Add(c.queue)
	return c
}

// trackQueue is how many notes may come between two events of the loop.
const trackQueue = 64

// catchUp gives the Track what has come since the last time. It is called by the loop,
// which so owns it: whenever it has told of something, and before it asks.
func (c *controls) catchUp() {
	for c != nil && len(c.queue.Events()) > 0 {
		c.track.Tell(<-c.queue.Events())
	}
}

// open opens the socket, if there is a place for it. Where nobody has asked for one, what
// stands against it is only said.
func (c *controls) open(todo *cli.Run, say func(string)) (<-chan control.Ask, error) {
	if c == nil {
		return nil, nil
	}
	name := todo.Name
	if name == "" {
		name = control.Unnamed(todo.Settings.Argv[0], os.Getpid())
	}
	var err error
	c.server, err = control.Open(control.Setting{Path: todo.ControlPath, Name: name}, control.Here(), &c.ring)
	switch {
	case err != nil && todo.ControlPath != "":
		return nil, todo.Uncontrolled(err)
	case err != nil:
		say("no control socket: " + err.Error())
	}
	if c.server == nil {
		return nil, nil
	}
	return c.server.Asks(), nil
}

// run answers who asks.
func (c *controls) run() {
	if c != nil && c.server != nil {
		c.server.Run()
	}
}

func (c *controls) close() {
	if c != nil {
		c.server.Close()
	}
}

// sample takes what looks see; nil: nobody wants to know.
func (c *controls) sample() func(now time.Time, gen int, memory int64) {
	if c == nil {
		return nil
	}
	return c.track.Sample
}

// status is the answer to who asks how it goes.
func (c *controls) status(now time.Time, live []status.Live) control.Status {
	c.catchUp()
	return c.track.Status(now, live)
}
