package hooks

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
)

// An errand that takes too long is told to end, and then made to; who asks for the end of
// relance does not end it, and relance does not wait for it.
func TestErrandTimeLimit(t *testing.T) {
	p := playCrew(t, Settings{Errands: true, OnEvent: "tell", Timeout: time.Hour})
	done := make(chan ending, 1)
	p.Errand(Errand{argv: []string{"/usr/sbin/sendmail"}, done: done})
	p.Start(p.now)
	p.want("started", len(p.started), 1)
	p.want("waited for", p.Busy(), false)
	p.Hurry(p.now)
	p.Finish(p.now)
	p.Hurry(p.now.Add(time.Second))
	p.want("ended by who wants no hooks", p.kills, []string(nil))
	p.pass(mostErrand)
	p.pass(patience)
	p.want("kills", p.kills, []string{"101 false", "101 true"})
	p.ends(1, child.Change{Signal: unix.SIGKILL})
	if e := <-done; e.err == nil || !strings.Contains(e.err.Error(), "not done within 1m") {
		t.Errorf("%+v", e)
	}
	p.want("said", p.said, []string(nil))
}

// What ends well at the last moment has ended well: to run it again would be to do it twice.
func TestErrandEndsAfterAll(t *testing.T) {
	p := playCrew(t, Settings{Errands: true})
	done := make(chan ending, 1)
	p.Errand(Errand{done: done})
	p.Start(p.now)
	p.pass(mostErrand)
	p.ends(1, child.Change{})
	if e := <-done; e.err != nil || e.status != 0 {
		t.Errorf("%+v", e)
	}
}

// The first line of the program's own is found, and no more is kept than there is room for.
func TestFirstLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"\n  one \ntwo\n":               "one",
		"relance: sendmail: x\nits own": "its own",
		strings.Repeat("x", 3000):       strings.Repeat("x", mostFirst),
	} {
		fd, err := boundedFile(mostSaid)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unix.Write(fd, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := firstLine(fd); got != want {
			t.Errorf("%.20q: %.20q", text, got)
		}
		if _, err := unix.Pwrite(fd, []byte("x"), mostSaid); err != unix.EPERM {
			t.Errorf("it grows: %v", err)
		}
		_ = unix.Close(fd)
	}
}

// A relance around an errand is given the words of the program as they are.
func TestErrandWords(t *testing.T) {
	c := &Crew{set: Settings{Name: "web", JSON: true}}
	got := c.words(job{flag: errandFlag, errand: &Errand{argv: []string{"/x/sendmail", "-i", "--x"}}})
	if i := slices.Index(got, "--"); i < 0 || !slices.Equal(got[i+1:], []string{"/x/sendmail", "-i", "--x"}) || slices.Contains(got, "--log-format=json") {
		t.Errorf("%q", got)
	}
}
