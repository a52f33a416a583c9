package control

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxHeader bounds a request: its line and its headers. There is no body.
const maxHeader = 4096

// headerTime bounds how long one may take.
const headerTime = 5 * time.Second

// want is what a request asks for.
type want uint8

const (
	wantStatus want = iota
	wantEvents
	wantMembers
	wantRestart
	wantStop
)

// request is one that was understood.
type request struct {
	want want
	// follow says that events to come are wanted too, since that only those after this
	// number are; asked says that a number was given.
	follow, asked bool
	since         uint64
}

// refusal is the answer to a request that gets nothing else.
type refusal struct {
	status int
	// msg says what is wrong, cure what to do about it.
	msg, cure string
	// allow is the method that there is; empty: it is another matter.
	allow string
}

func (r *refusal) Error() string { return r.msg }

// pages are all that there is.
var pages = map[string]struct {
	method string
	want   want
}{
	"/v1/status":  {http.MethodGet, wantStatus},
	"/v1/events":  {http.MethodGet, wantEvents},
	"/v1/ps":      {http.MethodGet, wantMembers},
	"/v1/restart": {http.MethodPost, wantRestart},
	"/v1/stop":    {http.MethodPost, wantStop},
}

const pagesCure = "GET /v1/status, /v1/events or /v1/ps; POST /v1/restart or /v1/stop"

// read reads a request. A refusal is for whoever sent it; any other error is of a
// connection on which nothing more can be said.
func read(from io.Reader) (request, error) {
	clock := &lateness{Reader: from}
	in := &io.LimitedReader{R: clock, N: maxHeader}
	r, err := http.ReadRequest(bufio.NewReaderSize(in, maxHeader))
	switch {
	case err == nil:
		return understand(r)
	case in.N <= 0:
		return request{}, &refusal{
			status: http.StatusRequestHeaderFieldsTooLarge,
			msg:    "the request has more than " + strconv.Itoa(maxHeader) + " bytes", cure: "leave headers out",
		}
	case clock.late:
		return request{}, &refusal{
			status: http.StatusRequestTimeout,
			msg:    "the request did not come within " + headerTime.String(), cure: "send it at once",
		}
	case in.N == maxHeader:
		return request{}, err // closed, or nothing came
	}
	return request{}, &refusal{status: http.StatusBadRequest, msg: "this is not HTTP/1.1: " + err.Error(), cure: pagesCure}
}

// lateness remembers that the time was over: half a line that came before is read as a
// whole one, and net/http then says only what is wrong with that.
type lateness struct {
	io.Reader
	late bool
}

func (l *lateness) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	var timeout interface{ Timeout() bool }
	l.late = l.late || errors.As(err, &timeout) && timeout.Timeout()
	return n, err
}

// understand says what r asks for.
func understand(r *http.Request) (request, error) {
	page, found := pages[r.URL.Path]
	switch {
	case r.ProtoMajor != 1:
		return request{}, &refusal{status: http.StatusHTTPVersionNotSupported, msg: "HTTP " + strconv.Itoa(r.ProtoMajor) + " is not spoken here", cure: "use HTTP/1.1"}
	case !found:
		return request{}, &refusal{status: http.StatusNotFound, msg: "there is no " + strconv.Quote(r.URL.Path), cure: pagesCure}
	case r.Method != page.method:
		return request{}, &refusal{
			status: http.StatusMethodNotAllowed,
			msg:    strconv.Quote(r.Method) + " is not for " + r.URL.Path, cure: "use " + page.method, allow: page.method,
		}
	}
	asked := request{want: page.want}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return request{}, badQuery("the query cannot be read: " + err.Error())
	}
	for key, values := range query {
		if err := asked.set(key, values[len(values)-1]); err != nil {
			return request{}, err
		}
	}
	return asked, nil
}

func badQuery(msg string) *refusal {
	return &refusal{status: http.StatusBadRequest, msg: msg, cure: "/v1/events takes follow=1 and since=NUMBER, the others nothing"}
}

// set takes one word of the query.
func (asked *request) set(key, value string) error {
	switch {
	case asked.want == wantEvents && key == "follow":
		follow, err := strconv.ParseBool(value)
		if err != nil {
			return badQuery("follow=" + strconv.Quote(value) + ": use 1 or 0")
		}
		asked.follow = follow
	case asked.want == wantEvents && key == "since":
		since, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return badQuery("since=" + strconv.Quote(value) + ": use the number of an event")
		}
		asked.since, asked.asked = since, true
	default:
		return badQuery(strconv.Quote(key) + " is not known here")
	}
	return nil
}
