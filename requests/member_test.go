package requests

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// helpers are what the test binary can be, see helperEnv.
var helpers = map[string]func() int{"serve": serve, "talk": talk, "load": load}

// serve is a server with a tree of its own, in which the test is a stranger. It does
// what its stdin says, a word a line, and answers.
func serve() int {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Println(err)
		return 1
	}
	counter := NewCounter()
	counter.Begin(1)
	said := make(chan string, 100)
	s, err := Open(counter, "", func(text string) { said <- text })
	if err != nil {
		fmt.Println(err)
		return 1
	}
	env, err := s.Begin(1)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	news := make(chan News, 100)
	go s.Run(news)
	fmt.Println(strings.Join(env, " "))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch word, rest, _ := strings.Cut(in.Text(), " "); word {
		case "sh":
			cmd := exec.Command("/bin/sh", "-c", rest)
			cmd.Env = append(os.Environ(), env...)
			out, err := cmd.CombinedOutput()
			fmt.Printf("%q %v\n", out, err)
		case "figures":
			served, inFlight := counter.Read()
			fmt.Printf("%d %d %d\n", served, inFlight, len(news))
		case "said":
			text := ""
			for len(said) > 0 {
				text += <-said + "|"
			}
			fmt.Println(text)
		}
	}
	return 0
}

// talk sends to the socket that its environment names, from where it stands.
func talk() int {
	var err error
	if address := os.Getenv("RELANCE_SOCKET"); os.Getenv("TALK") == "stream" {
		var conn net.Conn
		if conn, err = net.Dial("unix", address); err == nil {
			_, _ = conn.Write([]byte("count 1\n"))
			var got []byte
			got, err = io.ReadAll(io.LimitReader(conn, int64(len("relance 1\nok -\n"))))
			fmt.Printf("%q", got)
		}
	} else {
		err = notify(os.Getenv("NOTIFY_SOCKET"), "READY=1\nX_RELANCE_REQUESTS=1")
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// far is a server in a process of its own.
type far struct {
	*testing.T
	in  io.Writer
	out *bufio.Scanner
	env []string
}

func startFar(t *testing.T) *far {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"=serve")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	f := &far{T: t, in: in, out: bufio.NewScanner(out)}
	f.env = strings.Fields(f.read())
	return f
}

func (f *far) read() string {
	f.Helper()
	if !f.out.Scan() {
		f.Fatal("the server has left")
	}
	return f.out.Text()
}

func (f *far) ask(line string) string {
	f.Helper()
	fmt.Fprintln(f.in, line)
	return f.read()
}

// outside runs talk as a child of the test, so outside of the tree.
func (f *far) outside(kind string, uid uint32) string {
	f.Helper()
	// Another user may not be able to run the binary where it is.
	binary, err := os.Open(os.Args[0])
	if err != nil {
		f.Fatal(err)
	}
	defer binary.Close()
	cmd := exec.Command("/proc/self/fd/3")
	cmd.ExtraFiles = []*os.File{binary}
	cmd.Dir = "/"
	cmd.Env = append(append(os.Environ(), f.env...), helperEnv+"=talk", "TALK="+kind)
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.Logf("%s: %s, %v", kind, out, err)
	}
	return string(out)
}

func TestStrangers(t *testing.T) {
	uids := []uint32{0}
	if os.Getuid() == 0 {
		uids = append(uids, 65534)
	} else {
		t.Log("not root: no other user is tried")
	}
	for _, uid := range uids {
		t.Run(fmt.Sprint(uid), func(t *testing.T) {
			f := startFar(t)
			for range 3 {
				f.outside("notify", uid)
				if got := f.outside("stream", uid); strings.Contains(got, "relance 1") {
					t.Errorf("a stranger was answered %s", got)
				}
			}
			if got := f.ask("figures"); got != "0 0 0" {
				t.Errorf("counted: %s", got)
			}
			said := f.ask("said")
			if strings.Count(said, "|") != 2 || !strings.Contains(said, "NOTIFY_SOCKET: what process") ||
				!strings.Contains(said, "RELANCE_SOCKET: what process") || !strings.Contains(said, "does not belong to the command") {
				t.Errorf("said: %s", said)
			}
			// The control: the same from inside is counted.
			self := fmt.Sprintf("%s=talk TALK=%%s %s", helperEnv, os.Args[0])
			for _, kind := range []string{"notify", "stream"} {
				if got := f.ask("sh " + fmt.Sprintf(self, kind)); !strings.HasSuffix(got, "<nil>") {
					t.Error(got)
				}
			}
			if got := f.ask("figures"); got != "2 0 1" {
				t.Errorf("from inside: %s", got)
			}
		})
	}
}

// TestOrphans: who has lost its parents is still of the tree; and so is another user
// in it.
func TestOrphans(t *testing.T) {
	f := startFar(t)
	self := fmt.Sprintf("env %s=talk %s", helperEnv, os.Args[0])
	commands := []string{"( (" + self + ") & ) ; :", "setsid " + self + " & wait"}
	if os.Getuid() == 0 {
		commands = append(commands, fmt.Sprintf("exec 3<%s; cd /; %s=talk setpriv --reuid 65534 --clear-groups /proc/self/fd/3", os.Args[0], helperEnv))
	}
	for _, command := range commands {
		if got := f.ask("sh " + command); got != `"" <nil>` {
			t.Error(command, got)
		}
	}
	if got := f.ask("figures"); !strings.HasPrefix(got, fmt.Sprintf("%d 0 ", len(commands))) {
		t.Errorf("%s; said %s", got, f.ask("said"))
	}
}

// TestNamespaces: another pid or user namespace makes no stranger, as the kernel tells
// who is who as we see it.
func TestNamespaces(t *testing.T) {
	f := startFar(t)
	for i, kind := range []string{"--pid --fork", "--user", "--user --map-root-user", "--pid --fork --user --mount"} {
		if got := f.ask("sh unshare " + kind + " true"); got != `"" <nil>` {
			need.Lack(t, "unshare %s: %s", kind, got)
		}
		if got := f.ask(fmt.Sprintf("sh %s=talk unshare %s %s", helperEnv, kind, os.Args[0])); got != `"" <nil>` {
			t.Error(kind, got)
		}
		if got, want := f.ask("figures"), fmt.Sprintf("%d 0 %d", i+1, i+1); got != want {
			t.Errorf("%s: %s, want %s; said %s", kind, got, want, f.ask("said"))
		}
	}
}

func TestParseParent(t *testing.T) {
	const rest = " 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9 9\n"
	for text, want := range map[string]int{
		"12 (cat) S 7" + rest:           7,
		"12 (a) R 1 (b) Z 8" + rest:     8,
		"12 (a\n) S 3 (x)) S 9" + rest:  9,
		"12 (cat) S 0" + rest:           0,
		"12 (cat) S -1" + rest:          -1,
		"12 (cat) S 99999999999" + rest: -1,
		"12 (cat) S 7 1 1 0 -1":         -1,
		"12 (cat":                       -1,
		"12 (cat)":                      -1,
		"":                              -1,
	} {
		got, start, ok := parseParent([]byte(text))
		if ok != (want >= 0) || ok && (got != want || start != 4242) {
			t.Errorf("%q: %d, %d, %v", text, got, start, ok)
		}
	}
}

// TestZombie: who has ended and was not waited for still has a parent; who was waited
// for has none.
func TestZombie(t *testing.T) {
	c := census{root: os.Getpid(), known: map[who]struct{}{}}
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if v := c.of(int32(pid), 0); v != member {
		t.Errorf("a zombie: %d", v)
	}
	_ = cmd.Wait()
	if v := c.of(int32(pid), 0); v != member {
		t.Errorf("remembered: %d", v)
	}
	if v := c.of(int32(pid), 1); v != gone {
		t.Errorf("as another user: %d", v)
	}
	c.forget()
	if v := c.of(int32(pid), 0); v != gone {
		t.Errorf("waited for: %d", v)
	}
	for pid, want := range map[int]verdict{os.Getpid(): member, os.Getppid(): stranger, 1: stranger, 0: hidden, -1: hidden} {
		if v := c.of(int32(pid), 0); v != want {
			t.Errorf("process %d: %d, want %d", pid, v, want)
		}
	}
}
