package clitest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/await"
	"relance/internal/need"
)

// module is tool for what a program needs beside itself: words load it.
func module(t testing.TB, debian string, words ...string) {
	t.Helper()
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		need.Lack(t, "%q: %v (apt install %s)\n%s", words, err, debian, out)
	}
}

// rooted returns the whole path of a file of the module, and lets the test cache
// know of it.
func rooted(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// program is one of the servers that are written for these tests.
func program(t testing.TB, name string) string {
	t.Helper()
	return rooted(t, "internal/clitest/testdata/requests/"+name)
}

// fresh asks on a new connection each time, and a second time for nothing.
var fresh = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

// get asks once.
func get(url string) (text string, err error) {
	answer, err := fresh.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return string(body), err
}

// ask asks until somebody takes the connection, and says how often nobody did. What
// was taken must be answered.
func ask(t testing.TB, url string) (text string, refused int) {
	t.Helper()
	await.Fact(t, url, func() (bool, string) { // nobody tells when a port is listened at
		var err error
		if text, err = get(url); err == nil {
			return true, ""
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("%s, refused %d times before: %v", url, refused, err)
		}
		refused++
		return false, err.Error()
	})
	return text, refused
}

// askAnyway is ask of a server under load, whose last moment may take a connection
// that it does not serve any more.
func askAnyway(t testing.TB, url string) {
	t.Helper()
	await.Fact(t, url, func() (bool, string) { // as above
		_, err := get(url)
		if err != nil && !errors.Is(err, syscall.ECONNREFUSED) && !untaken(err) {
			t.Fatalf("%s: %v", url, err)
		}
		return err == nil, fmt.Sprint(err)
	})
}

// untaken: the kernel had taken the connection, for a server that did not any more;
// if there is nothing of an answer.
func untaken(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) ||
		// net/http has no name for the end of a connection before it has written.
		err != nil && strings.HasSuffix(err.Error(), "http: server closed idle connection")
}

// A server is recycled after exactly its share of requests, whichever way they are
// counted, and who asks it one thing after the other gets every answer.
func TestShare(t *testing.T) {
	t.Parallel()
	share := need.Much(60, 1000)
	requests := share * 5 / 2
	for way, flags := range map[string][]string{
		"notify": nil,
		"stream": nil,
		"log":    {"--count-lines", `"GET /[0-9]+ HTTP/1.1" 200 `, "--count-stream", "stderr"},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			port := need.Port(t)
			words := append([]string{relance(), "--max-requests", fmt.Sprint(share)}, flags...)
			r := start(t, append(words, "--", python(t), program(t, "share.py"), way, fmt.Sprint(port), fmt.Sprint(share))...)
			server, number, servers, refused := 0, 0, 0, 0
			var gap time.Duration
			for n := range requests {
				asked := time.Now()
				text, again := ask(t, fmt.Sprintf("http://127.0.0.1:%d/%d", port, n))
				var path string
				var pid, as int
				if _, err := fmt.Sscanf(text, "%s by %d as number %d\n", &path, &pid, &as); err != nil || path != fmt.Sprintf("/%d", n) {
					t.Fatalf("request %d was answered %q: %v", n, text, err)
				}
				if n%share == 0 {
					server, servers, number = pid, servers+1, 0
				} else if again > 0 {
					t.Errorf("request %d was refused %d times", n, again)
				}
				if n > 0 && again > 0 {
					refused, gap = refused+again, max(gap, time.Since(asked))
				}
				if number++; pid != server || as != number {
					t.Fatalf("request %d was answered by %d as number %d, want %d, %d", n, pid, as, server, number)
				}
			}
			for gen := 1; gen < servers; gen++ {
				r.errs.want(t, fmt.Sprintf(`^relance: gen %d: requests: %d of %d served( after [^;,]*)?; stopping \(TERM, KILL in 10 s\)$`, gen, share, share))
				r.errs.want(t, fmt.Sprintf(`^relance: gen %d: up, pid \d+, .* after gen %d ended$`, gen+1, gen))
			}
			r.signal(unix.SIGTERM)
			r.wantEnd(0)
			if n := strings.Count(r.errs.all(), "requests: "); n != servers-1 || servers != 3 {
				t.Errorf("%d recycles for %d servers", n, servers)
			}
			t.Logf("%d requests answered by %d servers, %d connections refused in the gaps, the longest %s", requests, servers, refused, gap)
		})
	}
}
