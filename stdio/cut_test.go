package stdio

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// frames cuts text that comes in pieces of the given size.
func frames(c cutter, text string, size int) (all []string, rest string, err error) {
	var have []byte
	for len(text) > 0 || len(have) > 0 {
		n, err := c.cut(have)
		switch {
		case err != nil:
			return all, string(have), err
		case n > 0:
			all = append(all, string(have[:n]))
			have = have[n:]
			c.next()
		case len(text) == 0:
			return all, string(have), nil
		default:
			size := min(size, len(text))
			have = append(have, text[:size]...)
			text = text[size:]
		}
	}
	return all, "", nil
}

func TestCut(t *testing.T) {
	t.Parallel()
	lines := cutter{delimiter: '\n', most: 5}
	zeros := cutter{delimiter: 0, most: 5}
	headers := cutter{mode: ContentLength, most: 5}
	for _, test := range []struct {
		c          cutter
		text, want string // the frames, after the last bar what is left without an error
		err        string
	}{
		{c: lines, text: "", want: ""},
		{c: lines, text: "a\n\nb\nc", want: "a\n|\n|b\n|c"},
		{c: lines, text: "12345\n", want: "12345\n|"},
		{c: lines, text: "a\n123456", want: "a\n|", err: "a line of more than 5 bytes"},
		{c: lines, text: "123456\n", want: "", err: "a line of more than 5 bytes"},
		{c: zeros, text: "a\n\x00b\x00", want: "a\n\x00|b\x00|"},
		{c: headers, text: "Content-Length: 2\r\n\r\n{}Content-Length: 0\r\n\r\n", want: "Content-Length: 2\r\n\r\n{}|Content-Length: 0\r\n\r\n|"},
		{c: headers, text: "content-LENGTH:\t2 \nX: y\n\nab", want: "content-LENGTH:\t2 \nX: y\n\nab|"},
		{c: headers, text: "Content-Type: x\r\nContent-Length: 3\r\n\r\na\nb", want: "Content-Type: x\r\nContent-Length: 3\r\n\r\na\nb|"},
		{c: headers, text: "Content-Length: 3\r\n\r\nab", want: "Content-Length: 3\r\n\r\nab"},
		{c: headers, text: "hello\r\n\r\n", want: "", err: `"hello" in place of a header`},
		{c: headers, text: "\r\n", want: "", err: "without Content-Length"},
		{c: headers, text: "X: y\r\n\r\n", want: "", err: "without Content-Length"},
		{c: headers, text: "Content-Length: 1\nContent-Length: 1\n\na", want: "", err: "two Content-Length"},
		{c: headers, text: "Content-Length: 6\r\n\r\nabcdef", want: "", err: "a message of 6 bytes, more than 5"},
		{c: headers, text: "Content-Length: -1\r\n\r\n", want: "", err: `the header "Content-Length: -1"`},
		{c: headers, text: "Content-Length: 99999999999999999999\r\n\r\n", want: "", err: "the header"},
		{c: headers, text: strings.Repeat("X: y\r\n", 2000), want: "", err: "a header of more than 8192 bytes"},
		{c: headers, text: "X: " + strings.Repeat("y", 9000), want: "", err: "a header of more than 8192 bytes"},
	} {
		for _, size := range []int{1, 2, 3, 7, 1 << 20} {
			all, rest, err := frames(test.c, test.text, size)
			if err != nil {
				rest = "" // as much as there was by then
			}
			if got := strings.Join(append(all, rest), "|"); got != test.want {
				t.Errorf("%.40q by %d: %q", test.text, size, got)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%.40q by %d: %v, want %s", test.text, size, err, test.err)
			}
		}
	}
}

// However the bytes come, the frames are the same, and nothing is added or lost.
func FuzzCut(f *testing.F) {
	f.Add(uint8(Lines), byte('\n'), uint16(3), "a\nbc\n\nd")
	f.Add(uint8(ContentLength), byte(0), uint16(5), "Content-Length: 3\r\n\r\nabcContent-Length: 0\r\n\r\n")
	f.Add(uint8(ContentLength), byte(0), uint16(1), "Content-Type: x\nContent-Length: 1\n\na\n")
	f.Fuzz(func(t *testing.T, mode uint8, delimiter byte, size uint16, text string) {
		c := newCutter(&Settings{Mode: Mode(mode % 4), Delimiter: delimiter, MaxMessage: 100})
		whole, rest, err := frames(c, text, len(text)+1)
		pieces, restPieces, errPieces := frames(c, text, int(size)%64+1)
		if fmt.Sprint(whole) != fmt.Sprint(pieces) || (err == nil) != (errPieces == nil) {
			t.Fatalf("%q, %v by %d: %q, %v", whole, err, size, pieces, errPieces)
		}
		if err == nil && (strings.Join(whole, "")+rest != text || rest != restPieces) {
			t.Fatalf("%q: %q and %q", text, whole, rest)
		}
	})
}

func TestContent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode       Mode
		text, want string
	}{
		{JSONRPC, "{}\n", "{}"},
		{JSONRPC, "\n", ""},
		{ContentLength, "Content-Length: 2\r\n\r\n{}", "{}"},
	} {
		c := newCutter(&Settings{Mode: test.mode, MaxMessage: 100})
		n, err := c.cut([]byte(test.text))
		if got := c.content([]byte(test.text)[:n]); err != nil || !bytes.Equal(got, []byte(test.want)) {
			t.Errorf("%q: %q, %v", test.text, got, err)
		}
	}
}
