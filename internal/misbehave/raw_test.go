package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"relance/internal/misbehave/misbehavetest"
)

// TestRawStatus gives the program things that the Go runtime would have changed or hidden.
func TestRawStatus(t *testing.T) {
	const prepare = `trap "" USR1; umask 027; ulimit -S -n 77; cd /; exec 0<&- 5</dev/null; exec "$@"`
	raw := misbehavetest.Raw(t)
	cmd := exec.Command("/bin/sh", "-c", prepare, "sh", raw, "status", "a\n\"b")
	cmd.Env = []string{"A=1", "B=\t"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`status "Umask:\t0027"`,
		`status "SigBlk:\t0000000000000000"`,
		`status "SigCgt:\t0000000000000000"`,
		`fd "5 -> /dev/null flags=`,
		`env "A=1"`,
		`env "B=\t"`,
		`cwd "/"`,
		`arg "status"`,
		`arg "a\n\"b"`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if strings.Contains(string(out), `fd "0 `) {
		t.Errorf("descriptor 0 was closed, and is in\n%s", out)
	}
	fields := map[string]string{"SigIgn:": "0200", "Max open files": "77"} // bit 10-1 is USR1
	for _, line := range strings.Split(string(out), "\n") {
		for key, want := range fields {
			if strings.Contains(line, key) && strings.Contains(line, want) {
				delete(fields, key)
			}
		}
	}
	if len(fields) > 0 {
		t.Errorf("no %v in\n%s", fields, out)
	}
}

func TestRawPrintSignals(t *testing.T) {
	c := start(t, misbehavetest.Raw(t), "print-signals")
	c.wantReady()
	for _, s := range []syscall.Signal{37, 37, 37, syscall.SIGURG, syscall.SIGPROF} {
		c.signal(s)
	}
	from := fmt.Sprintf("code=0 from=%d", os.Getpid())
	// Signals that wait together are taken in the order of their numbers, so the order is not certain.
	seen := map[string]int{}
	for range 5 {
		line, _ := c.out.ReadString('\n')
		number, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if seen[number]++; rest != from {
			t.Errorf("line %q, want %s", line, from)
		}
	}
	if seen["37"] != 3 || seen["23"] != 1 || seen["27"] != 1 {
		t.Errorf("seen %v, want 37 three times, 23 and 27", seen)
	}
	c.signal(syscall.SIGTERM)
	c.wantLine("15 " + from)
	c.wantEnd("exit status 0")
}
