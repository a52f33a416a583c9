package requests

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestParseLine(t *testing.T) {
	long := strings.Repeat("i", maxID)
	for _, c := range []struct {
		line  string
		want  order
		fault string
	}{
		{"begin", order{word: wordBegin}, ""},
		{"begin\r", order{word: wordBegin}, ""},
		{"begin 17", order{word: wordBegin, id: []byte("17")}, ""},
		{"end a-b/c=", order{word: wordEnd, id: []byte("a-b/c=")}, ""},
		{"end " + long, order{word: wordEnd, id: []byte(long)}, ""},
		{"end " + long + "i", order{}, badID},
		{"begin ", order{}, badID},
		{"begin a b", order{}, badID},
		{"begin \xff", order{}, badID},
		{"begin  a", order{}, badID},
		{"count 0", order{word: wordCount}, ""},
		{"count 1000000000", order{word: wordCount, n: 1000000000}, ""},
		{"count 1000000001", order{}, badNumber},
		{"count -1", order{}, badNumber},
		{"count +1", order{}, badNumber},
		{"count 1 ", order{}, badNumber},
		{"count", order{}, badNumber},
		{"left", order{word: wordLeft}, ""},
		{"left 1", order{}, badLeft},
		{"hold", order{word: wordHold}, ""},
		{"hold a", order{}, badHold},
		{"relance 1", order{word: wordHello}, ""},
		{"relance 2", order{}, badVersion},
		{"relance 1 x", order{}, badVersion},
		{"relance", order{}, badVersion},
		{"", order{}, badWord},
		{"BEGIN", order{}, badWord},
		{" begin", order{}, badWord},
		{"drain", order{}, badWord},
	} {
		got, fault := parseLine([]byte(c.line))
		if fmt.Sprintf("%v", got) != fmt.Sprintf("%v", c.want) || fault != c.fault {
			t.Errorf("%q: %v, %q; want %v, %q", c.line, got, fault, c.want, c.fault)
		}
	}
}

// What is taken can be written again and is the same then; what is not has one of
// the faults that the specification lists, and no order.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"begin", "begin a", "end a\r", "count 12", "count 00000000000000000000001", "left", "hold", "relance 1", "relance 2", "begin \x00", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, fault := parseLine(b)
		if fault != "" {
			if len("error ")+len(fault)+1 > maxReply || o.id != nil || o.n != 0 {
				t.Fatalf("%q: %q, %v", b, fault, o)
			}
			return
		}
		words := map[word]string{wordBegin: "begin", wordEnd: "end", wordCount: fmt.Sprintf("count %d", o.n), wordLeft: "left", wordHold: "hold", wordHello: "relance 1"}
		line := []byte(words[o.word])
		if len(o.id) > 0 {
			line = append(append(line, ' '), o.id...)
		}
		if o.n < 0 || o.n > maxCount || len(line) > maxLine || bytes.ContainsAny(line, "\r\n") {
			t.Fatalf("%q: %v", b, o)
		}
		if again, fault := parseLine(line); fault != "" || again.word != o.word || again.n != o.n || !bytes.Equal(again.id, o.id) {
			t.Fatalf("%q: %v, written %q, which is %v, %q", b, o, line, again, fault)
		}
	})
}
