package systemdtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"relance/internal/await"
)

// background runs words as a service whose output goes to the journal, and returns when
// it was started.
func background(t *testing.T, words ...string) *Unit {
	t.Helper()
	Require(t)
	u := newUnit("service", false)
	u.start(t, exec.Command("systemd-run", u.words([]string{"--service-type=exec"}, []string{"RemainAfterExit=yes"}, escaped(words))...))
	return u
}

// entries are what the journal has of a unit, the oldest first.
func (u *Unit) entries(t testing.TB, match ...string) (all []map[string]any) {
	t.Helper()
	output(t, exec.Command("journalctl", "--sync"))
	out, _ := exec.Command("journalctl", append([]string{"--output=json", "--all", "--unit=" + u.Name}, match...)...).Output() // status 1: none
	for line := range strings.Lines(string(out)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, e)
	}
	return all
}

// until waits until the journal has an entry of the unit with these fields.
func (u *Unit) until(t testing.TB, match ...string) map[string]any {
	t.Helper()
	var last []map[string]any
	await.Until(t, strings.Join(match, " "), func() bool {
		last = u.entries(t, match...)
		return len(last) > 0
	})
	return last[len(last)-1]
}

// What relance says is in the journal with fields of its own, what the command writes to
// stderr as ever, and both are of the unit.
func TestJournal(t *testing.T) {
	u := background(t, Program(t, "relance"), "--name", "web", "--restart", "on-failure", "--backoff", "1ms..1ms", "--give-up", "3/1m", "--",
		"/bin/sh", "-c", "echo command $RELANCE_GENERATION $RELANCE_LAST_EXIT >&2; exit 3")
	await.Until(t, "the end of relance", func() bool { return u.Property(t, "SubState") == "failed" })
	e := u.until(t, "RELANCE_EVENT=gave-up")
	want := map[string]any{
		"MESSAGE": e["MESSAGE"], "PRIORITY": "3", "SYSLOG_IDENTIFIER": "relance", "RELANCE_NAME": "web", "RELANCE_REASON": "exit",
		"RELANCE_GENERATION": "3", "RELANCE_EXIT_STATUS": "3", "RELANCE_FAILURES": "3", "_TRANSPORT": "journal", "_COMM": "relance",
		"_SYSTEMD_UNIT": u.Name,
	}
	got := map[string]any{}
	for name := range want {
		got[name] = e[name]
	}
	if !maps.Equal(got, want) || !strings.HasPrefix(fmt.Sprint(e["MESSAGE"]), "web: gen 3: exit: status 3 after ") {
		t.Errorf("got %v", e)
	}
	var command []string
	for _, e := range u.entries(t, "_TRANSPORT=stdout") {
		command = append(command, fmt.Sprint(e["MESSAGE"]))
	}
	if want := []string{"command", "command 2 3", "command 3 3"}; !slices.Equal(command, want) {
		t.Errorf("stderr of the command: %q, want %q", command, want)
	}
}

// A journal that is stopped ends nobody: the command is recycled as ever meanwhile, and
// when it is there again it gets what is said from then on, and what is missing is said.
func TestJournalStopped(t *testing.T) {
	u := background(t, Program(t, "relance"), "--restart-signal", "USR1", "--", "/bin/sh", "-c", "exec sleep 1000")
	recycle := func() {
		before := u.childOf(t)
		u.Systemctl(t, "kill", "--kill-whom=main", "--signal=USR1", u.Name)
		await.Until(t, "another generation", func() bool { now := u.childOf(t); return now != "" && now != before })
	}
	recycle()
	journald := func(verb string) {
		output(t, exec.Command("systemctl", verb, "systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket"))
	}
	t.Cleanup(func() { journald("start") })
	journald("stop")
	recycle()
	recycle()
	journald("start")
	recycle()
	e := u.until(t, "RELANCE_EVENT=up", "RELANCE_GENERATION=5")
	if e["_TRANSPORT"] != "journal" {
		t.Errorf("%v", e)
	}
	var said []string
	for _, e := range u.entries(t, "SYSLOG_IDENTIFIER=relance", "PRIORITY=4") {
		said = append(said, fmt.Sprint(e["MESSAGE"]))
	}
	// Of gen 2 and 3: asked, and up; stderr led to the journal, too.
	if !slices.ContainsFunc(said, regexp.MustCompile(`^4 lines are missing here: send to /run/systemd/journal/socket: .*; stderr: broken pipe$`).MatchString) {
		t.Errorf("%q", said)
	}
}

// childOf is the pid of the command of the unit.
func (u *Unit) childOf(t testing.TB) string {
	t.Helper()
	out, _ := exec.Command("pgrep", "-P", u.Property(t, "MainPID"), "-x", "sleep").Output() // status 1: none
	return strings.TrimSpace(string(out))
}
