package clitest

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"relance/requests"
)

// listener is a server for the processes of one test.
type listener struct {
	*testing.T
	counter *requests.Counter
	news    chan requests.News
	env     map[string]string
	mu      sync.Mutex
	said    string
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{T: t, counter: requests.NewCounter(), news: make(chan requests.News, 16), env: map[string]string{}}
	l.counter.Begin(1)
	server, err := requests.Open(l.counter, "", func(text string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.said += text + "\n"
	})
	if err != nil {
		t.Fatal(err)
	}
	env, err := server.Begin(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		l.env[name] = value
	}
	go server.Run(l.news)
	return l
}

// run runs words with the sockets named in its environment, and returns status and
// output.
func (l *listener) run(sockets []string, words ...string) (status int, out string) {
	l.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "NOTIFY_SOCKET=") || strings.HasPrefix(entry, "RELANCE_")
	})
	for _, name := range sockets {
		cmd.Env = append(cmd.Env, name+"="+l.env[name])
	}
	text, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		l.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

func (l *listener) figures(served, inFlight int64) {
	l.Helper()
	if s, f := l.counter.Read(); s != served || f != inFlight {
		l.Errorf("%d served, %d in flight; want %d, %d; said %s", s, f, served, inFlight, l.said)
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	l, notify, stream := listen(t), []string{"NOTIFY_SOCKET"}, []string{"RELANCE_SOCKET"}
	for _, c := range []struct {
		sockets          []string
		words            string
		status           int
		out              string
		served, inFlight int64
	}{
		{notify, "--request", 0, "", 1, 0},
		{notify, "--request=4 --begin=a --begin", 0, "", 5, 2},
		{notify, "--end a --end", 0, "", 7, 0},
		{stream, "--request=3", 0, "", 10, 0},
		{stream, "--begin", 125, "relance: error: notify: NOTIFY_SOCKET is not set", 10, 0},
		{append(stream, notify...), "--begin", 0, "", 10, 1},
		{nil, "--request --begin --ready", 0, "", 10, 1},
		{nil, "--nonsense", 125, "relance: error: notify --nonsense: no such flag", 10, 1},
	} {
		status, out := l.run(c.sockets, append([]string{relance(), "notify"}, strings.Fields(c.words)...)...)
		if status != c.status || !strings.HasPrefix(out, c.out) || c.out == "" && out != "" {
			t.Errorf("%v notify %s: status %d: %s", c.sockets, c.words, status, out)
		}
		l.figures(c.served, c.inFlight)
	}
	if status, out := l.run(notify, relance(), "notify", "--ready", "--reloading", "--status", "all is well", "--extend=2s"); status != 0 || out != "" {
		t.Errorf("status %d: %s", status, out)
	}
	for _, want := range []requests.News{
		{Gen: 1, Kind: requests.Extend, By: 2 * time.Second}, {Gen: 1, Kind: requests.Ready},
		{Gen: 1, Kind: requests.Status, Text: "all is well"},
	} {
		if got := <-l.news; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestNotifyAtOnce: a helper that leaves at once is still counted.
func TestNotifyAtOnce(t *testing.T) {
	t.Parallel()
	l := listen(t)
	script := "for i in 1 2 3 4 5 6 7 8 9 10; do (" + relance() + " notify --request); done"
	if status, out := l.run([]string{"NOTIFY_SOCKET"}, "sh", "-c", script); status != 0 || out != "" {
		t.Errorf("status %d: %s", status, out)
	}
	l.figures(10, 0)
}

func TestNotifyToNobody(t *testing.T) {
	t.Parallel()
	l := listen(t)
	l.env["NOTIFY_SOCKET"] = "@relance/none"
	if status, out := l.run([]string{"NOTIFY_SOCKET"}, relance(), "notify", "--ready"); status != 125 || !strings.Contains(out, "NOTIFY_SOCKET") {
		t.Errorf("status %d: %s", status, out)
	}
}
