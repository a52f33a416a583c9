package systemdtest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"relance/internal/await"
)

// answerer says to each client what it was given, as sd_listen_fds(3) would find it,
// and makes the socket that all share non-blocking when it leaves.
const answerer = `
import fcntl, os, signal, socket
first = 3
mine = os.environ.get("LISTEN_PID") == str(os.getpid())
count = int(os.environ.get("LISTEN_FDS", 0))
names = os.environ.get("LISTEN_FDNAMES")
found = []
for fd in range(first, first + count):
    s = socket.socket(fileno=os.dup(fd))
    found.append("%s:%s:%d:%d" % (s.family.name, s.type.name, fcntl.fcntl(fd, fcntl.F_GETFD), os.get_blocking(fd)))
says = "pid=%d mine=%d names=%s %s pidfdid=%s" % (os.getpid(), mine, names, " ".join(found), os.environ.get("LISTEN_PIDFDID"))
listener = socket.socket(fileno=first)
def leave(*_):
    os.set_blocking(first, False)
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
while True:
    c, _ = listener.accept()
    c.sendall(says.encode())
    c.close()
`

// ask connects and reads all that is said; a client waits for as long as nobody takes it.
func ask(t *testing.T, address string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	text, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", text)
	return string(text)
}

// relance that systemd starts for its sockets passes them on to each generation, and
// its end leaves them to systemd, which starts it again for the next client.
func TestSocketActivation(t *testing.T) {
	Require(t)
	const address = "127.0.0.1:18999"
	u := newUnit("service", false)
	name := strings.TrimSuffix(u.Name, ".service")
	words := append([]string{"--unit=" + name, "--socket-property=ListenStream=" + address, "--socket-property=ListenDatagram=/run/" + name + ".sock",
		"--socket-property=FileDescriptorName=web", "--property=SuccessExitStatus=143", "--"},
		escaped([]string{Program(t, "relance"), "--restart-signal", "USR1", "--", "python3", "-c", answerer})...)
	output(t, exec.Command("systemd-run", words...))
	t.Cleanup(func() {
		u.systemctl("stop", name+".socket", name+".service").Run()
		os.Remove("/run/" + name + ".sock")
	})
	const want = "mine=1 names=web:web AF_INET:SOCK_STREAM:0:1 AF_UNIX:SOCK_DGRAM:0:1 pidfdid=None"
	pids := map[string]bool{}
	for gen := 1; gen <= 3; gen++ {
		pid, rest, _ := strings.Cut(ask(t, address), " ")
		if rest != want || pids[pid] {
			t.Errorf("generation %d: %s %s, want another pid and %s", gen, pid, rest, want)
		}
		pids[pid] = true
		u.Systemctl(t, "kill", "--kill-whom=main", "--signal=USR1", u.Name)
		waitGone(t, strings.TrimPrefix(pid, "pid=")) // who is still there may take the next one
	}
	u.Systemctl(t, "stop", u.Name)
	if state := u.Systemctl(t, "is-active", name+".socket"); strings.TrimSpace(state) != "active" {
		t.Errorf("the socket is %s", state)
	}
	pid, rest, _ := strings.Cut(ask(t, address), " ")
	if rest != want || pids[pid] {
		t.Errorf("after a stop: %s %s", pid, rest)
	}
}

// waitGone waits until a process is no more.
func waitGone(t *testing.T, pid string) {
	t.Helper()
	await.Until(t, "the end of "+pid, func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/%s/stat", pid))
		return os.IsNotExist(err)
	})
}
