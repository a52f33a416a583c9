package post

import (
	"errors"
	"net/mail"
	"slices"
	"strings"
	"testing"
)

// program stands for a sendmail that takes mails for whom it knows; the status with which it
// ends else, and whom it was run for.
type program struct {
	status map[string]int
	runs   [][]string
}

func (p *program) run(argv []string, _ string) (int, string, error) {
	to := argv[4:]
	p.runs = append(p.runs, to)
	for _, address := range to {
		if status := p.status[address]; status != 0 {
			return status, "not " + address, nil
		}
	}
	return 0, "", nil
}

func (p *program) mail() *Mail {
	return &Mail{
		Of: From{"web", "host"}, Token: "t", Carrier: &Sendmail{Path: "/usr/sbin/sendmail", Run: p.run}, Sender: mail.Address{Address: "relance@host"},
		To: []mail.Address{{Address: "a@x"}, {Address: "b@x"}, {Address: "c@x"}},
	}
}

// TestSendmailSomeRefused: who is refused keeps it from nobody else, although the program
// takes a mail for all or for nobody.
func TestSendmailSomeRefused(t *testing.T) {
	for name, status := range map[string]int{"msmtp": 65, "OpenSMTPD": 70} {
		p := program{status: map[string]int{"b@x": status}}
		if o := p.mail().Send(example("x")); o.Err != nil || !strings.HasPrefix(o.Partly, "refused for b@x: exit status ") || !strings.HasSuffix(o.Partly, ": not b@x") {
			t.Errorf("%s: %+v", name, o)
		}
		if len(p.runs) != 4 {
			t.Errorf("%s: run for %q", name, p.runs)
		}
		p.status["a@x"], p.status["c@x"] = status, status
		if o := p.mail().Send(example("x")); !o.Final {
			t.Errorf("%s: refused for all: %+v", name, o)
		}
	}
	// sSMTP does not say that it is for good, so it is tried again, for who has not got it.
	p := program{status: map[string]int{"b@x": 1}}
	m := p.mail()
	if o := m.Send(example("x")); o.Err == nil || o.Final || !strings.HasPrefix(o.Err.Error(), "for b@x: exit status 1") {
		t.Errorf("sSMTP: %+v", o)
	}
	p.runs = nil
	if m.Send(example("x")); len(p.runs) != 1 || !slices.Equal(p.runs[0], []string{"b@x"}) {
		t.Errorf("sSMTP: then run for %q", p.runs)
	}
}

// TestSendmailStatus: what msmtp ends with where a name is not resolved now (68) or the server
// says "later" (69) is no refusal; and nobody logs in again and again who may not (77).
func TestSendmailStatus(t *testing.T) {
	for status, final := range map[int]bool{64: true, 65: true, 67: true, 68: false, 69: false, 70: true, 71: false, 73: false, 75: false, 77: true, 78: true, 1: false, 137: false} {
		p := program{status: map[string]int{"a@x": status, "b@x": status, "c@x": status}}
		if o := p.mail().Send(example("x")); o.Err == nil || o.Final != final {
			t.Errorf("%d: %+v", status, o)
		}
		if once := status == 64 || status > 70 || status == 68 || status == 69; once && len(p.runs) != 1 {
			t.Errorf("%d: run for %q", status, p.runs)
		}
	}
	gone := &Sendmail{Path: "/usr/sbin/sendmail", Run: func([]string, string) (int, string, error) { return 0, "", errors.New("time is up") }}
	if left, o := gone.Carry("a@b", []string{"c@d", "e@f"}, nil); len(left) != 2 || o.Err == nil || o.Final {
		t.Errorf("%q, %+v", left, o)
	}
}
