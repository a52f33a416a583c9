package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// identityOf is who a process is, as the kernel has it.
func identityOf(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs":
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(lines, "\n")
}

// Each generation runs as the user asked for, and relance as root all the time.
func TestUser(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	root := identityOf(t, os.Getpid())
	nobody := `Uid: 65534 65534 65534 65534
Gid: 65534 65534 65534 65534
Groups:%s
CapInh: %s
CapPrm: %[2]s
CapEff: %[2]s
CapAmb: %[2]s
NoNewPrivs: %d`
	none := strings.Repeat("0", 16)
	for _, test := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"control", nil, root},
		{"name", []string{"--user", "nobody"}, fmt.Sprintf(nobody, " 65534", none, 0)},
		{"numbers", []string{"--user", "65534:65534", "--groups", "4,5", "--no-new-privs"}, fmt.Sprintf(nobody, " 4 5", none, 1)},
		{"capability", []string{"--user", "nobody", "--groups", "none", "--ambient-caps", "cap_net_bind_service"}, fmt.Sprintf(nobody, "", "0000000000000400", 0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			words := append(append([]string{relance(), "--restart-signal", "USR1"}, test.flags...), "--", misbehave(t), "drain", "0s")
			r := start(t, words...)
			for gen := 1; gen <= 3; gen++ {
				pid := pidIn(t, r.out.want(t, `^ready pid=(\d+)$`))
				if got := identityOf(t, pid); got != test.want {
					t.Errorf("generation %d: got\n%s\nwant\n%s", gen, got, test.want)
				}
				if gen < 3 {
					r.signal(unix.SIGUSR1)
					r.out.want(t, "^drained$")
				}
			}
			if got := identityOf(t, r.pid); got != root {
				t.Errorf("relance is\n%s\nand was\n%s", got, root)
			}
			r.signal(unix.SIGTERM)
			r.wantEnd(0)
		})
	}
}

// The parent-death signal outlives the change of user, capabilities and all.
func TestUserParentDeath(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	r := start(t, relance(), "--user", "nobody", "--ambient-caps", "NET_BIND_SERVICE", "--no-new-privs", "--", raw(t), "print-signals", "15")
	r.out.want(t, `^ready pid=`)
	r.signal(unix.SIGKILL)
	r.out.want(t, `^15 code=`)
	r.wantEnd(-9)
	r.out.wantClosed(t)
}

// A port below 1024 is for those who have the capability.
func TestUserPort(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	module(t, "python3", debianPython, "-c", "import socket")
	// In a network of its own, where it is not set from which port on every user may bind one.
	const bind = "import socket; socket.socket().bind(('', 80)); print('bound')"
	alone := []string{need.Program(t, "unshare", "util-linux"), "--net"}
	if out, err := exec.Command(alone[0], "--net", "true").CombinedOutput(); err != nil {
		need.Lack(t, "no network namespaces here: %v\n%s", err, out)
	}
	got := run(t, append(alone, relance(), "--user", "nobody", "--", debianPython, "-c", bind)...)
	if got.status != 1 || !strings.Contains(got.stderr, "PermissionError") {
		t.Errorf("without the capability: got %+v", got)
	}
	got = run(t, append(alone, relance(), "--user", "nobody", "--ambient-caps", "NET_BIND_SERVICE", "--", debianPython, "-c", bind)...)
	if got.status != 0 || got.out != "bound\n" {
		t.Errorf("with it: got %+v", got)
	}
}

// A pipe that is the command's stdout or stderr can be opened by its name, whether it is
// ours or was given to us. Another tool's command cannot: the negative control.
func TestUserOpensStderr(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	const opens = "echo out >/dev/stdout; echo err >/dev/stderr"
	for _, flags := range [][]string{nil, {"--output-silence", "5m"}, {"--count-lines", "x", "--max-requests", "5", "--count-stream", "stderr"}} {
		got := run(t, append(append([]string{relance(), "--user", "nobody"}, flags...), "--", "sh", "-c", opens)...)
		if got.status != 0 || got.out != "out\n" || inTime(got.stderr) != "err\n" {
			t.Errorf("%v: got %+v", flags, got)
		}
	}
	setpriv := need.Program(t, "setpriv", "util-linux")
	got := run(t, setpriv, "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "sh", "-c", opens)
	if got.status == 0 || got.out != "" {
		t.Errorf("setpriv: got %+v", got)
	}
	// A file keeps its owner.
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command(relance(), "--user", "nobody", "--", "echo", "out")
	cmd.Stdout = file
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil || st.Uid != 0 || st.Size != 4 {
		t.Errorf("the file is of uid %d, %d bytes, %v", st.Uid, st.Size, err)
	}
}

// What another user's command says is taken, by either socket, and what it does is seen.
func TestUserRequests(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	r := start(t, relance(), "--user", "nobody", "--no-new-privs", "--max-requests", "3", "--notify", "ready", "--max-sockets", "1000", "--cpu-time", "1h",
		"--", "sh", "-c", relance()+" notify --ready; "+relance()+" notify --request=2; "+relance()+" notify --begin=a; "+relance()+" notify --end=a; exec "+misbehave(t)+" drain 0s")
	r.errs.want(t, `^relance: gen 1: requests: 3 of 3 `)
	r.errs.want(t, `^relance: gen 2: up, pid \d+`)
	r.errs.want(t, `^relance: gen 2: requests: 3 of 3 `)
	r.signal(unix.SIGTERM)
	<-r.done
	if said := r.errs.all(); strings.Contains(said, "not counted") || strings.Contains(said, "may not") {
		t.Error("not all was taken")
	}
}
