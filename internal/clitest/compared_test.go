package clitest

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/clients"
	"relance/internal/misbehave/misbehavetest"
	"relance/internal/need"
)

// The same server, which needs 100 ms to start and 5 ms for a request, restarted as
// often in three ways: stopped and started, on a socket that relance holds, and by
// Server::Starter, which starts the next one first and waits a second for it. Nothing
// is lost where the socket is held; the control loses, or the clients see nothing.
func TestHeldCompared(t *testing.T) {
	server := func(t *testing.T, more ...string) []string {
		return append([]string{misbehavetest.Held(t), "-start", "100ms", "-work", "5ms"}, more...)
	}
	restarts := min(recyclesUnderLoad(t), 20)
	held := map[string]clients.Result{}
	for _, way := range []struct {
		name  string
		words func(t *testing.T, address string) []string
		sig   unix.Signal
		// again is a line that comes with each restart.
		again string
	}{
		{"stopped and started", func(t *testing.T, address string) []string {
			return append([]string{relance(), "--restart-signal", "USR1", "--"}, server(t, "-bind", address)...)
		}, unix.SIGUSR1, `^relance: gen \d+: up`},
		{"held", func(t *testing.T, address string) []string {
			return append([]string{relance(), "--restart-signal", "USR1", "--listen", address, "--"}, server(t)...)
		}, unix.SIGUSR1, `^relance: gen \d+: up`},
		{"Server::Starter", func(t *testing.T, address string) []string {
			starter := need.Program(t, "start_server", "libserver-starter-perl")
			return append([]string{starter, "--port", address, "--"}, server(t)...)
		}, unix.SIGHUP, `^old worker \d+ died, status:0`},
	} {
		t.Run(way.name, func(t *testing.T) {
			s := newSite(t)
			cmd := exec.Command(way.words(t, s.address)[0], way.words(t, s.address)[1:]...)
			cmd.Env = os.Environ()
			r := startCmd(t, cmd)
			r.out.want(t, "^ready$")
			load := clients.Start(clients.Target{Network: "tcp", Address: s.address, Clients: heldClients(), Patience: patience, Exchange: clients.HTTP("/", "ok")})
			defer load.Stop()
			begin := time.Now()
			for range restarts {
				if !load.More(10*heldClients(), patience) {
					t.Fatalf("no answers: %v", load.Now())
				}
				r.signal(way.sig)
				r.errs.want(t, way.again)
			}
			load.More(heldClients(), patience)
			result := load.Stop()
			held[way.name] = result
			t.Logf("%d restarts in %v: %v", restarts, time.Since(begin).Round(time.Millisecond), result)
			r.signal(unix.SIGTERM)
			<-r.done
		})
	}
	if r := held["held"]; r.Failed() > 0 {
		t.Errorf("held: %v %q", r, r.Errors)
	}
	if r := held["stopped and started"]; r.Refused == 0 {
		t.Errorf("the control has lost nothing: %v", r)
	}
}
