package clitest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"relance/internal/need"
)

// ownAddress is one of this machine that no other test run uses: the ports of several
// generations are taken there.
func ownAddress() string { return fmt.Sprintf("127.2.%d.%d", os.Getpid()>>8&0xff, os.Getpid()&0xff) }

// readyNginx is an nginx for one generation, which answers with a status.
const readyNginx = `dir=$1; gen=$RELANCE_GENERATION; read status <$dir/status
mkdir -p $dir/$gen; : >$dir/$gen/log
cat >$dir/$gen/conf <<EOF
pid $dir/$gen/pid; error_log $dir/$gen/log notice; worker_processes 1; events { worker_connections 16; }
http { access_log off; client_body_temp_path $dir/$gen/b; proxy_temp_path $dir/$gen/p; fastcgi_temp_path $dir/$gen/f;
uwsgi_temp_path $dir/$gen/u; scgi_temp_path $dir/$gen/s; server { listen %s; location / { return $status; } } }
EOF
exec %s -g 'daemon off;' -c $dir/$gen/conf`

// readyWays are programs as they are, and how it is known that they can do their work.
var readyWays = map[string]func(t *testing.T, dir string) (how string, command []string){
	"systemd-notify": func(t *testing.T, dir string) (string, []string) {
		return "notify", []string{"sh", "-c", need.Program(t, "systemd-notify", "systemd") + " --ready --status='it is there'; exec sleep 1000"}
	},
	"systemd-notify for another process": func(t *testing.T, dir string) (string, []string) {
		return "notify", []string{"sh", "-c", "(sleep 0.1; exec " + need.Program(t, "systemd-notify", "systemd") + " --ready --pid=$$) & exec sleep 1000"}
	},
	"a line to descriptor 3, as s6 has it": func(t *testing.T, dir string) (string, []string) {
		return "fd", []string{"sh", "-c", "sleep 0.1; echo >&3; exec 3>&-; exec sleep 1000"}
	},
	"a line to descriptor 7, by a child": func(t *testing.T, dir string) (string, []string) {
		return "fd:7", []string{"sh", "-c", "(sleep 0.1; echo is there >&7) & exec 7>&-; exec sleep 1000"}
	},
	"nginx by http": func(t *testing.T, dir string) (string, []string) {
		address := ownAddress() + ":"
		return "http://" + address + "{8100+generation%100}/", []string{"sh", "-c",
			fmt.Sprintf(readyNginx, address+"$((8100 + gen % 100))", nginx(t)), "sh", dir}
	},
	"nginx by http on a unix socket": func(t *testing.T, dir string) (string, []string) {
		return "http://unix:" + dir + "/{generation}.sock:/health", []string{"sh", "-c", fmt.Sprintf(readyNginx, "unix:$dir/$gen.sock", nginx(t)), "sh", dir}
	},
	"python by tcp": func(t *testing.T, dir string) (string, []string) {
		address := ownAddress()
		return "tcp:" + address + ":{8300+generation%100}", []string{"sh", "-c",
			"exec " + python(t) + " -m http.server --bind " + address + " $((8300 + RELANCE_GENERATION % 100)) 2>/dev/null"}
	},
	"a file": func(t *testing.T, dir string) (string, []string) {
		return "file:" + dir + "/ready", []string{"sh", "-c", "sleep 0.1; touch $1/ready; exec sleep 1000", "sh", dir}
	},
	"a delay": func(t *testing.T, dir string) (string, []string) { return "delay:200ms", []string{"sleep", "1000"} },
}

// Each takes over when it is ready, three times.
func TestReadyWays(t *testing.T) {
	t.Parallel()
	for name, way := range readyWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.write(t, "status", "200\n")
			how, command := way(t, s.folder)
			r := start(t, append([]string{relance(), "--log-format", "json", "--handover", "--restart-signal", "HUP", "--ready", how, "--"}, command...)...)
			if strings.HasPrefix(how, "delay") {
				eventually(t, "the first one there", func() bool { return len(childrenOf(t, r.pid)) == 1 })
			} else {
				wantEvent(t, r.errs, "up")
			}
			for gen := 2; gen <= 4; gen++ {
				r.signal(syscall.SIGHUP)
				for _, kind := range []string{"handing-over", "up", "stopping"} {
					e := nextEvent(t, r.errs)
					for e.Event == "queued" || e.Event == "" {
						e = nextEvent(t, r.errs) // the one before it leaves still; what it says of itself
					}
					if e.Event != kind || kind == "up" && (e.Generation != gen || !e.Handover) {
						t.Fatalf("%+v, want %s of generation %d", e, kind, gen)
					}
				}
			}
			r.signal(syscall.SIGTERM)
			<-r.done
		})
	}
}

// A release that answers with an error is not ready, and the line says what it answers.
func TestReadyNginxIsIll(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write(t, "status", "204\n")
	how, command := readyWays["nginx by http on a unix socket"](t, s.folder)
	r := start(t, append([]string{relance(), "--log-format", "json", "--handover", "--restart-signal", "HUP", "--ready", how, "--start-timeout", "1s",
		"--backoff", "1ms..1ms", "--"}, command...)...)
	// One that has not come to answer within a second, on a busy machine, is stopped too.
	first := wantEvent(t, r.errs, "up").Generation
	s.write(t, "status", "503\n")
	r.signal(syscall.SIGHUP)
	for ill := false; !ill; {
		e := nextEvent(t, r.errs)
		if e.Event == "up" || e.Event == "stopping" && e.Generation == first {
			t.Fatalf("%+v", e)
		}
		ill = e.Event == "stopping" && strings.Contains(e.Msg, "HTTP 503")
	}
	s.write(t, "status", "301 /elsewhere\n")
	if e := wantEvent(t, r.errs, "up"); !e.Handover {
		t.Errorf("%+v", e)
	}
	socket := filepath.Join(s.folder, strconv.Itoa(first)+".sock")
	eventually(t, "the old one gone with its socket", func() bool {
		_, err := os.Stat(socket)
		return os.IsNotExist(err)
	})
	r.signal(syscall.SIGTERM)
	<-r.done
}
