package clitest

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"relance/internal/need"
)

// nginxConf is a server as small as can be, of one worker, which says in each
// answer who it is. Its send buffer is small, so that who reads slowly is still
// being answered when it has to leave.
const nginxConf = `pid %[1]s/pid;
error_log %[1]s/log notice;
worker_processes 1;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server { listen 127.0.0.1:%[2]d sndbuf=32k; root %[1]s/www; add_header Worker $pid; }
}
`

// nginx returns its path. Debian has it in a folder that not all have in their PATH.
func nginx(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("nginx"); err == nil {
		return path
	}
	return need.Program(t, "/usr/sbin/nginx", "nginx-light")
}

// TestNginx: a real server that is recycled by the clock under load. It leaves by
// QUIT, so what it has begun to answer it answers to the end; and since it binds
// its port itself, nobody can connect from its end to the start of the next one.
func TestNginx(t *testing.T) {
	t.Parallel()
	path, duration := nginx(t), need.Load(t)
	folder, port := t.TempDir(), need.Port(t)
	// The worker of one that root has started is another user.
	for _, at := range []string{folder, filepath.Dir(folder)} {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	body := bytes.Repeat([]byte("0123456789abcde\n"), 32<<10) // half a MiB
	for file, text := range map[string][]byte{"conf": fmt.Appendf(nil, nginxConf, folder, port), "www/file": body, "log": nil} {
		name := filepath.Join(folder, file)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, relance(), "--every", "2s", "--timezone", "UTC", "--stop-signal", "QUIT", "--",
		path, "-g", "daemon off;", "-c", filepath.Join(folder, "conf"))
	r.errs.want(t, `^relance: gen 1: next recycle by the clock [0-9-]+ [0-9:]+ UTC$`)
	load := newLoad(t, fmt.Sprintf("http://127.0.0.1:%d/file", port), body)
	least := need.Much(2, 3)
	recycles := 0
	for begin := time.Now(); recycles < least || time.Since(begin) < duration; recycles++ {
		r.errs.want(t, fmt.Sprintf(`^relance: gen %d: age: due [0-9-]+ [0-9:]+ UTC, after [2-9](\.\d+)? s; stopping \(QUIT, KILL in 10 s\)$`, recycles+1))
		r.errs.want(t, fmt.Sprintf(`^relance: gen %d: up, pid \d+, .* after gen %d ended; next recycle by the clock [0-9-]+ [0-9:]+ UTC$`, recycles+2, recycles+1))
	}
	load.wantWorkers(t, recycles+1)
	all := load.end()
	askAnyway(t, load.url) // one that has only just been started does not know of QUIT yet
	r.signal(syscall.SIGTERM)
	<-r.done
	r.errs.wantClosed(t)
	checkLoad(t, all, recycles)
	// Until we came to ask it to end it may have recycled some more.
	generations := 1 + len(regexp.MustCompile(`(?m)^relance: gen \d+: up, `).FindAllString(r.errs.all(), -1))
	begun := checkNginxLog(t, filepath.Join(folder, "log"), folder, generations)
	// So the last one may have only just been started, and QUIT have ended it.
	if status := statusOf(r.cmd.ProcessState); status != 0 && (status != 128+int(syscall.SIGQUIT) || begun == generations) {
		t.Errorf("status %d", status)
	}
	if n := len(regexp.MustCompile(`(?m)^relance: `).FindAllString(r.errs.all(), -1)); n > 2*(generations+1) {
		t.Errorf("relance has said %d lines", n)
	}
	if _, err := http.Get(load.url); err == nil {
		t.Error("somebody still answers")
	}
}

// checkNginxLog: each generation was asked to leave in peace, did, and is gone. It returns how many have
// begun; the last one may not have come to it.
func checkNginxLog(t *testing.T, file, folder string, generations int) (begun int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	count := func(pattern string) int { return len(regexp.MustCompile("(?m)"+pattern).FindAll(text, -1)) }
	masters := regexp.MustCompile(`(?m)(\d+)#\d+: start worker process (\d+)$`).FindAllSubmatch(text, -1)
	if n := len(masters); n < generations-1 || n > generations {
		t.Errorf("%d generations have started, want %d", n, generations)
	}
	for _, m := range masters {
		// By its words: its pid may be somebody else's by now.
		if words := contentOf(fmt.Sprintf("/proc/%s/cmdline", m[1])); strings.Contains(words, folder) {
			t.Errorf("pid %s is still there: %q", m[1], words)
		}
		master, worker := string(m[1]), string(m[2])
		for _, pattern := range []string{
			master + `#\d+: signal 3 \(SIGQUIT\) received from .*, shutting down$`,
			master + `#\d+: worker process ` + worker + ` exited with code 0$`,
			master + `#\d+: exit$`,
		} {
			if n := count(`\[notice\] ` + pattern); n != 1 {
				t.Errorf("%d lines like %q in the log of nginx", n, pattern)
			}
		}
	}
	if n := count(`\[(warn|error|crit|alert|emerg)\]`); n > 0 || t.Failed() {
		t.Errorf("%d complaints of nginx:\n%s", n, text)
	}
	return len(masters)
}
