package requests

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"relance/internal/need"
)

// load begins and ends requests, as many as LOAD says, each with a name or none.
func load() int {
	n, _ := strconv.Atoi(os.Getenv("LOAD"))
	conn, err := net.Dial("unix", os.Getenv("RELANCE_SOCKET"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	replies := make(chan string, 1)
	go func() {
		in, got, last := bufio.NewScanner(conn), 0, ""
		for got < 2*n && in.Scan() {
			switch last = in.Text(); {
			case strings.HasPrefix(last, "ok "):
				got++
			case last != "relance 1":
				got = 2 * n
			}
		}
		replies <- last
	}()
	out := bufio.NewWriterSize(conn, 8192)
	for i := range n {
		if i%2 == 0 {
			fmt.Fprintf(out, "begin %d\nend %d\n", i, i)
		} else {
			fmt.Fprint(out, "begin\nend\n")
		}
	}
	if err := out.Flush(); err != nil {
		fmt.Println(err)
		return 1
	}
	if last := <-replies; !strings.HasPrefix(last, "ok ") {
		fmt.Println(last)
		return 1
	}
	return 0
}

// TestLoad: many processes at once, and not one request too many or too few.
func TestLoad(t *testing.T) {
	processes, each := 32, need.Much(2000, 200_000)
	b := start(t)
	all := int64(processes * each)
	b.counter.Until(all)
	var cmds []*exec.Cmd
	for range processes {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), helperEnv+"=load", fmt.Sprint("LOAD=", each), "RELANCE_SOCKET="+b.env["RELANCE_SOCKET"])
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	stop, least := make(chan struct{}), make(chan int64)
	go func() {
		lowest := int64(0)
		for {
			_, inFlight := b.counter.Read()
			lowest = min(lowest, inFlight)
			select {
			case <-stop:
				least <- lowest
				return
			default:
			}
		}
	}()
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	if n := <-least; n < 0 {
		t.Errorf("%d in flight", n)
	}
	b.figures(all, 0)
	if n := told(b.counter); n != 1 {
		t.Errorf("told %d times", n)
	}
	if b.heard() != "" {
		t.Errorf("said %s", b.heard())
	}
}

// TestSystemdNotify: the program of systemd works unchanged.
func TestSystemdNotify(t *testing.T) {
	need.Program(t, "systemd-notify", "systemd")
	b := start(t)
	for _, words := range [][]string{{"--ready", "--status=all is well"}, {"X_RELANCE_REQUESTS=5"}, {"X_RELANCE_BEGIN=a"}} {
		cmd := exec.Command("systemd-notify", words...)
		cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+b.env["NOTIFY_SOCKET"])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("systemd-notify %q: %v: %s", words, err, out)
		}
	}
	b.figures(5, 1)
	if ready, status := b.next(), b.next(); ready.Kind != Ready || status.Text != "all is well" {
		t.Errorf("%+v, %+v", ready, status)
	}
	if s := b.heard(); s != "" {
		t.Errorf("said: %s", s)
	}
}
