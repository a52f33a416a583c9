package stdio

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/requests"
)

// A generation ends, requests wait, the next one goes on.
func TestGenerations(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Error))
	r.shell(echo)
	r.End(7) // which there is not
	r.send("1\n2\n")
	r.expect("a1\na2\n")
	r.Drain()
	r.send("3\n\n4\n") // waits
	r.counted()
	r.CloseInput()
	if n := r.end(); n.Lost != 0 || n.Owed != 0 || n.Gen != 1 {
		t.Errorf("%+v", n)
	}
	r.shell(echo)
	r.expect("a3\na\na4\n")
	eventually(t, "3 served, none in flight", func() bool {
		served, inFlight := r.count.Read()
		return served == 3 && inFlight == 0
	})
	r.send("5")
	r.in.Close()
	if n := r.wait(requests.InputEnded); n.Gen != 2 {
		t.Errorf("%+v", n)
	}
	// sed leaves the last line as it is, without a newline.
	if n := r.end(); n.Lost != 0 || n.Owed != 0 {
		t.Errorf("%+v", n)
	}
	r.close()
	if got, _ := r.answers.ReadString('\n'); got != "a5" {
		t.Errorf("got %q", got)
	}
}

// Exactly so many are handed to each generation, however many wait; what comes
// of it is counted when it was written.
func TestLimit(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Error))
	const total, each = 100, 7
	var all, want strings.Builder
	for i := range total {
		fmt.Fprintln(&all, i)
		fmt.Fprintf(&want, "%d:%d\n", i/each+1, i)
	}
	r.send(all.String())
	r.Limit(each)
	for served := 0; served < total; served += each {
		r.start("sed", "-u", fmt.Sprintf("s/^/%d:/", r.gen+1))
		n := min(each, total-served)
		r.count.Until(int64(n))
		r.counted()
		if got, inFlight := r.count.Read(); int(got) != n || inFlight < 0 {
			t.Fatalf("%d served, %d in flight", got, inFlight)
		}
		r.CloseInput()
		if n := r.end(); n.Lost != 0 || n.Owed != 0 {
			t.Fatalf("%+v", n)
		}
	}
	r.expect(want.String())
	r.nothing()
}

// What a generation has not read is not lost when it dies: the shell reads one
// byte at a time, so nothing but what it answers.
func TestUnread(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Error))
	r.send("1\n2\n3\n4\n")
	for i := range 4 {
		r.shell("read -r l; echo a$l")
		r.expect(fmt.Sprintf("a%d\n", i+1))
		if n := r.end(); n.Lost != 0 {
			t.Fatalf("%+v", n)
		}
	}
	r.nothing()
}

// Seen, and not answered: the three ways.
func TestLost(t *testing.T) {
	t.Parallel()
	const dies = `read -r a; read -r b; read -r c; echo a$a; printf a$b; exit 1`
	for _, test := range []struct {
		onLost     OnLost
		lost, owed int
		then       string
	}{
		{Error, 2, 1, "LOST\nLOST\na4\n"},
		{Replay, 0, 3, "a2\na3\na4\n"},
		{Exit, 2, 1, "a4\n"},
	} {
		r := connect(t, lines(test.onLost))
		r.send("1\n2\n3\n4\n")
		eventually(t, "sent", func() bool {
			n, err := unix.IoctlGetInt(r.theirs[0], unix.TIOCINQ)
			return err == nil && n == 0
		})
		r.shell(dies)
		if n := r.end(); n.Lost != test.lost || n.Owed != test.owed {
			t.Errorf("%d: %+v", test.onLost, n)
		}
		r.shell(echo)
		r.expect("a1\n" + test.then)
		r.CloseInput()
		r.end()
		r.nothing()
	}
}

// A request that two generations die over is not asked a third time.
func TestReplayOnce(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Replay))
	r.send("1\n")
	r.in.Close()
	for i := range 2 {
		r.shell("read -r l; exit 1")
		r.wait(requests.InputEnded)
		if n := r.end(); n.Owed != 1-i || n.Lost != i {
			t.Fatalf("%+v", n)
		}
	}
	r.expect("LOST\n")
	r.nothing()
}

// Somebody who has left the tree still holds both pipes.
func TestKept(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Error))
	path := filepath.Join(t.TempDir(), "pid")
	r.start("sh", "-c", `read -r l; (exec 0<&3; exec setsid sleep 1000) 3<&0 & echo $! >"$1"; echo a$l; echo half | tr -d '\n'; exit 1`, "sh", path)
	r.send("1\n2\n")
	r.expect("a1\n")
	n := r.end()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Error(err)
	}
	if n.Lost != 0 {
		t.Errorf("%+v", n)
	}
	r.shell(echo)
	r.expect("a2\n")
}

// What breaks the order ends the generation, and is not passed on.
func TestBroken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ script, text string }{
		{`read -r l; echo a$l; echo b$l; cat >/dev/null`, `writes an answer that nobody asked for: "b1"`},
		{`read -r l; echo a$l; head -c 100000 /dev/zero; cat >/dev/null`, "writes a line of more than 1000 bytes"},
	} {
		s := lines(Error)
		s.MaxMessage = 1000
		r := connect(t, s)
		r.shell(test.script)
		r.send("1\n")
		r.expect("a1\n")
		if n := r.wait(requests.Broken); n.Text != test.text || n.Gen != 1 {
			t.Errorf("%+v", n)
		}
		r.send("2\n")
		if n := r.end(); n.Lost != 0 {
			t.Errorf("%+v", n)
		}
		r.shell(echo)
		r.expect("a2\n")
		r.CloseInput()
		r.end()
		r.nothing()
	}
}

// The other side breaks it: what was whole is served, and then it is over.
func TestInputBroken(t *testing.T) {
	t.Parallel()
	s := lines(Error)
	s.MaxMessage = 1000
	r := connect(t, s)
	r.shell(echo)
	r.send("1\n" + strings.Repeat("x", 2000))
	if line := <-r.said; line != "stdin: a line of more than 1000 bytes; nothing more is read from it" {
		t.Error(line)
	}
	r.wait(requests.InputEnded)
	r.end()
	r.expect("a1\n")
	r.nothing()
}

// The command closes its stdout and lives on: the end of its stdin tells it to go.
func TestMute(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Error))
	r.shell("exec >&-; while read -r l; do :; done")
	r.end()
	r.send("1\n")
	r.shell(echo)
	r.expect("a1\n")
}

// A read that fails is said of the stream that it was.
func TestReadFails(t *testing.T) {
	t.Parallel()
	folder, err := unix.Open(t.TempDir(), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(folder)
	var said string
	b := &Broker{relay: newRelay(lines(Error), requests.NewCounter(), func(line string) { said = line })}
	for _, test := range []struct {
		in   *inbox
		want string
	}{{&b.relay.in, "read stdin: is a directory"}, {&b.relay.back, "read the command's stdout: is a directory"}} {
		if !b.take(folder, test.in) || said != test.want {
			t.Errorf("said %q, want %q", said, test.want)
		}
	}
}

// Nobody reads any more: that is told, the command is asked nothing more, and its stdin
// ends when the owner says so, not before; what it leaves behind is owed to nobody, and
// so it is for one that was just being started.
func TestUnheard(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Replay))
	r.shell("trap '' PIPE; " + `while read -r l; do echo a$l; done; exit 7`)
	r.send("1\n")
	r.expect("a1\n")
	r.leave()
	r.send("2\n")
	r.wait(requests.Unheard)
	if n := r.wait(requests.InputEnded); n.Gen != 1 {
		t.Errorf("%+v", n)
	}
	if err := r.cmd.Process.Signal(unix.Signal(0)); err != nil {
		t.Errorf("it has left by itself: %v", err)
	}
	r.CloseInput()
	if n := r.end(); n.Owed != 0 || n.Lost != 0 {
		t.Errorf("%+v", n)
	}
	if status := r.cmd.ProcessState.ExitCode(); status != 7 {
		t.Errorf("status %d, want 7", status)
	}
	r.shell("cat")
	r.wait(requests.Unheard)
	r.CloseInput()
	if n := r.end(); n.Owed != 0 || n.Lost != 0 || n.Gen != 2 {
		t.Errorf("%+v", n)
	}
}

// No generation follows: what one has seen and would be asked again, what it has not
// read, and what it was never handed is answered all the same.
func TestNoneFollows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		onLost OnLost
		then   string
	}{
		{Error, "LOST\nLOST\nLOST\nLOST\n"},
		{Replay, "LOST\nLOST\nLOST\nLOST\n"},
		{Exit, ""},
	} {
		r := connect(t, lines(test.onLost))
		r.Limit(4)
		r.send("1\n2\n3\n4\n5\n")
		// The shell reads one byte at a time.
		r.shell("read -r a; read -r b; echo a$a; exit 1")
		r.expect("a1\n")
		r.end()
		r.close()
		r.expect(test.then)
		r.nothing()
	}
}

// As much as may wait in the smallest lines there are: the errors are many times as
// long, and are made as they are read.
func TestNoneFollowsForMany(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Error))
	r.shell("exit 0")
	r.end()
	const many = 1 << 19
	r.send(strings.Repeat("\n", many))
	r.in.Close()
	eventually(t, "all was read", func() bool {
		left, err := unix.IoctlGetInt(r.theirs[0], unix.TIOCINQ)
		return left == 0 && err == nil
	})
	read := make(chan int)
	go func() {
		n := 0
		for line, err := r.answers.ReadString('\n'); err == nil && line == "LOST\n"; line, err = r.answers.ReadString('\n') {
			n++
		}
		read <- n
	}()
	r.close()
	if n := <-read; n != many {
		t.Errorf("%d of %d answered", n, many)
	}
}
