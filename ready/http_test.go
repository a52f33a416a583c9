package ready

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestStatus: which answers count, and that nothing is followed.
func TestStatus(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &status); err != nil {
			t.Errorf("asked for %s", r.URL)
		}
		if r.Method != http.MethodGet || r.Header.Get("User-Agent") != "relance" || r.Header.Get("Connection") != "" {
			t.Errorf("asked by %s with %v", r.Method, r.Header)
		}
		w.Header().Set("Location", "/500")
		w.WriteHeader(status)
	}))
	defer server.Close()
	for _, c := range []struct {
		status int
		ready  bool
	}{
		{200, true}, {204, true}, {299, true}, {301, true}, {302, true}, {304, true}, {399, true},
		{400, false}, {401, false}, {404, false}, {500, false}, {503, false},
	} {
		o := open(t, fmt.Sprintf("%s/%d", server.URL, c.status))
		o.begin(1)
		o.want(1, c.ready, fmt.Sprintf("HTTP %d", c.status))
	}
}

// TestTLS: a certificate that nobody has signed will do.
func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	defer server.Close()
	server.Config.ErrorLog = nil
	o := open(t, server.URL+"/")
	o.begin(1)
	o.want(1, true, "HTTP 204")
	at := serve(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { _, _ = conn.Write([]byte("SSH-2.0-x\r\n")) })
	plain := open(t, "https://"+at+"/")
	plain.begin(1)
	plain.want(1, false, "TLS: first record does not look like a TLS handshake")
}

func TestHTTPOverUnix(t *testing.T) {
	path := t.TempDir() + "/s"
	serve(t, "unix", path, func(conn net.Conn) {
		var b [4096]byte
		n, _ := conn.Read(b[:])
		want := "GET /ok?a=b HTTP/1.1\r\nHost: localhost\r\nUser-Agent: relance\r\nAccept: */*\r\n\r\n"
		if string(b[:n]) != want {
			t.Errorf("%q, want %q", b[:n], want)
		}
		_, _ = conn.Write([]byte("HTTP/1.0 200 OK\r\n\r\n"))
	})
	o := open(t, "http://unix:"+path+":/ok?a=b")
	o.begin(1)
	o.want(1, true, "HTTP 200")
}

// TestHostileHTTP: whatever comes, a try ends with one short line.
func TestHostileHTTP(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	// until writes text again and again until nobody reads.
	until := func(conn net.Conn, first, text string) {
		_, err := conn.Write([]byte(first))
		for err == nil {
			_, err = conn.Write([]byte(text))
		}
	}
	// held says something and then nothing more.
	held := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = conn.Write([]byte(text))
			var b [4096]byte
			for err := error(nil); err == nil; {
				_, err = conn.Read(b[:])
			}
		}
	}
	said := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			var b [4096]byte
			_, _ = conn.Read(b[:])
			_, _ = conn.Write([]byte(text))
		}
	}
	const silent = "HTTP: no answer within 1s"
	for _, c := range []struct {
		name  string
		f     func(net.Conn)
		ready bool
		why   string
	}{
		{"accepts and is silent", held(""), false, silent},
		{"nobody accepts", nil, false, silent},
		{"half a status", held("HTTP/1.1 2"), false, silent},
		{"half a header", held(ok + "X: y"), false, silent},
		{"half an interim answer", held("HTTP/1.1 100 Continue\r\n"), false, silent},
		{"closes", func(net.Conn) {}, false, ""},
		{"closes after the request", said(""), false, "HTTP: the connection was closed without an answer"},
		{"closes in the header", said(ok + "X: y"), false, "HTTP: the connection was closed without an answer"},
		{"endless header", func(c net.Conn) { until(c, ok, "X: y\r\n") }, false, "HTTP: no answer in 65536 bytes"},
		{"endless line", func(c net.Conn) { until(c, ok, "xxxxxxxxxxxxxxxx") }, false, "HTTP: no answer in 65536 bytes"},
		{"endless interim answers", func(c net.Conn) { until(c, "", "HTTP/1.1 103 Early Hints\r\n\r\n") }, false, "HTTP: no answer in 65536 bytes"},
		{"endless body", func(c net.Conn) { until(c, ok+"\r\n", "xxxxxxxxxxxxxxxx") }, true, "HTTP 200"},
		{"a body that does not come", held(ok + "Content-Length: 9\r\n\r\n"), true, "HTTP 200"},
		{"a large body that is promised", said(ok + "Content-Length: 9000000000000\r\n\r\nx"), true, "HTTP 200"},
		{"broken chunks", said(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), true, "HTTP 200"},
		{"interim answers", said("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 No\r\n\r\n"), false, "HTTP 503"},
		{"another protocol", said("HTTP/1.1 101 Switching Protocols\r\n\r\n"), false, "HTTP 101"},
		{"two answers", said(ok + "Content-Length: 0\r\n\r\n" + ok + "\r\n"), true, "HTTP 200"},
		{"garbage", said("\x00\x01\x1b[31m\r\n\r\n"), false, `HTTP: malformed HTTP response "\x00\x01\x1b[31m"`},
		{"no number", said("HTTP/1.1 OK\r\n\r\n"), false, `HTTP: malformed HTTP status code "OK"`},
		{"a status of two digits", said("HTTP/1.1 20 OK\r\n\r\n"), false, `HTTP: malformed HTTP status code "20"`},
		{"a status beyond", said("HTTP/1.1 999 OK\r\n\r\n"), false, "HTTP 999"},
		{"an SSH server", said("SSH-2.0-OpenSSH_9.9\r\n"), false, `HTTP: malformed HTTP response "SSH-2.0-OpenSSH_9.9"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := open(t, "http://"+serve(t, "tcp", "127.0.0.1:0", c.f)+"/")
			if c.why == silent {
				o.tryTime = tryTime
			}
			o.begin(1)
			if c.why != "" {
				o.want(1, c.ready, c.why)
				return
			}
			o.Ask(1)
			if r := o.next(); r.Ready || !strings.HasPrefix(r.Why, "HTTP: ") {
				t.Errorf("%+v", r)
			}
		})
	}
	t.Run("a TLS server that is silent", func(t *testing.T) {
		t.Parallel()
		o := open(t, "https://"+serve(t, "tcp", "127.0.0.1:0", held(""))+"/")
		o.tryTime = tryTime
		o.begin(1)
		o.want(1, false, "TLS: no answer within 1s")
	})
}
