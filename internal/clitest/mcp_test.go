package clitest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"relance/internal/need"
)

// npm returns the path of node, and a folder with the programs of testdata/npm and
// what scripts/fetch-npm.sh has fetched for them.
func npm(t *testing.T) (node, folder string) {
	t.Helper()
	node = need.Program(t, "node", "nodejs")
	cache, err := filepath.Abs(filepath.Join(root, "cache", "npm"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/npm/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(cache, "package-lock.json")); !bytes.Equal(got, want) {
		need.Lack(t, "%s is not there or old: %v; run scripts/fetch-npm.sh", cache, err)
	}
	folder = t.TempDir()
	// A module looks for others in the folder that it is in.
	if err := os.Symlink(filepath.Join(cache, "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mcp.mjs", "leak.cjs", "tells_systemd.cjs"} {
		text, err := os.ReadFile(filepath.Join("testdata/npm", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return node, folder
}

// A real MCP server with the official client, which is to notice nothing while the
// server is recycled beneath it: by requests, and by memory that it leaks. A
// quarter of the calls make the server ask the client something meanwhile.
func TestMCP(t *testing.T) {
	t.Parallel()
	node, folder := npm(t)
	server := filepath.Join(folder, "node_modules/@modelcontextprotocol/server-everything/dist/index.js")
	calls := need.Much(110, 2000)
	for _, test := range []struct {
		name    string
		pause   string // between two calls, in ms
		command []string
		// least is how many recycles there are, because is what they are for.
		least   int
		because string
	}{
		{"bare", "0", []string{node, server, "stdio"}, 0, "-"},
		{
			"requests", "0", []string{relance(), "--stdio", "jsonrpc", "--stdio-init", "auto", "--max-requests", "50", "--", node, server, "stdio"},
			calls / 50, `requests: 50 of 50 served`,
		},
		{
			"memory", "20", []string{
				relance(), "--stdio", "jsonrpc", "--stdio-init", "auto", "--memory-high", "120M", "--min-uptime", "0s", "--",
				node, "--require", filepath.Join(folder, "leak.cjs"), server, "stdio",
			},
			max(calls/150, 1), `memory-high: \d+ MiB of 120 MiB`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, append([]string{node, filepath.Join(folder, "mcp.mjs"), strconv.Itoa(calls), test.pause}, test.command...)...)
			var seen struct {
				Tools, Right, Asked, Notified, Ms int
				Complaints                        []string
			}
			if err := json.Unmarshal([]byte(r.out), &seen); err != nil {
				t.Fatalf("%v: status %d, %s\n%s", err, r.status, r.out, r.stderr)
			}
			recycles := len(regexp.MustCompile(`(?m)^relance: gen \d+: `+test.because+` .*; stopping`).FindAllString(r.stderr, -1))
			starts := len(regexp.MustCompile(`(?m)^Starting default \(STDIO\) server`).FindAllString(r.stderr, -1))
			if seen.Right != calls || seen.Asked != calls/4 || seen.Tools < 10 || len(seen.Complaints) > 0 {
				t.Errorf("the client has noticed: %s", r.out)
			}
			if recycles < test.least || starts < recycles || starts > recycles+1 {
				t.Errorf("%d recycles and %d starts, want %d recycles", recycles, starts, test.least)
			}
			if r.status != 0 || t.Failed() {
				t.Errorf("status %d, stderr\n%s", r.status, r.stderr)
			}
			t.Logf("%d calls, %d asked back, %d recycles, %d ms", seen.Right, seen.Asked, recycles, seen.Ms)
		})
	}
}
