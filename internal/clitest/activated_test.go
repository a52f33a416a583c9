package clitest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// activated says what the library of CoreOS finds of the sockets that were passed, and
// spoils the first one for the next generation, which must not see that. It is one of
// the processes of a test.
func activated() error {
	passed, blocks := map[int]bool{}, map[int]bool{}
	for fd := 3; fd < 3+16; fd++ {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		mode, err2 := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		passed[fd], blocks[fd] = err == nil && flags == 0, err2 == nil && mode&unix.O_NONBLOCK == 0
	}
	files := activation.Files(true)
	for _, f := range files {
		fd := int(f.Fd())
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil {
			return err
		}
		fmt.Printf("fd=%d name=%s %s passed=%v blocks=%v cloexec=%v\n", fd, f.Name(), kindOf(fd), passed[fd], blocks[fd], flags == unix.FD_CLOEXEC)
	}
	fmt.Println(len(files), "in all")
	if len(files) == 0 {
		os.Exit(0)
	}
	if err := unix.SetNonblock(3, true); err != nil {
		return err
	}
	for { // until a signal ends it, and not one of the Go runtime's own
		_ = unix.Pause()
	}
}

func kindOf(fd int) string {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	kind, err2 := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	listens, err3 := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	switch {
	case err != nil || err2 != nil || err3 != nil:
	case domain == unix.AF_UNIX && kind == unix.SOCK_STREAM && listens == 1:
		return "unix stream"
	case domain != unix.AF_UNIX && kind == unix.SOCK_STREAM && listens == 1:
		return "inet stream"
	case domain != unix.AF_UNIX && kind == unix.SOCK_DGRAM:
		return "inet dgram"
	}
	return "another"
}

// activatedPrograms are those that look for passed sockets, each with another library.
var activatedPrograms = map[string]func(t *testing.T) []string{
	"c": func(t *testing.T) []string {
		cc := need.Program(t, "gcc", "gcc")
		out := filepath.Join(t.TempDir(), "activated")
		source := rooted(t, "internal/clitest/testdata/sockets/activated.c")
		if text, err := exec.Command(cc, "-o", out, source, "-lsystemd").CombinedOutput(); err != nil {
			need.Lack(t, "%v (apt install libsystemd-dev)\n%s", err, text)
		}
		return []string{out}
	},
	"go": func(*testing.T) []string { return []string{self(), roleWord, "activated"} },
	"python": func(t *testing.T) []string {
		module(t, "python3-systemd", debianPython, "-c", "import systemd.daemon")
		return []string{debianPython, rooted(t, "internal/clitest/testdata/sockets/activated.py")}
	},
}

// What a command finds: names, order, kinds, nothing closed on exec, and all blocking,
// whatever the generation before has made of it.
func TestActivated(t *testing.T) {
	t.Parallel()
	for name, words := range activatedPrograms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "s")
			r := start(t, append([]string{relance(), "--restart-signal", "USR1", "--listen", "127.0.0.1:0,name=web", "--listen", "unix:" + path,
				"--listen", "udp:[::1]:0,name=dns", "--"}, words(t)...)...)
			address := r.errs.want(t, `^relance: listening on (127\.0\.0\.1:\d+)$`)[1]
			for gen := 1; gen <= 3; gen++ {
				if gen > 1 {
					r.signal(unix.SIGUSR1)
				}
				r.out.want(t, `^fd=3 name=web inet stream passed=(?:1|true) blocks=(?:1|true) cloexec=(?:1|true)$`)
				r.out.want(t, `^fd=4 name=unknown unix stream passed=(?:1|true) blocks=(?:1|true) cloexec=(?:1|true)$`)
				r.out.want(t, `^fd=5 name=dns inet dgram passed=(?:1|true) blocks=(?:1|true) cloexec=(?:1|true)$`)
				r.out.want(t, `^3 in all$`)
			}
			for network, to := range map[string]string{"tcp": address, "unix": path} {
				c, err := net.Dial(network, to)
				if err != nil {
					t.Error(err)
					continue
				}
				c.Close()
			}
			r.signal(unix.SIGTERM)
			<-r.done
			if n := strings.Count(r.out.all(), "fd="); n != 9 {
				t.Errorf("%d descriptors were found", n)
			}
		})
	}
}

// The control: they are for the command itself, and a process of its tree finds none.
func TestActivatedOnly(t *testing.T) {
	t.Parallel()
	for name, words := range activatedPrograms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, append([]string{relance(), "--listen", "127.0.0.1:0", "--", "sh", "-c", `"$@"; exit 0`, "sh"}, words(t)...)...)
			if got.status != 0 || got.out != "0 in all\n" {
				t.Errorf("status %d, %q", got.status, got.out)
			}
		})
	}
}

// activate starts words as systemd starts a service for its sockets, and returns what a
// client connects to.
func activate(t *testing.T, words ...string) (r *running, address string) {
	t.Helper()
	tool := need.Program(t, "systemd-socket-activate", "systemd")
	port := need.Port(t)
	address = "127.0.0.1:" + strconv.Itoa(port)
	r = start(t, append([]string{tool, "--fdname=web:second", "-l", address, "-l", filepath.Join(t.TempDir(), "s"), "-E", "PATH"}, words...)...)
	r.errs.want(t, `^Listening on .*/s as 4`)
	c, err := net.Dial("tcp", address) // now it starts them
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return r, address
}

// relance that was given sockets itself passes them on as it got them, and holds them
// over all generations; those of --listen come after them.
func TestActivatedItself(t *testing.T) {
	t.Parallel()
	for name, words := range activatedPrograms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := activate(t, append([]string{relance(), "--restart-signal", "USR1", "--"}, words(t)...)...)
			for gen := 1; gen <= 2; gen++ {
				if gen > 1 {
					r.signal(unix.SIGUSR1)
				}
				r.out.want(t, `^fd=3 name=web inet stream passed=(?:1|true) blocks=(?:1|true) cloexec=(?:1|true)$`)
				r.out.want(t, `^fd=4 name=second unix stream passed=(?:1|true) blocks=(?:1|true) cloexec=(?:1|true)$`)
				r.out.want(t, `^2 in all$`)
			}
			r.signal(unix.SIGTERM)
			<-r.done

			r, _ = activate(t, append([]string{relance(), "--listen", "unix:@relance-" + name + strconv.Itoa(r.pid), "--"}, words(t)...)...)
			r.out.want(t, `^fd=3 name=web inet stream passed=(?:1|true) blocks=(?:1|true) cloexec=(?:1|true)$`)
			r.out.want(t, `^fd=4 name=second unix stream passed=(?:1|true) blocks=(?:1|true) cloexec=(?:1|true)$`)
			r.out.want(t, `^fd=5 name=unknown unix stream passed=(?:1|true) blocks=(?:1|true) cloexec=(?:1|true)$`)
			r.signal(unix.SIGTERM)
			<-r.done
		})
	}
}

// In another dialect than they came, and through relance exec, whose pid stays.
func TestActivatedTranslated(t *testing.T) {
	t.Parallel()
	const show = `env | grep -E "^(LISTEN|SERVER|EINHORN)" | sort; test "$LISTEN_PID" != $$ || echo mine; readlink /proc/$$/fd/0 | cut -c1-6`
	r, address := activate(t, relance(), "--listen-as", "server-starter,einhorn", "--", "sh", "-c", show)
	for _, line := range []string{
		"EINHORN_FD_0=3", "EINHORN_FD_1=4", "EINHORN_FD_COUNT=2", "EINHORN_FD_FAMILY_0=AF_INET", "EINHORN_FD_FAMILY_1=AF_UNIX", "SERVER_STARTER_GENERATION=1",
		"SERVER_STARTER_PORT=" + strings.ReplaceAll(address, ".", `\.`) + "=3;.*/s=4",
	} {
		r.out.want(t, "^"+line+"$")
	}
	<-r.done
	if strings.Contains(r.out.all(), "LISTEN") {
		t.Error("they are also told of in the way in which they came")
	}
	r, _ = activate(t, relance(), "exec", "--nice", "1", "--", "sh", "-c", show)
	r.out.want(t, "^LISTEN_FDS=2$")
	r.out.want(t, "^mine$")
	<-r.done
}

// The pid is the one that the command has for itself, in whatever namespace.
func TestActivatedInNamespace(t *testing.T) {
	t.Parallel()
	unshare := need.Program(t, "unshare", "util-linux")
	got := run(t, unshare, "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", relance(), "--listen", "unix:@relance-in-namespace", "--",
		"sh", "-c", "test $LISTEN_PID = $$ && test $$ -lt 10 && echo mine")
	if got.status != 0 && strings.Contains(got.stderr, "unshare:") {
		need.Lack(t, "no namespaces here: %s", got.stderr)
	}
	if got.status != 0 || got.out != "mine\n" {
		t.Errorf("status %d, %q, %q", got.status, got.out, got.stderr)
	}
}

// What Server::Starter hands over is right for the command as it is; asked to, relance
// holds it with its own and tells of both.
func TestUnderServerStarter(t *testing.T) {
	t.Parallel()
	starter := need.Program(t, "start_server", "libserver-starter-perl")
	const show = `echo port $SERVER_STARTER_PORT gen $SERVER_STARTER_GENERATION fds $LISTEN_FDS; exec sleep 60`
	for _, test := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"as it is", nil, `^port 127\.0\.0\.1:%d=\d+ gen 1 fds$`},
		{"with others", []string{"--listen", "unix:@relance-under-starter"}, `^port 127\.0\.0\.1:%d=3;@relance-under-starter=4 gen 1 fds 2$`},
		{"in another way", []string{"--listen-as", "systemd"}, `^port gen fds 1$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			port := need.Port(t)
			words := append([]string{starter, "--port", fmt.Sprintf("127.0.0.1:%d", port), "--", relance()}, test.flags...)
			r := start(t, append(words, "--", "sh", "-c", show)...)
			want := test.want
			if strings.Contains(want, "%d") {
				want = fmt.Sprintf(want, port)
			}
			r.out.want(t, want)
			r.signal(unix.SIGTERM)
			<-r.done
		})
	}
}
