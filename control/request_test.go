package control

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		text   string
		want   request
		status int // of the refusal
	}{
		{"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", request{want: wantStatus}, 0},
		{"GET /v1/status HTTP/1.0\r\n\r\n", request{want: wantStatus}, 0},
		{"GET http://localhost/v1/ps HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", request{want: wantMembers}, 0},
		{"GET /v1/events?follow=1&since=7 HTTP/1.1\r\nHost: x\r\n\r\n", request{want: wantEvents, follow: true, asked: true, since: 7}, 0},
		{"GET /v1/events?follow=false HTTP/1.1\nHost: x\n\n", request{want: wantEvents}, 0},
		{"POST /v1/restart HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", request{want: wantRestart}, 0},
		{"POST /v1/stop HTTP/1.1\r\nHost: x\r\n\r\n", request{want: wantStop}, 0},

		{"GET /v1/stop HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 405},
		{"HEAD /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 405},
		{"POST /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 405},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 404},
		{"POST /v1/stop/ HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 404},
		{"POST //v1/stop HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 404},
		{"POST /v1/../v1/stop HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 404},
		{"POST /v1/stop?now=1 HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 400},
		{"GET /v1/status?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 400},
		{"GET /v1/events?follow=yes HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 400},
		{"GET /v1/events?since=-1 HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 400},
		{"GET /v1/events?since=%zz HTTP/1.1\r\nHost: x\r\n\r\n", request{}, 400},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", request{}, 505},
		{"GET /v1/status\r\n\r\n", request{}, 400},
		{"hello\r\n\r\n", request{}, 400},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", request{}, 400},
		{"POST /v1/stop HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", request{}, 400},
		{"POST /v1/stop HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: strange\r\n\r\n", request{}, 400},
		{"POST /v1/stop HTTP/1.1\r\nHost", request{}, 400},
		{"GET /v1/status HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n", request{}, 431},
		{strings.Repeat("x", 10*maxHeader), request{}, 431},
	} {
		got, err := read(strings.NewReader(c.text))
		var refused *refusal
		switch {
		case c.status == 0 && (err != nil || got != c.want):
			t.Errorf("%q: %+v, %v", c.text, got, err)
		case c.status != 0 && (!errors.As(err, &refused) || refused.status != c.status || refused.cure == ""):
			t.Errorf("%.60q: %+v, %+v; want %d", c.text, got, err, c.status)
		}
	}
	if _, err := read(strings.NewReader("")); !errors.Is(err, io.EOF) {
		t.Errorf("nothing: %v", err)
	}
}

// TestReadLate: who is too slow is told so, wherever in the request it stands.
func TestReadLate(t *testing.T) {
	for _, text := range []string{"", "GET /v1/sta", "GET /v1/status HTTP/1.1\r\n", "GET /v1/status HTTP/1.1\r\nHo"} {
		_, err := read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(os.ErrDeadlineExceeded)))
		if refused := (*refusal)(nil); !errors.As(err, &refused) || refused.status != http.StatusRequestTimeout {
			t.Errorf("%q: %+v", text, err)
		}
	}
}

// FuzzRead: whatever somebody sends, an order is one only as it is meant to be spelt, and
// else the answer is HTTP with an error in JSON.
func FuzzRead(f *testing.F) {
	f.Add([]byte("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("POST /v1/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
	f.Add([]byte("GET /v1/events?follow=1&since=18446744073709551615 HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("POST /v1/restart HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	f.Add([]byte("GET /v1/\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		from := bytes.NewReader(text)
		got, err := read(from)
		if taken := len(text) - from.Len(); taken > maxHeader {
			t.Errorf("took %d bytes", taken)
		}
		if err == nil {
			line, _, _ := bytes.Cut(text, []byte("\n"))
			if order := got.want == wantRestart || got.want == wantStop; order && !bytes.HasPrefix(bytes.TrimLeft(line, "\r\n"), []byte("POST ")) {
				t.Errorf("%q is an order", text)
			}
			return
		}
		var refused *refusal
		if !errors.As(err, &refused) {
			if len(text) > 0 {
				t.Errorf("%q gets no answer: %v", text, err)
			}
			return
		}
		var out bytes.Buffer
		refuse(&out, refused)
		checkComplaint(t, out.Bytes(), refused.status)
	})
}

func checkComplaint(t *testing.T, answer []byte, status int) {
	t.Helper()
	response, err := http.ReadResponse(newReader(answer), nil)
	if err != nil {
		t.Fatalf("%q: %v", answer, err)
	}
	body, err := io.ReadAll(response.Body)
	var said Complaint
	if err != nil || response.StatusCode != status || json.Unmarshal(body, &said) != nil || said.Msg == "" || said.Cure == "" {
		t.Errorf("%q: %v", answer, err)
	}
	if shown := Clean(said.Msg); shown != said.Msg {
		t.Errorf("%q cannot be shown", said.Msg)
	}
}

func newReader(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }
