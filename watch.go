package main

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/cli"
	"relance/control"
	"relance/signals"
)

// What a terminal is told (ECMA-48, and xterm for the other screen).
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[2J" // another screen, no cursor
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	goHome      = "\x1b[H"
	eraseLine   = "\x1b[K"
	eraseBelow  = "\x1b[J"
)

// watched shows the status again and again, until somebody has seen enough or there is
// nobody to ask any more.
func watched(todo *cli.Ask, client *control.Client, ignored uint64) int {
	source, err := signals.Open()
	if err != nil {
		return refuse(err)
	}
	received := make(chan signals.Signal, 16)
	go source.Run(received)
	w := watcher{
		todo: todo, client: client, ignored: ignored, inPlace: look().width > 0 && !todo.JSON, answers: make(chan answer, 1),
	}
	if err := w.enter(); err != nil {
		return refuse(err)
	}
	sig, err := w.run(received)
	w.leave()
	if sig != 0 {
		child.EndBy(sig)
	}
	if err != nil {
		return unheard(todo, err)
	}
	return 0
}

// watcher is one who watches. On a terminal each status is drawn over the last one, line
// by line, so that nothing flickers.
type watcher struct {
	todo    *cli.Ask
	client  *control.Client
	ignored uint64
	inPlace bool
	answers chan answer
	// count is how many were shown.
	count int
}

// answer is a status, or why there is none.
type answer struct {
	body []byte
	err  error
}

func (w *watcher) enter() error {
	if w.inPlace {
		return write(enterScreen)
	}
	return nil
}

func (w *watcher) leave() {
	if w.inPlace {
		_ = write(leaveScreen)
	}
}

// ask asks in a goroutine of its own: who is asked may be stopped, and Ctrl-C must not
// wait for it.
func (w *watcher) ask() {
	go func() {
		body, err := w.client.Status()
		w.answers <- answer{body, err}
	}()
}

// run returns the signal that ends it, or why it cannot go on.
func (w *watcher) run(received <-chan signals.Signal) (unix.Signal, error) {
	every := time.NewTicker(w.todo.Every)
	defer every.Stop()
	w.ask()
	asking := true
	for {
		select {
		case a := <-w.answers:
			asking = false
			if err := w.take(a); err != nil {
				return 0, err
			}
		case <-every.C:
			if !asking {
				w.ask()
				asking = true
			}
		case s := <-received:
			if w.ignored&(1<<(s.Number-1)) != 0 {
				continue // as nohup(1) has it
			}
			switch s.Number {
			case unix.SIGWINCH:
				if !asking {
					w.ask()
					asking = true
				}
			case unix.SIGTSTP:
				w.stop()
			case unix.SIGCONT, unix.SIGCHLD:
			default:
				return s.Number, nil
			}
		}
	}
}

// take shows an answer. Who is busy for once, as a machine may be that is worth watching,
// is asked again.
func (w *watcher) take(a answer) error {
	var refused *control.AskError
	if w.count == 0 || !errors.As(a.err, &refused) || !refused.Busy {
		if a.err != nil {
			return a.err
		}
		return w.show(a.body)
	}
	text := "no news: " + refused.Msg
	if to := look(); w.inPlace {
		// Over the first line; what it covers is drawn again with the next answer.
		return write(goHome + text[:min(len(text), to.width)] + eraseLine)
	}
	cli.Complain(stderr{}, &cli.Error{Msg: "status: " + text, Hint: "it is asked again"})
	return nil
}

// stop lets the shell have the terminal until it lets us go on.
func (w *watcher) stop() {
	w.leave()
	_ = unix.Kill(unix.Getpid(), unix.SIGSTOP)
	_ = w.enter()
}

// show shows a status in the place of the last one, or after it, as the terminal is now: it
// may have another size than when the status was asked for.
func (w *watcher) show(body []byte) error {
	to := look()
	text, err := statusText(w.todo, body, to)
	if err != nil {
		return err
	}
	w.count++
	if !w.inPlace {
		if w.count > 1 && !w.todo.JSON {
			text = "\n" + text
		}
		return write(text)
	}
	return write(frame(text, to.height))
}

// frame is what draws text over what is there, on a screen of so many lines. What does
// not fit below is left out, else the screen would scroll.
func frame(text string, height int) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	lines = lines[:min(len(lines), max(height, 1))]
	var b strings.Builder
	b.WriteString(goHome)
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line + eraseLine)
	}
	b.WriteString(eraseBelow)
	return b.String()
}
