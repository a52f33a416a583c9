package requests

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestParseMessage(t *testing.T) {
	long := strings.Repeat("i", maxID)
	for _, c := range []struct {
		text string
		want message
	}{
		{"READY=1", message{ready: true}},
		{"READY=1\n", message{ready: true}},
		{"READY=1\x00", message{ready: true}},
		{"READY=0\nREADY=\nREADY\nready=1\n READY=1", message{}},
		{"RELOADING=1\nMONOTONIC_USEC=12\nSTOPPING=1", message{}},
		{"STATUS=a\nSTATUS=b=c", message{hasStatus: true, status: []byte("b=c")}},
		{"STATUS=", message{hasStatus: true, status: []byte{}}},
		{"WATCHDOG=1", message{}},
		{"WATCHDOG=trigger\nWATCHDOG_USEC=20000000", message{}},
		{"EXTEND_TIMEOUT_USEC=5000", message{extend: 5 * time.Millisecond}},
		{"EXTEND_TIMEOUT_USEC=18446744073709551615", message{extend: maxExtend}},
		{"EXTEND_TIMEOUT_USEC=5\nEXTEND_TIMEOUT_USEC=18446744073709551616", message{extend: 5 * time.Microsecond}},
		{"BARRIER=1", message{barrier: true}},
		{"FDSTORE=1\nFDNAME=x", message{store: true}},
		{"MAINPID=1\nERRNO=2\nBUSERROR=x\nEXIT_STATUS=3\nX_OTHER=4\n\n=\n=1", message{}},
		{"X_RELANCE_REQUESTS=3\nREADY=1\nX_RELANCE_REQUESTS=4", message{ready: true, served: 7}},
		{"X_RELANCE_REQUESTS=0", message{}},
		{"X_RELANCE_REQUESTS=1000000000", message{served: 1000000000}},
		{"X_RELANCE_REQUESTS=1000000001\nX_RELANCE_REQUESTS=x", message{malformed: []byte("X_RELANCE_REQUESTS=1000000001")}},
		{"X_RELANCE_REQUESTS=-1", message{malformed: []byte("X_RELANCE_REQUESTS=-1")}},
		{"X_RELANCE_BEGIN=a\nX_RELANCE_END=a\nX_RELANCE_BEGIN=", message{marks: []mark{{[]byte("a"), false}, {[]byte("a"), true}, {nil, false}}}},
		{"X_RELANCE_BEGIN=" + long, message{marks: []mark{{id: []byte(long)}}}},
		{"X_RELANCE_BEGIN=" + long + "i", message{malformed: []byte("X_RELANCE_BEGIN=" + long + "i")}},
		{"X_RELANCE_END=a b", message{malformed: []byte("X_RELANCE_END=a b")}},
		{"", message{}},
	} {
		var m message
		err := m.parse([]byte(c.text))
		if got, want := fmt.Sprintf("%q", fmt.Sprint(m)), fmt.Sprintf("%q", fmt.Sprint(c.want)); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", c.text, got, err, want)
		}
	}
	for _, text := range []string{"READY=1\x00STATUS=x", strings.Repeat("a", maxDatagram+1)} {
		var m message
		if err := m.parse([]byte(text)); err == nil {
			t.Errorf("%.20q: no error", text)
		}
	}
}

func TestAppendLine(t *testing.T) {
	for text, want := range map[string]string{
		"up, 3 workers":                   "up, 3 workers",
		"größer":                          "größer",
		"a\tb\x1b[2Jc\r":                  "a\uFFFDb\uFFFD[2Jc\uFFFD",
		"\xff\xfe":                        "\uFFFD\uFFFD",
		"\u202egnp.exe":                   "\uFFFDgnp.exe",
		strings.Repeat("x", 600):          strings.Repeat("x", maxStatus),
		strings.Repeat("x", 510) + "\xff": strings.Repeat("x", 510),
	} {
		if got := string(appendLine(nil, []byte(text))); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestParseAllocatesNothing: a request must not cost us memory.
func TestParseAllocatesNothing(t *testing.T) {
	var m message
	text := []byte("WATCHDOG=1\nSTATUS=x\nX_RELANCE_REQUESTS=5\nX_RELANCE_BEGIN=a\nX_RELANCE_END=a")
	if n := testing.AllocsPerRun(100, func() { _ = m.parse(text) }); n != 0 {
		t.Errorf("a datagram costs %v allocations", n)
	}
	line := []byte("begin 0af7651916cd43dd8448eb211c80319c")
	if n := testing.AllocsPerRun(100, func() { _, _ = parseLine(line) }); n != 0 {
		t.Errorf("a line costs %v allocations", n)
	}
}

// What is taken is within its bounds, and what nobody knows changes nothing.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		"READY=1\nSTATUS=up\nMAINPID=4", "WATCHDOG=1", "WATCHDOG=trigger\nWATCHDOG_USEC=1", "EXTEND_TIMEOUT_USEC=99999999999999999999",
		"X_RELANCE_REQUESTS=1000000000\nX_RELANCE_REQUESTS=1000000000", "X_RELANCE_BEGIN=a\nX_RELANCE_END=\n", "BARRIER=1", "FDSTORE=1\nFDNAME=\xff",
		"STATUS=\xf0\x9f\x92", "\n\n==\x00", "X_RELANCE_REQUESTS=",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, again message
		err := m.parse(b)
		if err != nil {
			if len(b) <= maxDatagram && bytes.IndexByte(b, 0) < 0 {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		if m.served < 0 || m.extend < 0 || m.extend > maxExtend || len(m.marks) > len(b)/len("X_RELANCE_END=")+1 {
			t.Fatalf("%q: %+v", b, m)
		}
		for _, k := range m.marks {
			if len(k.id) > 0 && (!isID(k.id) || !bytes.Contains(b, k.id)) {
				t.Fatalf("%q: the id %q", b, k.id)
			}
		}
		line := appendLine(nil, m.status)
		if len(line) > maxStatus || !utf8.Valid(line) || bytes.ContainsFunc(line, unicode.IsControl) {
			t.Fatalf("%q: the status %q", b, line)
		}
		more := append([]byte("X_NOT_KNOWN=1\n"), b...)
		if err := again.parse(more); err == nil && fmt.Sprint(again) != fmt.Sprint(m) {
			t.Fatalf("%q: %v, and with a line that is not known: %v", b, m, again)
		}
	})
}
