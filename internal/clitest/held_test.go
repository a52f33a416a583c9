package clitest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/clients"
	"relance/internal/misbehave/misbehavetest"
	"relance/internal/need"
)

// site is where a server of a test is: a folder, and its address.
type site struct {
	folder, address string
	port            int
}

func newSite(t *testing.T) *site {
	port := need.Port(t)
	s := &site{folder: t.TempDir(), address: "127.0.0.1:" + strconv.Itoa(port), port: port}
	// The workers of a server that root has started are another user.
	for _, at := range []string{s.folder, filepath.Dir(s.folder)} {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *site) file(name string) string { return filepath.Join(s.folder, name) }

func (s *site) write(t *testing.T, name, text string) string {
	t.Helper()
	next := s.file(name + ".new") // who starts meanwhile reads one or the other
	err := os.WriteFile(next, []byte(text), 0o644)
	if err == nil {
		err = os.Rename(next, s.file(name))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.file(name)
}

// served is a real server on a held socket.
type served struct {
	name string
	// start returns the flags for relance, variables and the command. Where clients go
	// to another socket than the one that is held, it says so in the site.
	start func(t *testing.T, s *site) (flags, env, command []string)
	// keeps says that it keeps connections.
	keeps bool
}

func inSockets(t *testing.T) string { return rooted(t, "internal/clitest/testdata/sockets") }

const heldNginx = `pid %[1]s/pid;
error_log %[1]s/log notice;
worker_processes 1;
events { worker_connections 256; }
http {
	access_log off; keepalive_requests 1000000;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server { listen %[2]s; location / { %[3]s } }
}
`

// front is an nginx that is not recycled, before a FastCGI program.
func front(t *testing.T, s *site, pass string) {
	script := filepath.Join(inSockets(t), "ok.php")
	conf := s.write(t, "front.conf", fmt.Sprintf(heldNginx, s.folder, s.address,
		fmt.Sprintf("fastcgi_pass %s; fastcgi_param SCRIPT_FILENAME %s; fastcgi_param REQUEST_METHOD GET;", pass, script)))
	s.write(t, "log", "")
	r := start(t, nginx(t), "-g", "daemon off;", "-c", conf)
	t.Cleanup(func() { r.signal(unix.SIGTERM); <-r.done })
}

var servers = []served{
	{"nginx", func(t *testing.T, s *site) (flags, env, command []string) {
		s.write(t, "log", "")
		conf := s.write(t, "conf", fmt.Sprintf(heldNginx, s.folder, s.address, `return 200 "ok";`))
		return []string{"--listen", s.address, "--stop-signal", "QUIT"}, []string{"NGINX=3;"}, []string{nginx(t), "-g", "daemon off;", "-c", conf}
	}, true},
	{"gunicorn", func(t *testing.T, s *site) (flags, env, command []string) {
		gunicorn := need.Program(t, "gunicorn", "gunicorn")
		// Preloaded, as in countedServers.
		return []string{"--listen", s.address}, nil, []string{gunicorn, "--chdir", inSockets(t), "--preload", "--workers", "2", "--log-level", "warning", "app:wsgi"}
	}, false},
	{"gunicorn gthread", func(t *testing.T, s *site) (flags, env, command []string) {
		gunicorn := need.Program(t, "gunicorn", "gunicorn")
		return []string{"--listen", s.address}, nil, []string{gunicorn, "--chdir", inSockets(t), "-k", "gthread", "--threads", "32", "--log-level", "warning", "app:wsgi"}
	}, true},
	{"uvicorn", func(t *testing.T, s *site) (flags, env, command []string) {
		module(t, "python3-uvicorn", debianPython, "-c", "import uvicorn")
		// By itself it closes what it has accepted and not read.
		return []string{"--listen", s.address, "--notify", "yes"}, []string{"PYTHONPATH=" + rooted(t, "examples/requests")},
			[]string{debianPython, "-m", "uvicorn", "--fd", "3", "--app-dir", inSockets(t), "--log-level", "warning", "app:counted"}
	}, true},
	{"go", func(t *testing.T, s *site) (flags, env, command []string) {
		return []string{"--listen", s.address}, nil, []string{misbehavetest.Held(t), "-work", "5ms", "-start", "100ms"}
	}, true},
	{"go unix", func(t *testing.T, s *site) (flags, env, command []string) {
		s.address = s.file("s")
		return []string{"--listen", "unix:" + s.address}, nil, []string{misbehavetest.Held(t), "-work", "5ms", "-start", "100ms"}
	}, true},
	{"node", func(t *testing.T, s *site) (flags, env, command []string) {
		return []string{"--listen", s.address}, nil, []string{need.Program(t, "node", "nodejs"), filepath.Join(inSockets(t), "server.js")}
	}, true},
	{"lighttpd", func(t *testing.T, s *site) (flags, env, command []string) {
		lighttpd := need.Program(t, "lighttpd", "lighttpd")
		s.write(t, "file", "ok")
		conf := s.write(t, "conf", fmt.Sprintf("server.systemd-socket-activation = \"enable\"\nserver.bind = \"127.0.0.1\"\nserver.port = %d\n"+
			"server.document-root = %q\nserver.errorlog = %q\nserver.max-keep-alive-requests = 60000\n", s.port, s.folder, s.file("log")))
		return []string{"--listen", s.address, "--stop-signal", "INT"}, nil, []string{lighttpd, "-D", "-f", conf}
	}, true},
	{"php-cgi", func(t *testing.T, s *site) (flags, env, command []string) {
		cgi := need.Program(t, "php-cgi", "php-cgi")
		front(t, s, "unix:"+s.file("fcgi"))
		return []string{"--listen", "unix:" + s.file("fcgi") + ",mode=0666", "--listen-as", "stdin"}, []string{"PHP_FCGI_MAX_REQUESTS=0"}, []string{cgi}
	}, true},
	{"php-fpm", func(t *testing.T, s *site) (flags, env, command []string) {
		fpm := need.Program(t, "php-fpm8.2", "php-fpm")
		behind := newSite(t)
		front(t, s, behind.address)
		conf := s.write(t, "fpm", fmt.Sprintf("[global]\nerror_log = %s\ndaemonize = no\nprocess_control_timeout = 5s\n"+
			"[www]\nlisten = %s\nuser = nobody\ngroup = nogroup\npm = static\npm.max_children = 4\n", s.file("fpm.log"), behind.address))
		return []string{"--listen", behind.address, "--stop-signal", "QUIT"}, []string{"FPM_SOCKETS=" + behind.address + "=3"}, []string{fpm, "-R", "-y", conf}
	}, true},
}

// heldClients is how many ask at once.
func heldClients() int { return need.Much(4, 16) }

// recyclesUnderLoad is how often each server is recycled. A hundred times take half an
// hour on a busy machine, so that they are for who asks for ten minutes of load.
func recyclesUnderLoad(t *testing.T) int {
	if need.Load(t) >= 10*time.Minute {
		return 100
	}
	return need.Much(1, 20)
}

// Real servers on held sockets are recycled again and again, and no client is refused;
// none loses a request.
func TestHeld(t *testing.T) {
	alone := need.Load(t) > 0 // its figures are to be worth something
	if !alone {
		t.Parallel()
	}
	for _, server := range servers {
		for _, keep := range []bool{false, true} {
			if keep && !server.keeps {
				continue
			}
			name := server.name + "/new connections"
			if keep {
				name = server.name + "/kept connections"
			}
			t.Run(name, func(t *testing.T) {
				if !alone {
					t.Parallel()
				}
				recycleUnderLoad(t, server, keep)
			})
		}
	}
}

func recycleUnderLoad(t *testing.T, server served, keep bool) {
	s := newSite(t)
	flags, env, command := server.start(t, s)
	cmd := exec.Command(relance(), append(append([]string{"--restart-signal", "USR1"}, flags...), append([]string{"--"}, command...)...)...)
	cmd.Env = append(os.Environ(), env...)
	r := startCmd(t, cmd)
	network := "tcp"
	if _, _, err := net.SplitHostPort(s.address); err != nil {
		network = "unix"
	}
	path := "/"
	if server.name == "lighttpd" {
		path = "/file"
	}
	eventually(t, server.name+" serves", func() bool {
		c, err := net.Dial(network, s.address)
		if err != nil {
			return false
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, err = clients.HTTP(path, "ok")(c, bufio.NewReader(c), false)
		return err == nil
	})
	load := clients.Start(clients.Target{Network: network, Address: s.address, Clients: heldClients(), KeepAlive: keep, Patience: patience, Exchange: clients.HTTP(path, "ok")})
	defer load.Stop()
	begin := time.Now()
	for n := range recyclesUnderLoad(t) {
		if !load.More(10*heldClients(), patience) {
			t.Fatalf("generation %d does not answer: %v %q", n+1, load.Now(), load.Now().Errors)
		}
		r.signal(unix.SIGUSR1)
		r.errs.want(t, fmt.Sprintf(`^relance: gen %d: up`, n+2))
	}
	load.More(heldClients(), patience)
	result := load.Stop()
	r.signal(unix.SIGTERM)
	<-r.done
	t.Logf("%d recycles in %v: %v", recyclesUnderLoad(t), time.Since(begin).Round(time.Millisecond), result)
	if result.Failed() > 0 {
		t.Errorf("%v %q", result, result.Errors)
	}
}
