package ready

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// timeWait counts the connections that keep the port of a server for a while after
// their end: state 06 of /proc/net/tcp (proc_pid_net(5)).
func timeWait(t *testing.T, address string) (n int) {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for row := range strings.Lines(string(text)) {
		f := strings.Fields(row)
		if len(f) > 3 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) && f[3] == "06" {
			n++
		}
	}
	return n
}

// TestPortFree: a try leaves nothing behind at the port of the server, where one that
// says "Connection: close" does.
func TestPortFree(t *testing.T) {
	closed := make(chan bool, 16)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- true
		}
	}
	server.Start()
	defer server.Close()
	at := server.Listener.Addr().String()
	page, plain := open(t, server.URL+"/"), open(t, "tcp:"+at)
	page.begin(1)
	page.want(1, true, "HTTP 204")
	<-closed
	plain.begin(1)
	plain.want(1, true, "connected to "+at)
	<-closed
	if n := timeWait(t, at); n != 0 {
		t.Errorf("%d connections keep the port", n)
	}

	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil { // until the server has closed it
		t.Fatal(err)
	}
	conn.Close()
	for began := time.Now(); timeWait(t, at) == 0; {
		if time.Since(began) > patience {
			t.Fatal("the server has closed a connection first, and it does not keep the port")
		}
	}
}
