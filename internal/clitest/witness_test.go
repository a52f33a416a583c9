package clitest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"relance/internal/clients"
)

// witness puts slowservers under load and remembers who has answered.
type witness struct {
	t     testing.TB
	loads []*clients.Load

	mu      sync.Mutex
	answers []answer
	count   map[int]int
	// by is who has answered on a connection that is kept, and hurt of whom one of
	// them broke, or answered otherwise than by the one it belongs to.
	by   map[net.Conn]int
	hurt map[int]int
}

// answer is one that a client has got.
type answer struct {
	pid        int
	version    string
	asked, had time.Time
}

// witnesses are how many clients ask at once.
const witnesses = 16

// witnessed puts address under the load of these clients: half of them want a new
// connection for each request, and half keep theirs.
func witnessed(t testing.TB, address string) *witness {
	w := &witness{t: t, count: map[int]int{}, by: map[net.Conn]int{}, hurt: map[int]int{}}
	for _, keep := range []bool{false, true} {
		l := clients.Start(clients.Target{Network: "tcp", Address: address, Clients: witnesses / 2, KeepAlive: keep, Patience: patience, Exchange: w.exchange})
		w.loads = append(w.loads, l)
		t.Cleanup(func() { l.Stop() })
	}
	return w
}

// exchange asks who is there.
func (w *witness) exchange(c net.Conn, r *bufio.Reader, keepAlive bool) (keep bool, err error) {
	a := answer{asked: time.Now()}
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		before, used := w.by[c]
		if used && (err != nil || a.pid != before) {
			w.hurt[before]++
		}
		if delete(w.by, c); keep {
			w.by[c] = a.pid
		}
		if err == nil {
			w.answers = append(w.answers, a)
			w.count[a.pid]++
		}
	}()
	connection := "close"
	if keepAlive {
		connection = "keep-alive"
	}
	if _, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: %s\r\n\r\n", connection); err != nil {
		return false, err
	}
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil {
		return false, err
	}
	a.had = time.Now()
	if n, err := fmt.Sscanf(string(body), "%d %s\n", &a.pid, &a.version); n != 2 || response.StatusCode != http.StatusOK {
		return false, &clients.Wrong{What: fmt.Sprintf("%s: %q, %v", response.Status, body, err)}
	}
	return !response.Close, nil
}

// more waits until each of these has answered n requests more.
func (w *witness) more(n int, pids ...int) {
	w.t.Helper()
	want := map[int]int{}
	w.mu.Lock()
	for _, pid := range pids {
		want[pid] = w.count[pid] + n
	}
	w.mu.Unlock()
	eventually(w.t, fmt.Sprintf("%d more answers of each of %v", n, pids), func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return !slices.ContainsFunc(pids, func(pid int) bool { return w.count[pid] < want[pid] })
	})
}

// mark is where in the answers we are.
func (w *witness) mark() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.answers)
}

// since are the answers from a mark on.
func (w *witness) since(mark int) []answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.answers[mark:])
}

// asked are the answers to who has asked after a moment; one that was asked for before may
// come to be known at any time.
func (w *witness) asked(after time.Time) (all []answer) {
	for _, a := range w.since(0) {
		if a.asked.After(after) {
			all = append(all, a)
		}
	}
	return all
}

// end ends the load, and returns what became of all together.
func (w *witness) end() clients.Result {
	w.t.Helper()
	var all clients.Result
	for _, l := range w.loads {
		r := l.Stop()
		all.Answers += r.Answers
		all.Refused += r.Refused
		all.Reset += r.Reset
		all.Lost += r.Lost
		all.Bad += r.Bad
		all.Raced += r.Raced
		all.Longest = max(all.Longest, r.Longest)
		all.Errors = append(all.Errors, r.Errors...)
	}
	return all
}

// wantNoneLost ends the load, of which every request must have been answered.
func (w *witness) wantNoneLost() clients.Result {
	w.t.Helper()
	r := w.end()
	if r.Failed() > 0 || r.Answers == 0 {
		w.t.Errorf("%v %q", r, r.Errors)
	}
	return r
}

// gate is what the start of a server waits for, until the test opens it: with no gate
// in the folder nobody waits.
type gate struct {
	t    testing.TB
	file *os.File
}

// throughGate is a shell that waits at the gate of folder $1, and becomes the rest of
// its words then. The pid stays. Where the gate is removed before it gets there it says
// nothing.
const throughGate = `[ ! -p "$1/gate" ] || { read go <"$1/gate"; } 2>/dev/null; shift; exec "$@" 2>/dev/null`

func shut(t testing.TB, dir string) *gate {
	t.Helper()
	path := filepath.Join(dir, "gate")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &gate{t, f}
}

// pass lets one through.
func (g *gate) pass() {
	g.t.Helper()
	if _, err := g.file.WriteString("go\n"); err != nil {
		g.t.Fatal(err)
	}
}

// remove lets all through from now on who come later.
func (g *gate) remove() {
	g.t.Helper()
	if err := os.Remove(g.file.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		g.t.Fatal(err)
	}
}

// slowserver returns the command: a slowserver of the release that dir has, which
// waits at the gate first if there is one, and says to relance when it is ready.
func slowserver(t testing.TB, dir string, flags ...string) []string {
	return append([]string{"sh", "-c", throughGate, "sh", dir, slow(t), "-version-file", filepath.Join(dir, "release"), "-notify"}, flags...)
}

// heldWords is relance with a held socket and a command that serves it.
func heldWords(flags, command []string) []string {
	words := []string{relance(), "--log-format", "json", "--listen", "127.0.0.1:0", "--restart-signal", "HUP", "--ready", "notify"}
	return append(append(append(words, flags...), "--"), command...)
}

// listens waits until relance says where it listens.
func listens(t testing.TB, r *running) (address string) {
	t.Helper()
	e := nextEvent(t, r.errs)
	address, ok := strings.CutPrefix(e.Msg, "listening on ")
	if !ok {
		t.Fatalf("%+v", e)
	}
	return address
}

// heldServer starts relance with a held socket, and waits until its command serves.
func heldServer(t testing.TB, flags, command []string) (r *running, address string, pid int) {
	t.Helper()
	r = start(t, heldWords(flags, command)...)
	address = listens(t, r)
	return r, address, wantEvent(t, r.errs, "up").PID
}
