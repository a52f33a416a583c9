package clitest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/quotedprintable"
	"net/mail"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"relance/internal/mailtest"
	"relance/report"
	"relance/restart"
)

// text is the stream as somebody tells it who tells what is wanted.
func (it *told) text(line func(report.Event) string, wanted func(report.Event) bool) (all []string) {
	for _, e := range it.stream {
		if wanted(e) {
			all = append(all, line(e))
		}
	}
	return all
}

// inOrder compares what somebody wrote line by line; until the end there may be more.
func (it *told) inOrder(who, text string, want []string) {
	it.t.Helper()
	got := strings.Split(text, "\n")
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		it.t.Errorf("%s says\n%s\nwant\n%s", who, text, strings.Join(want, "\n"))
	}
}

// webhook compares what was posted.
func (it *told) webhook(h *hook) {
	total, kinds := map[string]int64{}, map[string]int64{}
	var events []any
	for _, body := range h.bodies {
		for key, to := range map[string]map[string]int64{"ended": total, "kinds": kinds} {
			for word, n := range body[key].(map[string]any) {
				to[word] += int64(n.(float64))
			}
		}
		events = append(events, body["events"].([]any)...)
	}
	it.counts("webhook", total, kinds)
	if len(events) != 11 {
		it.t.Fatalf("%d events were posted", len(events))
	}
	for i, got := range events[:10] {
		var want any
		if err := json.Unmarshal([]byte(it.lines[it.left[i+1].Seq-1]), &want); err != nil || !reflect.DeepEqual(got, want) {
			it.t.Errorf("posted: %v\nevent: %v", got, want)
		}
	}
}

// hook compares what --on-event was told on stdin and in its environment.
func (it *told) hook(events, words string) {
	kept := func(e report.Event) bool { return e.Kind != "" }
	it.inOrder("the hook", events, it.text(func(e report.Event) string { return it.lines[e.Seq-1] }, kept))
	it.inOrder("the environment of the hook", words, it.text(func(e report.Event) string {
		status := ""
		if e.ExitStatus != nil {
			status = strconv.Itoa(*e.ExitStatus)
		}
		return fmt.Sprintf("%s %s %d %s %s", e.Kind, e.Reason, e.Generation, status, e.Msg)
	}, kept))
}

// counts compares what was counted until the end.
func (it *told) counts(who string, reasons, kinds map[string]int64) {
	it.t.Helper()
	want := maps.Clone(leakyEnds)
	want["asked"]++
	if !maps.Equal(reasons, want) || !maps.Equal(kinds, it.kinds) {
		it.t.Errorf("%s counts %v, %v; want %v, %v", who, reasons, kinds, want, it.kinds)
	}
}

var (
	lineOfMail    = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d gen .*$`)
	reasonsOfMail = regexp.MustCompile(`generations? ended(?: \((.*)\))?, \d+ started\.\nAll events: (.*)\.`)
)

// mail compares what was mailed.
func (it *told) mail(letters []mailtest.Letter) {
	total, kinds := map[string]int64{}, map[string]int64{}
	var lines []string
	for _, l := range letters {
		m, err := mail.ReadMessage(strings.NewReader(l.Text))
		if err != nil {
			it.t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		body := strings.ReplaceAll(string(text), "\r\n", "\n")
		found := reasonsOfMail.FindStringSubmatch(body)
		if err != nil || found == nil {
			it.t.Fatalf("%v: %s", err, body)
		}
		add(it.t, total, found[1])
		add(it.t, kinds, found[2])
		lines = append(lines, lineOfMail.FindAllString(body, -1)...)
	}
	it.counts("mail", total, kinds)
	it.inOrder("mail", strings.Join(lines, "\n"), it.text(func(e report.Event) string {
		return e.Time.Format("15:04:05 ") + e.Msg
	}, func(e report.Event) bool { return e.Kind == string(restart.Left) }))
}

// add adds "exit 990, oom-kill 10" to counts.
func add(t *testing.T, to map[string]int64, words string) {
	t.Helper()
	for part := range strings.SplitSeq(words, ", ") {
		word, n, _ := strings.Cut(part, " ")
		count, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		to[word] += count
	}
}
