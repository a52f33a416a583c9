package clitest

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"relance/internal/need"
)

// crowd is many clients of a server, each of which asks, waits for the whole answer
// and asks again.
type crowd struct {
	url  string
	over chan struct{}
	stop func() // closes over
	done sync.WaitGroup

	mu sync.Mutex
	// answered by whom, and how many were refused.
	answered map[string]int
	refused  int
	// untaken are those that the kernel had taken, and nobody answered.
	untaken []string
	wrong   []string
}

func newCrowd(t *testing.T, port, clients int) *crowd {
	c := &crowd{url: fmt.Sprintf("http://127.0.0.1:%d", port), over: make(chan struct{}), answered: map[string]int{}}
	c.stop = sync.OnceFunc(func() { close(c.over) })
	t.Cleanup(c.stop)
	for n := range clients {
		c.done.Go(func() { c.client(n) })
	}
	return c
}

// client asks for a path of its own each time, now and then for one that takes longer.
func (c *crowd) client(n int) {
	for k := 0; ; k++ {
		path := fmt.Sprintf("/%d-%d", n, k)
		if k%8 == n%8 {
			path = "/slow" + path[1:]
		}
		next := pause()
		if c.ask(path) {
			next = 10 * pause() // nobody is there, so the machine is left to who is to come
		}
		select {
		case <-c.over:
			return
		case <-time.After(next):
		}
	}
}

func (c *crowd) ask(path string) (refused bool) {
	text, err := get(c.url + path)
	c.mu.Lock()
	defer c.mu.Unlock()
	who, right := strings.CutPrefix(text, path+" by ")
	switch {
	case err == nil && right && strings.HasSuffix(who, "\n"):
		c.answered[strings.TrimSpace(who)]++
	case errors.Is(err, syscall.ECONNREFUSED):
		c.refused++
		return true
	case text == "" && untaken(err):
		c.untaken = append(c.untaken, path)
	default:
		c.wrong = append(c.wrong, fmt.Sprintf("%s: %q, %v", path, text, err))
	}
	return false
}

// end ends the load and checks it: so many servers have answered at least, and
// nothing wrong. begun are the paths that a server has begun to serve: these must
// have been answered.
func (c *crowd) end(t *testing.T, servers int, begun string) {
	t.Helper()
	c.stop()
	c.done.Wait()
	for _, wrong := range c.wrong {
		t.Errorf("wrong: %s", wrong)
	}
	taken := map[string]bool{}
	for _, line := range strings.Split(begun, "\n") {
		taken[line] = true
	}
	for _, path := range c.untaken {
		if taken["begun "+path] {
			t.Errorf("%s was begun, and not answered", path)
		}
	}
	all := 0
	for _, n := range c.answered {
		all += n
	}
	if len(c.answered) < servers {
		t.Errorf("%d servers have answered, want %d", len(c.answered), servers)
	}
	t.Logf("%d requests answered in full by %d servers, %d refused, %d reset before anybody took them",
		all, len(c.answered), c.refused, len(c.untaken))
}

// counted is a server for which there is an example.
type counted struct {
	name string
	// words start it at a port.
	words func(t *testing.T, port string) []string
	// flags are what relance needs for it; nil: nothing.
	flags func(t *testing.T) []string
	// alone: it takes one request after the other.
	alone bool
}

const debianPython = "/usr/bin/python3"

var countedServers = []counted{
	// A worker that has just been forked takes no notice of TERM, and has to be killed later, with what it
	// is serving. Where the program is loaded before the fork that is but a moment.
	{name: "gunicorn", words: func(t *testing.T, port string) []string {
		return []string{need.Program(t, "gunicorn", "gunicorn"), "--preload", "--workers", "2", "--bind", "127.0.0.1:" + port, "--log-level", "warning", "wsgi_app:app"}
	}},
	{name: "uvicorn", words: func(t *testing.T, port string) []string {
		module(t, "python3-uvicorn", debianPython, "-c", "import uvicorn")
		return []string{debianPython, "-m", "uvicorn", "--port", port, "--log-level", "warning", "asgi_app:app"}
	}},
	{name: "node", words: func(t *testing.T, port string) []string {
		return []string{need.Program(t, "node", "nodejs"), program(t, "server.js"), port, rooted(t, "examples/requests/relance.js")}
	}, flags: func(t *testing.T) []string {
		// As examples/requests/relance.js tells people.
		const young = "const [a, b] = process.versions.node.split('.'); process.exit(a > 20 || a == 20 && b >= 4 ? 0 : 1)"
		if exec.Command(need.Program(t, "node", "nodejs"), "-e", young).Run() == nil {
			return nil
		}
		return []string{"--socket-dir", t.TempDir()}
	}},
	{name: "php", alone: true, words: func(t *testing.T, port string) []string {
		module(t, "php-cli", "php", "-r", "if (!function_exists('pcntl_signal')) exit(1);")
		return []string{need.Program(t, "php", "php-cli"), program(t, "server.php"), port, rooted(t, "examples/requests/relance.php")}
	}},
	{name: "ruby", words: func(t *testing.T, port string) []string {
		module(t, "ruby ruby-rack ruby-webrick", "ruby", "-e", "require 'rack'; require 'webrick'")
		return []string{need.Program(t, "ruby", "ruby"), program(t, "server.rb"), port, rooted(t, "examples/requests/relance.rb")}
	}},
}

// command is the server under relance with these flags.
func (s counted) command(t *testing.T, port int, flags ...string) *exec.Cmd {
	t.Helper()
	if s.flags != nil {
		flags = append(flags, s.flags(t)...)
	}
	return s.bare(t, port, append(append([]string{relance()}, flags...), "--")...)
}

// bare is the server by itself, or under words.
func (s counted) bare(t *testing.T, port int, words ...string) *exec.Cmd {
	t.Helper()
	words = append(words, s.words(t, fmt.Sprint(port))...)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = rooted(t, "internal/clitest/testdata/requests")
	cmd.Env = append(cmd.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+rooted(t, "examples/requests"))
	return cmd
}
