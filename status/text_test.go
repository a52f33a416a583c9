package status

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"relance/report"
)

// TestText: what people see at the usual widths, and what a pipe gets.
func TestText(t *testing.T) {
	for name, scene := range scenes {
		for _, width := range []int{120, 80, 40, 0} {
			s := scene()
			text := s.Text(width, false)
			checkText(t, text, width)
			golden(t, fmt.Sprintf("%s-%d.txt", name, width), text)
			if coloured := s.Text(width, true); sgr.ReplaceAllString(coloured, "") != text {
				t.Errorf("%s at %d: other text in colour:\n%s", name, width, coloured)
			} else if (coloured == text) != (width == 0) {
				t.Errorf("%s at %d: coloured %v", name, width, coloured != text)
			}
		}
	}
}

// sgr is the one thing that a text may send to a terminal.
var sgr = regexp.MustCompile("\x1b\\[[0-9]+m")

// checkText says what must hold of every text: no line too wide, and nothing in it that
// a terminal would obey.
func checkText(t *testing.T, text string, width int) {
	t.Helper()
	if !utf8.ValidString(text) || !strings.HasSuffix(text, "\n") {
		t.Errorf("no text: %q", text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q in a line: %q", line[i:], line)
		}
		if n := cells(line); width > 0 && n > max(width, narrowest) {
			t.Errorf("%d cells of %d: %s", n, width, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("ends in a space: %q", line)
		}
	}
}

// TestFactsAreASCII: a pipe gets no drawings.
func TestFactsAreASCII(t *testing.T) {
	for _, name := range []string{"leaking", "workers", "bare"} {
		text := scenes[name]().Text(0, true)
		if strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

func TestCells(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "web": 3, "注文": 4, "ｗｅｂ": 6, "█▏": 2, "é": 1, "e\u0301": 2, "😀": 2, "한글": 4, "…": 1,
	} {
		if n := cells(s); n != want {
			t.Errorf("%q: %d, want %d", s, n, want)
		}
	}
	if got := cutTo("a注文b", 4); got != "a注" {
		t.Errorf("%q", got)
	}
}

func TestClean(t *testing.T) {
	for s, want := range map[string]string{
		"web": "web", `with "quotes"`: `with "quotes"`, "注文": "注文",
		"a\nb": `"a\nb"`, "\x1b[2J": `"\x1b[2J"`, "a\u202eb": `"a\u202eb"`, "a\xffb": `"a\xffb"`, "a\u200bb": `"a\u200bb"`, "\u00a0": `"\u00a0"`,
	} {
		if got := clean(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
	// A script of several lines, as the control socket's client has it, is quoted once.
	if got := words([]string{"sh", "-c", "exit 3", "", `a"b`, "cd /\uFFFDls"}); got != "sh -c \"exit 3\" \"\" \"a\\\"b\" \"cd /\uFFFDls\"" {
		t.Error(got)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		part float64
		want string
	}{
		{0, "    "}, {1, "████"}, {0.5, "██  "}, {0.53, "██▏ "}, {7, "████"}, {-1, "    "}, {0.99, "████"}, {0.97, "███▉"},
	} {
		if got := bar(c.part, 4); got != c.want {
			t.Errorf("%v: %q, want %q", c.part, got, c.want)
		}
	}
}

func TestSpark(t *testing.T) {
	point := func(after time.Duration, memory int64) Point { return Point{Time: noon.Add(after), Memory: memory} }
	for _, c := range []struct {
		points []Point
		n      int
		want   string
	}{
		{nil, 5, ""},
		{[]Point{point(0, 5)}, 5, "█"},
		{[]Point{point(0, 1), point(1, 2), point(2, 3), point(3, 4)}, 4, "▃▅▇█"},
		// Each cell has the most of its time, and one without a look what was before.
		{[]Point{point(0, 10), point(1, 80), point(2, 10), point(99, 80)}, 3, "██"[:0] + "███"},
		{[]Point{point(0, 80), point(1, 80), point(2, 80), point(99, 8)}, 4, "███▁"},
	} {
		if got := spark(c.points, c.n); got != c.want {
			t.Errorf("%v in %d: %q, want %q", c.points, c.n, got, c.want)
		}
	}
}

// FuzzText: whatever is in a Status, no line is too wide, nothing in it is obeyed by a
// terminal, and there is a text.
func FuzzText(f *testing.F) {
	f.Add("web", "\x1b[2J", "memory-high", uint8(80), uint8(3), int64(5), 0.5)
	f.Add("注文サーバ", "a\r\nb", "", uint8(21), uint8(1), int64(-1<<63), -1e300)
	f.Add("\xff", "\u202e", "\u0301", uint8(1), uint8(200), int64(1<<63-1), 1e300)
	f.Add("", "", "", uint8(0), uint8(0), int64(0), 0.0)
	f.Fuzz(func(t *testing.T, name, msg, word string, width, n uint8, big int64, part float64) {
		num := int(big)
		s := Status{
			Time: noon, Name: name, Command: []string{msg, word}, PID: num, Since: noon.Add(time.Duration(big)), Running: part,
			Generations: num, Ended: big, Reasons: map[string]int64{word: big, msg: 1}, Missed: big,
			Last: &report.Event{Msg: msg, Time: noon.Add(-time.Duration(big))},
		}
		for i := range int(n) % 8 {
			w := Worker{
				Worker: (num + i) % 5, Generation: num, State: word, PID: num, Uptime: part, Memory: big, MemoryBudget: big / 2, Processes: num,
				CPU: part, CPUBudget: -part, Files: big, FilesMax: 3, Tasks: 7, Requests: &big, MaxRequests: 1, InFlight: big,
				Planned: noon.Add(time.Duration(big)), Forecast: &Forecast{In: part, Reason: msg}, Slope: &part,
				NextTry: noon.Add(time.Duration(big / 3)), Ready: new(bool), NotReady: msg, Because: word, Due: word, Until: noon.Add(time.Duration(big / 5)),
			}
			for j := range int64(n) {
				w.History = append(w.History, Point{Time: noon.Add(time.Duration(j*big/7) - 5), Memory: big + j})
			}
			s.Workers = append(s.Workers, w)
			s.Ends = append(s.Ends, End{
				Time: noon.Add(time.Duration(big)), Worker: i, Generation: num, Reason: word, Msg: msg, Uptime: &part, ExitStatus: &num,
				ExitSignal: name, Took: &part, Down: &part, Peak: big, CPU: &part, Requests: &big,
			})
		}
		checkText(t, s.Text(int(width), false), int(width))
		checkText(t, sgr.ReplaceAllString(s.Text(int(width), true), ""), int(width))
	})
}
