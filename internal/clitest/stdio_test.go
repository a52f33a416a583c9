package clitest

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// carried is a command whose requests and answers relance carries; the test is
// the other side, of both pipes.
type carried struct {
	*running
	in      *os.File
	out     *os.File
	answers *bufio.Reader
}

// deep is how many requests are on their way at once.
const deep = 64

// lineEcho answers each line with itself behind an a. It reads no further than
// the line that it answers.
var lineEcho = []string{"sed", "-u", "s/^/a/"}

// carry starts relance with these flags around a command.
func carry(t *testing.T, flags []string, command ...string) *carried {
	t.Helper()
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	cmd := exec.Command(relance(), append(append(slices.Clone(flags), "--"), command...)...)
	cmd.Stdin, cmd.Stdout = inR, outW
	t.Cleanup(func() { inW.Close(); outR.Close() })
	c := &carried{startCmd(t, cmd), inW, outR, bufio.NewReaderSize(outR, 64<<10)}
	inR.Close()
	outW.Close()
	return c
}

// requestsAsked is how much is asked of how many generations.
func requestsAsked() (total, generations int) {
	return need.Much(20_000, 1_000_000), need.Much(20, 1000)
}

// talk asks numbered requests, so many at once, closes the pipe, and checks that
// each has its answer, in order, and that nothing follows. It returns which were
// answered as lost; after, which may be nil, is told of each answer.
func (c *carried) talk(total int, after func(i int)) (lost []int) {
	c.t.Helper()
	going := make(chan struct{}, deep)
	go func() {
		w := bufio.NewWriterSize(c.in, 64<<10)
		for i := range total {
			select {
			case going <- struct{}{}:
			default:
				w.Flush()
				going <- struct{}{}
			}
			fmt.Fprintf(w, "%d\n", i)
		}
		w.Flush()
		c.in.Close()
	}()
	defer c.watchdog()()
	for i := range total {
		text, err := c.answers.ReadString('\n')
		switch {
		case text == "LOST\n":
			lost = append(lost, i)
		case text != fmt.Sprintf("a%d\n", i):
			c.t.Fatalf("got %q, %v in place of the answer to %d", text, err, i)
		}
		<-going
		if after != nil {
			after(i)
		}
	}
	if text, err := c.answers.ReadString('\n'); text != "" {
		c.t.Errorf("%q, %v after all was answered", text, err)
	}
	return lost
}

// watchdog kills relance if the test has not come to its end after a long time, so
// that who waits for an answer sees the end of the pipe.
func (c *carried) watchdog() (stop func() bool) {
	return time.AfterFunc(10*patience, func() { _ = c.cmd.Process.Kill() }).Stop
}

// served are the figures of the generations that relance has recycled.
func (c *carried) served(pattern string) [][]string {
	return regexp.MustCompile(`(?m)^relance: gen \d+: `+pattern).FindAllStringSubmatch(c.errs.all(), -1)
}

// The main promise: so many requests through so many generations, pipelined; each
// has its answer, in order, and each generation served exactly its share.
func TestStdioLines(t *testing.T) {
	t.Parallel()
	total, generations := requestsAsked()
	each := total / generations
	began := time.Now()
	c := carry(t, []string{"--stdio", "lines", "--lost-reply", "LOST", "--max-requests", fmt.Sprint(each)}, lineEcho...)
	if lost := c.talk(total, nil); len(lost) > 0 {
		t.Errorf("lost: %v", lost)
	}
	c.wantEnd(0)
	c.errs.wantClosed(t)
	shares := c.served(`requests: (\d+) of \d+ served .*; stopping`)
	// The last one may have been spent just when all was done.
	if n := len(shares); n < generations-1 || n > generations {
		t.Errorf("%d recycles, want %d", n, generations)
	}
	for _, share := range shares {
		if share[1] != fmt.Sprint(each) {
			t.Errorf("%s, want %d", share[0], each)
		}
	}
	t.Logf("%d requests, %d recycles, in %v", total, len(shares), time.Since(began))
}

// The command is killed at random moments, recycles among them: each request still
// has one answer, and with replay a true one.
func TestStdioKilled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, onLost string
		// least is how many answers are between two kills: with replay more than are in
		// flight, so that none is asked a third time.
		least   int
		command func(t *testing.T) []string
	}{
		{"one by one", "error", 0, func(*testing.T) []string { return lineEcho }},
		{"one by one, replay", "replay", 2 * deep, func(*testing.T) []string { return lineEcho }},
		{"greedy", "error", 0, func(t *testing.T) []string { return []string{misbehave(t), "--quiet", "echo"} }},
		{"greedy, replay", "replay", 2 * deep, func(t *testing.T) []string { return []string{misbehave(t), "--quiet", "echo"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			total, kills := requestsAsked()
			total, kills = total/2, kills/2
			began := time.Now()
			c := carry(t, []string{
				"--stdio", "lines", "--on-lost", test.onLost, "--lost-reply", "LOST", "--max-requests", "700",
				"--restart", "always", "--backoff", "1ms..1ms",
			}, test.command(t)...)
			random := rand.New(rand.NewPCG(5, uint64(test.least)))
			pause := func() int { return test.least + random.IntN(2*total/kills-test.least) }
			next := pause()
			killed := 0
			lost := c.talk(total, func(i int) {
				if i != next {
					return
				}
				if c.killChild() {
					killed++
				}
				next += 1 + pause()
			})
			// The last may have been killed while it was leaving.
			<-c.done
			c.errs.wantClosed(t)
			said := 0
			for _, m := range c.served(`signal: KILL after .*?(?:, (\d+) requests? lost)?[;\n]`) {
				n := 0
				fmt.Sscan(m[1], &n)
				said += n
			}
			t.Logf("%d requests, %d kills, %d lost, %d said to be, in %v", total, killed, len(lost), said, time.Since(began))
			if killed < kills/2 {
				t.Errorf("%d kills, want %d", killed, kills)
			}
			if test.onLost == "replay" && len(lost) > 0 || test.onLost == "error" && len(lost) != said {
				t.Errorf("%d lost, %d said to be lost: %v", len(lost), said, lost)
			}
		})
	}
}

// killChild kills the child of relance, whatever it is just doing.
func (c *carried) killChild() bool {
	for _, pid := range childrenOf(c.t, c.pid) {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		// Still its child, so the descriptor is not that of somebody else who got the pid.
		sure := slices.Contains(childrenOf(c.t, c.pid), pid)
		if sure {
			err = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		}
		unix.Close(fd)
		if sure && err == nil {
			return true
		}
	}
	return false
}
