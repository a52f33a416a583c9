package clitest

import (
	"bufio"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/clients"
	"relance/internal/need"
)

// The line of the README for a FastCGI program, behind nginx: it serves on and on. By
// itself php-cgi ends after 500 requests, with status 0.
func TestREADMEFastCGI(t *testing.T) {
	t.Parallel()
	need.Program(t, "php-cgi", "php-cgi")
	readme, err := os.ReadFile(rooted(t, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(readme), "\n    relance --listen unix:/run/app.sock,")
	line, _, _ = strings.Cut(line, "\n")
	_, rest, found := strings.Cut(line, " ")
	if !found || !strings.Contains(rest, "--listen-as stdin") {
		t.Fatalf("the line is %q", line)
	}
	s := newSite(t)
	front(t, s, "unix:"+s.file("fcgi"))
	r := start(t, append([]string{relance(), "--listen", "unix:" + s.file("fcgi") + ",mode=0666"}, strings.Fields(rest)...)...)
	r.errs.want(t, "gen 1: next recycle by the clock")
	exchange := clients.HTTP("/", "ok")
	eventually(t, "nginx serves", func() bool {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			return false
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		_, err = exchange(c, bufio.NewReader(c), false)
		return c.Close() == nil && err == nil
	})
	load := clients.Start(clients.Target{Network: "tcp", Address: s.address, Clients: 2, KeepAlive: true, Patience: patience, Exchange: exchange})
	defer load.Stop()
	if !load.More(600, patience) {
		t.Errorf("it does not answer: %v %q", load.Now(), load.Now().Errors)
	}
	if result := load.Stop(); result.Failed() > 0 {
		t.Errorf("%v %q", result, result.Errors)
	}
	r.signal(unix.SIGTERM)
	<-r.done
}
