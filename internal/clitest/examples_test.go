package clitest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// Each example counts: the server is recycled at its number while many clients ask,
// and what it has begun it answers.
func TestExamplesUnderLoad(t *testing.T) {
	t.Parallel()
	const share = 200
	recycles := need.Much(1, 3)
	for _, server := range countedServers {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			port := need.Port(t)
			r := startCmd(t, server.command(t, port, "--max-requests", strconv.Itoa(share), "--drain-timeout", "2m", "--stop-timeout", "2m"))
			load, counted := newCrowd(t, port, 8), 0
			for gen := 1; gen <= recycles; gen++ {
				m := r.errs.want(t, fmt.Sprintf(`^relance: gen %d: requests: (\d+) of %d served after [^,;]*(, .* in flight)?(; stopping .*|; waits for .*|)$`, gen, share))
				// It serves on until relance has got its turn; TestShare has the exact count.
				n, err := strconv.Atoi(m[1])
				if err != nil || n < share || m[2] != "" {
					t.Errorf("gen %d: %q, want %d requests, and what it has begun", gen, m[0], share)
				}
				counted += n
				r.errs.want(t, fmt.Sprintf(`^relance: gen %d: up, `, gen+1))
			}
			askAnyway(t, load.url+"/last") // the last one serves too, whoever of the crowd has met it
			load.end(t, recycles, r.out.all())
			// Before it is asked to end: gunicorn forgets that of a worker that has just been started, and an end
			// is told after the client has got its answer, so that one may rightly be in flight then.
			if said := r.errs.all(); strings.Contains(said, "KILL to") || strings.Contains(said, "still in flight") {
				t.Error("not all have left, or what was in flight was cut off")
			}
			r.signal(unix.SIGTERM)
			<-r.done
			r.out.wantClosed(t)
			if begun := strings.Count(r.out.all(), "begun "); counted > begun {
				t.Errorf("%d requests were counted, of %d", counted, begun)
			}
			if said := r.errs.all(); regexp.MustCompile(`not counted|not understood|Error|Traceback`).MatchString(said) {
				t.Error("not as it should be")
			}
		})
	}
}

// Without relance the examples do nothing.
func TestExamplesAlone(t *testing.T) {
	t.Parallel()
	for _, server := range countedServers {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			port := need.Port(t)
			cmd := server.bare(t, port)
			for _, name := range []string{"NOTIFY_SOCKET", "RELANCE_SOCKET"} {
				if _, there := os.LookupEnv(name); there {
					t.Fatalf("%s is set here", name)
				}
			}
			if server.name == "gunicorn" {
				// Who has answered heeds TERM; another worker may have just been started, and dies of it.
				cmd.Args = append(cmd.Args, "--workers", "1")
			}
			r := startCmd(t, cmd)
			for n := range 20 {
				path := fmt.Sprintf("/%d", n)
				if text, _ := ask(t, fmt.Sprintf("http://127.0.0.1:%d%s", port, path)); !strings.HasPrefix(text, path+" by ") {
					t.Errorf("answered %q", text)
				}
			}
			r.signal(unix.SIGTERM)
			if server.alone { // it looks for the signal when it is asked
				_, _ = get(fmt.Sprintf("http://127.0.0.1:%d/last", port))
			}
			<-r.done
			if said := r.errs.all(); said != "" {
				t.Errorf("it has said %q", said)
			}
		})
	}
}

// gunicorn with two workers under wrk: recycled while loaded, and wrk sees no answer
// but whole ones. On a held socket it has one to each request; on one of gunicorn's own
// nobody listens between two generations, which is the control.
func TestGunicornUnderWrk(t *testing.T) {
	t.Parallel()
	t.Run("held", func(t *testing.T) {
		t.Parallel()
		gunicornUnderWrk(t, true)
	})
	t.Run("its own socket", func(t *testing.T) {
		t.Parallel()
		gunicornUnderWrk(t, false)
	})
}

func gunicornUnderWrk(t *testing.T, held bool) {
	wrk := need.Program(t, "wrk", "wrk")
	server, recycles := countedServers[0], need.Much(1, 5)
	port := need.Port(t)
	flags := []string{"--max-requests", need.Much("300", "1000"), "--drain-timeout", "2m", "--stop-timeout", "2m"}
	if held {
		flags = append(flags, "--listen", fmt.Sprintf("127.0.0.1:%d", port))
	}
	r := startCmd(t, server.command(t, port, flags...))
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	ask(t, url)
	begin := time.Now()
	w := start(t, wrk, "--threads", "1", "--connections", "8", "--duration", "1h", "--timeout", "2m", url)
	for gen := range recycles {
		r.errs.want(t, fmt.Sprintf(`^relance: gen %d: .*; stopping \(TERM`, gen+1))
		r.errs.want(t, fmt.Sprintf(`^relance: gen %d: up`, gen+2))
	}
	w.signal(unix.SIGINT) // it says what it has seen
	w.wantEnd(0)
	took := time.Since(begin)
	w.out.wantClosed(t)
	said := w.out.all()
	m := regexp.MustCompile(`(\d+) requests in `).FindStringSubmatch(said)
	if m == nil || strings.Contains(said, "Non-2xx") {
		t.Fatalf("wrk says\n%s", said)
	}
	askAnyway(t, url)
	// As above: gunicorn forgets that it is asked to end, of a worker that has just been started.
	if said := r.errs.all(); strings.Contains(said, "still in flight") || strings.Contains(said, "KILL to") {
		t.Error("what was in flight was cut off")
	}
	r.signal(unix.SIGTERM)
	<-r.done
	errors := regexp.MustCompile(`Socket errors: .*`).FindString(said)
	if (errors == "") != held {
		t.Errorf("held %v: %q", held, errors)
	}
	t.Logf("wrk: %s requests in %s, %d recycles; %s", m[1], took, recycles, errors)
}

// A worker in shell: each line is a request, and no line is lost.
func TestWorkerInShell(t *testing.T) {
	t.Parallel()
	const jobs, share = 60, 20
	worker := rooted(t, "examples/requests/worker.sh")
	var lines strings.Builder
	for n := range jobs {
		fmt.Fprintf(&lines, "job %d\n", n)
	}
	done := regexp.MustCompile(`(?m)^(job)`).ReplaceAllString(lines.String(), "done: $1")
	t.Run("recycled", func(t *testing.T) {
		t.Parallel()
		cmd := exec.Command(relance(), "--max-requests", strconv.Itoa(share), "--", worker)
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(relance())+":"+os.Getenv("PATH"))
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		r := startCmd(t, cmd)
		// It works on until relance has got its turn, so that not all are there from the beginning.
		text := lines.String()
		half := strings.Index(text, "job 30\n")
		for gen, part := range []string{text[:half], text[half:]} {
			if _, err := io.WriteString(in, part); err != nil {
				t.Fatal(err)
			}
			m := r.errs.want(t, fmt.Sprintf(`^relance: gen %d: requests: (\d+) of %d served after .*; stopping`, gen+1, share))
			if n, err := strconv.Atoi(m[1]); err != nil || n < share || n > jobs {
				t.Errorf("%q", m[0])
			}
		}
		in.Close()
		r.wantEnd(0)
		r.out.wantClosed(t)
		if got := r.out.all() + "\n"; got != done {
			t.Errorf("it has done\n%s", got)
		}
	})
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		cmd := exec.Command(worker)
		cmd.Stdin = strings.NewReader(lines.String())
		if got := runCmd(t, cmd); got.status != 0 || got.out != done || got.stderr != "" {
			t.Errorf("status %d, and it has said %q, done\n%s", got.status, got.stderr, got.out)
		}
	})
}
