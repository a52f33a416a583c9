package clitest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The end of the input ends the command, and relance with its status; stderr is
// the command's own, and nothing but answers is on stdout.
func TestStdioEnds(t *testing.T) {
	t.Parallel()
	const reads = `while read -r l; do echo "a$l"; done; `
	for _, test := range []struct {
		name, flags, input, script string
		out, stderr                string
		status                     int
	}{
		{"three lines", "", "1\n2\n3\n", reads, "a1\na2\na3\n", "", 0},
		{"nothing", "", "", reads, "", "", 0},
		{"the last line is not ended", "", "1\n2", `exec sed -u s/^/a/`, "a1\na2", "", 0},
		{"its status", "", "1\n", reads + `exit 3`, "a1\n", "", 3},
		{"its signal", "", "1\n", reads + `kill -KILL $$`, "a1\n", "", 128 + 9},
		{"its stderr", "", "1\n", `echo hello >&2; ` + reads + `echo bye >&2`, "a1\n", "hello\nbye\n", 0},
		{"recycled", "--max-requests 2", "1\n2\n3\n4\n5\n", reads, "a1\na2\na3\na4\na5\n", "", 0},
		{"recycled just then", "--max-requests 2", "1\n2\n3\n4\n", reads, "a1\na2\na3\na4\n", "", 0},
		{"quiet recycles", "--max-requests 2", "1\n2\n3\n", reads + `echo bye >&2`, "a1\na2\na3\n", "bye\nbye\n", 0},
		{"lost", "", "1\n", `read -r l; kill -KILL $$`, "LOST\n", "", 128 + 9},
		{"lost and relaunched", "--restart always --backoff 1ms..1ms", "1\n2\n3\n", `read -r l; kill -KILL $$`, "LOST\nLOST\nLOST\n", "", 128 + 9},
		{"lost twice", "--on-lost replay --restart always --backoff 1ms..1ms", "1\n2\n", `read -r l; kill -KILL $$`, "LOST\nLOST\n", "", 128 + 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			words := append([]string{"--stdio", "lines", "--lost-reply", "LOST"}, strings.Fields(test.flags)...)
			cmd := exec.Command(relance(), append(words, "--", "bash", "-c", test.script)...)
			cmd.Stdin = strings.NewReader(test.input)
			r := runCmd(t, cmd)
			var stderr strings.Builder
			for line := range strings.Lines(inTime(r.stderr)) {
				if !strings.HasPrefix(line, "relance: gen ") {
					stderr.WriteString(line)
				}
			}
			if r.status != test.status || r.out != test.out || stderr.String() != test.stderr {
				t.Errorf("status %d, want %d\nstdout %q\nwant   %q\nstderr\n%s", r.status, test.status, r.out, test.out, r.stderr)
			}
		})
	}
}

// What cannot be read is at its end, and why is said.
func TestStdioUnreadable(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(relance(), "--stdio", "lines", "--lost-reply", "LOST", "--", "cat")
	folder, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	cmd.Stdin = folder
	if r := runCmd(t, cmd); r.status != 0 || r.out != "" || inTime(r.stderr) != "relance: read stdin: is a directory\n" {
		t.Errorf("%+v", r)
	}
}

// --on-lost exit: what was lost is not answered, and nobody is launched again.
func TestStdioExit(t *testing.T) {
	t.Parallel()
	c := carry(t, []string{"--stdio", "lines", "--on-lost", "exit", "--restart", "always", "--backoff", "1ms..1ms"},
		"bash", "-c", `read -r l; echo "a$l"; read -r l; kill -KILL $$`)
	fmt.Fprint(c.in, "1\n2\n")
	c.wantEnd(128 + 9)
	if out, err := io.ReadAll(c.answers); string(out) != "a1\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// TERM to relance in the midst of a request: the command is asked to leave, what it
// answers until then is passed on, the rest is lost, and nobody comes after it.
func TestStdioTerm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, script, out string }{
		{"answers", `trap 'echo a2; kill $!; exit 0' TERM; read -r l; echo "a$l"; read -r l; sleep 1000 & echo busy >&2; wait`, "a1\na2\n"},
		{"dies", `read -r l; echo "a$l"; read -r l; echo busy >&2; exec sleep 1000`, "a1\nLOST\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := carry(t, []string{"--stdio", "lines", "--lost-reply", "LOST", "--max-requests", "100"}, "bash", "-c", test.script)
			fmt.Fprint(c.in, "1\n2\n")
			c.errs.want(t, `^busy$`)
			c.signal(syscall.SIGTERM)
			out, err := io.ReadAll(c.answers)
			if string(out) != test.out || err != nil {
				t.Errorf("%q, %v, want %q", out, err, test.out)
			}
			<-c.done
			if state := statusOf(c.cmd.ProcessState); test.name == "answers" && state != 0 || test.name == "dies" && state != 128+15 {
				t.Errorf("status %d", state)
			}
		})
	}
}

// A reader that goes away is seen by the command as if it were bare.
func TestStdioReaderGone(t *testing.T) {
	t.Parallel()
	for name, words := range map[string][]string{
		"bare":    lineEcho,
		"wrapped": append([]string{relance(), "--stdio", "lines", "--lost-reply", "LOST", "--max-requests", "1000000", "--"}, lineEcho...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := `yes | "$@" | head -n 100 | sort | uniq -c; echo ${PIPESTATUS[1]}`
			r := run(t, append([]string{"bash", "-c", script, "-"}, words...)...)
			if fields := strings.Fields(r.out); len(fields) != 3 || fields[0] != "100" || fields[1] != "ay" || fields[2] != "141" {
				t.Errorf("%q, want 100 ay and 141; stderr %s", r.out, r.stderr)
			}
		})
	}
}

// So it is where the reader goes between two requests: the bare command dies of the
// answer that nobody reads, which relance has taken from it. Nobody is launched again,
// for nobody would hear of it.
func TestStdioReaderGoneLater(t *testing.T) {
	t.Parallel()
	for name, words := range map[string][]string{
		"bare":     {"sed", "-u", "s/^/a/"},
		"one":      {relance(), "--stdio", "lines", "--lost-reply", "LOST", "--", "sed", "-u", "s/^/a/"},
		"always":   {relance(), "--stdio", "lines", "--lost-reply", "LOST", "--restart", "always", "--", "sed", "-u", "s/^/a/"},
		"a script": {relance(), "--stdio", "lines", "--lost-reply", "LOST", "--restart", "always", "--", "sh", "-c", "while read -r l; do echo a$l; done"},
		"many":     {relance(), "--stdio", "lines", "--lost-reply", "LOST", "--restart", "always", "--", "sed", "-u", "s/^/a/"},
		"replayed": {relance(), "--stdio", "lines", "--lost-reply", "LOST", "--on-lost", "replay", "--restart", "always", "--", "sed", "-u", "s/^/a/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := `mkfifo gone; (echo 1; read -r x <gone; echo 2; exec sleep 1000) | { "$@"; echo $? >status; kill -TERM 0; } | { read -r l; echo $l; exec >&- <&-; echo >gone; }`
			if name == "many" || name == "replayed" {
				script = `(exec yes) | { "$@"; echo $? >status; } | { read -r l; echo a1; }`
			}
			cmd := exec.Command("setsid", append([]string{"-w", "bash", "-c", script, "-"}, words...)...)
			cmd.Dir = t.TempDir()
			r := runCmd(t, cmd)
			status, err := os.ReadFile(filepath.Join(cmd.Dir, "status"))
			if r.out != "a1\n" || string(status) != "141\n" || err != nil || strings.Contains(r.stderr, "gen ") {
				t.Errorf("%q, status %q, %v, want a1 and 141; stderr %s", r.out, status, err, r.stderr)
			}
		})
	}
}

// While the reader stalls the writer waits too, and relance holds no more than what
// it has said it does. Then all is there.
func TestStdioStalled(t *testing.T) {
	t.Parallel()
	const most = 24 << 20
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	cmd := exec.Command(relance(), "--stdio", "lines", "--lost-reply", "LOST", "--max-requests", "20000", "--", misbehave(t), "--quiet", "echo")
	cmd.Stdin, cmd.Stdout = inR, outW
	r := startCmd(t, cmd)
	inR.Close()
	line := append(bytes.Repeat([]byte{'x'}, 255), '\n')
	const total = 200000 // 50 MB
	go func() {
		defer inW.Close()
		text := bytes.Repeat(line, 100)
		for range total / 100 {
			if _, err := inW.Write(text); err != nil {
				return
			}
		}
	}()
	eventually(t, "both pipes are full", func() bool { return full(t, outW) && full(t, inW) })
	if held := anonymous(t, r.pid); held > most {
		t.Errorf("relance holds %d bytes", held)
	} else {
		t.Logf("relance holds %d KiB", held>>10)
	}
	outW.Close()
	out, err := io.ReadAll(outR)
	outR.Close()
	if want := bytes.Repeat(append([]byte{'a'}, line...), total); !bytes.Equal(out, want) || err != nil {
		t.Errorf("%d bytes, %v, want %d", len(out), err, len(want))
	}
	r.wantEnd(0)
}

// full reports whether a pipe takes no more.
func full(t *testing.T, w *os.File) (yes bool) {
	t.Helper()
	raw, err := w.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	// File.Fd would make it blocking, and the writer's next write with it.
	err = raw.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 0)
		yes = err == nil && n == 0
	})
	return yes && err == nil
}

// A request that is never answered holds up the others no longer than the drain timeout,
// once its generation has got all that it may have: it is lost, and they are not.
func TestStdioStuck(t *testing.T) {
	t.Parallel()
	const script = `while read -r channel rest; do [ "$rest" = hang ] || echo "$channel OK ${RELANCE_GENERATION:-1}"; done`
	c := carry(t, []string{"--stdio", "squid", "--max-requests", "3", "--drain-timeout", "100ms"}, "bash", "-c", script)
	fmt.Fprint(c.in, "1 q\n2 hang\n3 q\n")
	defer c.watchdog()()
	for _, want := range []string{"1 OK 1\n", "3 OK 1\n"} {
		if got, err := c.answers.ReadString('\n'); got != want || err != nil {
			t.Fatalf("%q, %v, want %q", got, err, want)
		}
	}
	fmt.Fprint(c.in, "4 q\n") // from now on
	c.errs.want(t, `^relance: gen 1: requests: 2 of 3 served after .*, 1 request still in flight; stopping \(`)
	c.in.Close()
	out, err := io.ReadAll(c.answers)
	if want := "2 BH message=\"helper restarted\"\n4 OK 2\n"; string(out) != want || err != nil {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
	c.wantEnd(0)
	if strings.Contains(inTime(c.errs.all()), "waits for") {
		t.Error("waited for once more")
	}
}

// What a large message took is given back when nothing comes behind it.
func TestStdioLarge(t *testing.T) {
	t.Parallel()
	const size = 30 << 20
	c := carry(t, []string{"--stdio", "jsonrpc", "--max-requests", "1000"}, "perl", "-pe", `BEGIN { $| = 1 } s/"method".*/"result":1}/`)
	defer c.watchdog()()
	small := anonymous(t, c.pid)
	fmt.Fprintf(c.in, `{"jsonrpc":"2.0","id":1,"method":"%s"}`+"\n", strings.Repeat("x", size))
	answer, err := c.answers.ReadString('\n')
	if answer != `{"jsonrpc":"2.0","id":1,"result":1}`+"\n" || err != nil {
		t.Fatalf("%q, %v", answer, err)
	}
	// By the peak: what is given back is so a second after the answer, whatever this test does meanwhile.
	large := peakOf(t, c.pid)
	if large < small+size {
		t.Errorf("%d bytes before and %d at the most: it was not kept at all", small, large)
	}
	eventually(t, "most of it is given back", func() bool { return anonymous(t, c.pid) < small+size/4 })
	t.Logf("%d, %d, %d KiB", small>>10, large>>10, anonymous(t, c.pid)>>10)
	c.in.Close()
	c.wantEnd(0)
}
