package clitest

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/report"
	"relance/restart"
)

// TestRestartBesideAnother: the next generation is the one that was started after the order,
// and not one that came up meanwhile for another reason.
func TestRestartBesideAnother(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ordered := make(chan struct{})
	pages := http.NewServeMux()
	pages.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"workers":[{"generation":1,"state":"up"}]}`)
	})
	pages.HandleFunc("POST /v1/restart", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"asked":"restart","by":"somebody","pid":1,"seq":2}`)
		close(ordered)
	})
	pages.HandleFunc("GET /v1/events", func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-ordered
		for i, e := range []report.Event{
			{Kind: string(restart.Reduced), Worker: 7, Generation: 1, Msg: "gen 1: given up"}, {Kind: string(restart.Begun), Generation: 2},
			{Kind: string(restart.Up), Generation: 2, Msg: "gen 2: up"}, {Kind: string(restart.Begun), Generation: 3},
			{Kind: string(restart.Up), Generation: 3, Msg: "gen 3: up"}, {Kind: string(restart.Up), Generation: 4, Msg: "gen 4: up"},
		} {
			e.Seq = uint64(i + 1)
			fmt.Fprintln(w, e.JSON())
		}
	})
	server := http.Server{Handler: pages}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	got := run(t, relance(), "restart", path)
	if got.status != 0 || got.stderr != "" || strings.Contains(got.out, "gen 1") || !strings.HasSuffix(got.out, " gen 2: up\n"+lastLine(got.out)) ||
		!strings.HasSuffix(got.out, " gen 3: up\n") {
		t.Errorf("%+v", got)
	}
}

// TestWatchTheBusy: who is watched and cannot answer for once is asked again. Who cannot at
// first is not.
func TestWatchTheBusy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var generation atomic.Int64 // zero: it is busy
	generation.Store(1)
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := generation.Load()
		if n == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"error":"it is busy","cure":"try again"}`)
			return
		}
		fmt.Fprintf(w, `{"workers":[{"generation":%d,"state":"up"}]}`, n)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	w := start(t, relance(), "status", path, "--watch", "--interval", "100ms")
	w.out.want(t, "^gen 1: up")
	generation.Store(0)
	w.errs.want(t, "^relance: error: status: no news: it is busy$")
	if got := run(t, relance(), "status", path); got.status != 125 || got.stderr != "relance: error: status: it is busy\nrelance: hint: try again\n" {
		t.Errorf("%+v", got)
	}
	generation.Store(7)
	w.out.want(t, "^gen 7: up")
	_ = server.Close()
	w.wantEnd(125)
}

// lastLine is the last line of text, with its end.
func lastLine(text string) string {
	return text[strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1:]
}

// TestStatusUnderNohup: a signal that was ignored when it was started does not end a watch.
// The control: one that was not does.
func TestStatusUnderNohup(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.begin(append([]string{"--name", "x", "--every", "1h"}, sleeper...)...)
	cmd := d.command("status", d.path("x"), "--watch", "--interval", "100ms")
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `trap "" HUP; exec "$@"`, "sh"}, append([]string{relance()}, cmd.Args[1:]...)...)
	w := startCmd(t, cmd)
	w.out.want(t, "^gen 1: up for ")
	w.signal(syscall.SIGHUP)
	for range 3 { // one may have been on its way
		w.out.want(t, "^gen 1: up for ")
	}
	w.signal(syscall.SIGTERM)
	w.wantEnd(-int(unix.SIGTERM))
	r.signal(syscall.SIGTERM)
	r.wantEnd(128 + 15)
}
