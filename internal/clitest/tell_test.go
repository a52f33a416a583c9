package clitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"relance/internal/mailtest"
	"relance/limits"
	"relance/report"
	"relance/restart"
)

// leaky leaks 100 MB a second. Its third generation ends by itself, the sixth by a signal,
// and the eighth and the eleventh hold what they have. Each says what it was told of the
// one before.
const leaky = `
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
gen = int(os.environ.get('RELANCE_GENERATION', 1))
print('born', gen, *(os.environ.get('RELANCE_' + name, '-') for name in ('REASON', 'LAST_EXIT', 'LAST_UPTIME')), flush=True)
held = []
while True:
    if gen not in (8, 11):
        held.append(bytearray(b'x' * 1000000))
    if len(held) == 5 and gen == 3:
        sys.exit(3)
    if len(held) == 5 and gen == 6:
        os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(0.01)
`

// leakyEnds is why the first ten end.
var leakyEnds = map[string]int64{"memory-high": 7, "exit": 1, "signal": 1, "asked": 1}

// told is what all were told of the same ten generations.
type told struct {
	t *testing.T
	// stream is what happened, from the first event until the eleventh generation is
	// there to stay, and lines the same as written by events --json.
	stream []report.Event
	lines  []string
	left   map[int]report.Event
	kinds  map[string]int64
}

// A server that leaks is watched for ten generations by all who may be told, and all tell
// the same reasons and figures.
func TestAllTellTheSame(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			allTellTheSame(t, format)
		})
	}
}

func allTellTheSame(t *testing.T, format string) {
	d, h, server := newDesk(t), newHook(t, 200), mailtest.Start(t, true, false)
	folder := t.TempDir()
	logFile, hookFile, hookEnv := filepath.Join(folder, "log"), filepath.Join(folder, "events"), filepath.Join(folder, "words")
	cmd := mailing(t, server.Port, "--name", "web", "--memory-high", "40M", "--restart", "always", "--backoff", "1ms..1ms", "--min-uptime", "1ms",
		"--log-format", format, "--log-file", logFile, "--mail-on", "left", "--webhook-on", "left", "--webhook", h.URL,
		"--on-event", "cat >>"+hookFile+"; echo \"$RELANCE_EVENT $RELANCE_REASON $RELANCE_GENERATION $RELANCE_EXIT_STATUS $RELANCE_MESSAGE\" >>"+hookEnv,
		"--on-event-filter", "all", "--post-pause", "100ms..200ms", "--post-timeout", "1m", "--", python(t), "-c", leaky)
	cmd.Env = append(cmd.Env, "RUNTIME_DIRECTORY="+d.folder, "XDG_RUNTIME_DIR=", "RELANCE_WEBHOOK_SECRET=sesame")
	r := startCmd(t, cmd)
	r.out.want(t, "^born 1 ")
	// By its path: by that name this machine may have others.
	asJSON := startCmd(t, d.command("events", d.path("web"), "--follow", "--json"))
	asText := startCmd(t, d.command("events", d.path("web"), "--follow"))
	r.out.want(t, "^born 8 ")
	if got := d.ask("restart", d.path("web")); got.status != 0 {
		t.Fatalf("%+v", got)
	}
	asJSON.out.want(t, `"event":"recovered","generation":11,`)
	asText.out.want(t, `gen 11: recovered: `)
	r.out.want(t, "^born 11 ") // so it has its handler

	it := newTold(t, asJSON.out.all())
	it.agrees()
	it.status(d)
	if got := d.ask("stop", d.path("web")); got.status != 0 {
		t.Fatalf("%+v", got)
	}
	r.wantEnd(0)
	asJSON.wantEnd(0)
	asText.wantEnd(0)
	it.generations(r.out.all())
	it.inOrder("events --follow", asText.out.all(), it.text(func(e report.Event) string {
		return e.Time.Local().Format("2006-01-02 15:04:05 ") + e.Msg
	}, func(report.Event) bool { return true }))
	it.hook(contentOf(hookFile), contentOf(hookEnv))
	it.inOrder("the log", contentOf(logFile), it.text(func(e report.Event) string {
		if format == "json" {
			return it.lines[e.Seq-1]
		}
		return e.Time.Format("2006-01-02T15:04:05.000Z07:00 ") + "relance: web: " + e.Msg
	}, func(e report.Event) bool { return !e.Silent() }))
	// What comes until the end is counted too.
	it.kinds["stopping"]++
	it.kinds["left"]++
	it.webhook(h)
	it.mail(server.Letters())
}

// newTold reads the stream: nothing is missing in it.
func newTold(t *testing.T, text string) *told {
	t.Helper()
	it := &told{t: t, left: map[int]report.Event{}, kinds: map[string]int64{}}
	reasons := map[string]int64{}
	for _, line := range strings.Split(text, "\n") {
		var e report.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		it.stream, it.lines = append(it.stream, e), append(it.lines, line)
		if e.Kind != "" {
			it.kinds[e.Kind]++
		}
		if e.Kind == string(restart.Left) {
			it.left[e.Generation] = e
			reasons[e.Reason]++
		}
		if e.Seq != uint64(len(it.stream)) {
			t.Fatalf("event %d is number %d", len(it.stream), e.Seq)
		}
	}
	if len(it.left) != 10 || !maps.Equal(reasons, leakyEnds) {
		t.Fatalf("%d ends: %v", len(it.left), reasons)
	}
	return it
}

// why is what begins a line: the reason, the figures, the uptime.
var why = regexp.MustCompile(`^gen \d+: .+ after [0-9.]+ m?s`)

// agrees compares the events of one generation with each other.
func (it *told) agrees() {
	for _, e := range it.stream {
		switch end := it.left[e.Generation]; restart.Kind(e.Kind) {
		case restart.Stopping, restart.Backoff:
			if e.Reason != end.Reason || !reflect.DeepEqual(e.Uptime, end.Uptime) || !reflect.DeepEqual(e.Memory, end.Memory) || e.Budget != end.Budget ||
				!strings.HasPrefix(end.Msg, why.FindString(e.Msg)) {
				it.t.Errorf("%s\nand then %s", e.JSON(), end.JSON())
			}
			if e.Reason == "memory-high" && (e.Memory == nil || e.Budget != 40<<20 || *e.Memory < e.Budget) {
				it.t.Errorf("not spent: %s", e.JSON())
			}
		case restart.Recovered:
			end := it.left[e.Previous]
			if e.Previous != e.Generation-1 || e.Reason != end.Reason || end.Memory != nil && e.Before != *end.Memory {
				it.t.Errorf("%s\nafter %s", e.JSON(), end.JSON())
			}
		}
	}
}

// ended is how a shell's user has it: the signal, or the status.
func ended(e report.Event) string {
	if e.ExitSignal != "" {
		return e.ExitSignal
	}
	return strconv.Itoa(*e.ExitStatus)
}

// status compares what relance status says, as JSON and as lines.
func (it *told) status(d desk) {
	s := d.status(d.path("web"))
	if s.Generations != 11 || s.Ended != 10 || s.Missed != 0 || !maps.Equal(s.Reasons, leakyEnds) || len(s.Ends) != 10 {
		it.t.Errorf("%+v", s)
	}
	down := map[int]*float64{}
	for _, e := range it.stream {
		if e.Kind == string(restart.Up) {
			down[e.Generation-1] = e.Down
		}
	}
	var want []string
	for i, got := range s.Ends {
		e := it.left[10-i]
		if got.Generation != e.Generation || !got.Time.Equal(e.Time) || got.Reason != e.Reason || got.Msg != e.Msg || got.ExitSignal != e.ExitSignal ||
			!reflect.DeepEqual(
				[]any{got.Uptime, got.ExitStatus, got.Took, got.Down, got.Peak, got.CPU},
				[]any{e.Uptime, e.ExitStatus, e.Took, down[e.Generation], e.MemoryPeak, e.CPU}) || got.Down == nil || got.Peak == 0 {
			it.t.Errorf("status: %+v\nevent: %s", got, e.JSON())
		}
		long := func(seconds *float64) string { return limits.FormatDuration(time.Duration(math.Round(*seconds * 1e9))) }
		want = append(want, fmt.Sprintf("end: %s, gen %d, %s, after %s, exit %s, down %s, left in %s, peak %s", e.Time.Format("2006-01-02T15:04:05Z07:00"),
			e.Generation, e.Reason, long(e.Uptime), ended(e), long(got.Down), long(e.Took), limits.FormatSize(e.MemoryPeak)))
		if e.Reason != "asked" && !strings.Contains(e.Msg, " after "+long(e.Uptime)) {
			it.t.Errorf("another uptime: %s", e.JSON())
		}
	}
	for reason, n := range leakyEnds {
		want = append(want, fmt.Sprintf("ended for %s: %d", reason, n))
	}
	text := d.ask("status", d.path("web")).out
	for _, line := range want {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			it.t.Errorf("status has no line %q:\n%s", line, text)
		}
	}
}

// generations compares what each was told of the one before.
func (it *told) generations(text string) {
	want := []string{"born 1 - - -"}
	for gen := 1; gen <= 10; gen++ {
		e := it.left[gen]
		want = append(want, fmt.Sprintf("born %d %s %s %d", gen+1, e.Reason, ended(e), int(*e.Uptime)))
	}
	if got := strings.Split(text, "\n"); !slices.Equal(got, want) {
		it.t.Errorf("the generations were told %q, want %q", got, want)
	}
}
