package main

import (
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseFlags(t *testing.T) {
	o, err := parseFlags([]string{
		"-add", "bin/a=b=/bin/a", "-disk", "x.img", "-disk", "y.img=/mnt/y", "-back", "/run/x=out=1",
		"-env", "A=1", "-pid1", "/bin/relance --", "-swap", "256M", "-memory", "2G", "t.test", "-test.v",
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want any }{
		{o.add, []pair{{"bin/a=b", "/bin/a"}}},
		{o.disks, []pair{{"x.img", "/data"}, {"y.img", "/mnt/y"}}},
		{o.back, []pair{{host: "out=1", guest: "/run/x"}}},
		{o.env, []string{"A=1"}},
		{o.pid1, []string{"/bin/relance", "--"}},
		{o.swap, int64(256 << 20)},
		{o.memory, int64(2 << 30)},
		{o.command, []string{"t.test", "-test.v"}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

func TestParseFlagsRefuses(t *testing.T) {
	for _, line := range []string{
		"", "-nonsense x", "-add only x", "-add a=b x", "-back a=b x", "-pid1 relance x",
		"-systemd -pid1 /bin/x x",
		"-swap 0 x", "-swap M x", "-swap 1.5G x", "-swap 1T x", "-memory -1G x",
	} {
		if _, err := parseFlags(strings.Fields(line), io.Discard); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
}

func TestRedirect(t *testing.T) {
	args, backs := redirect([]string{
		"-test.v", "-test.outputdir=/home/me", "-test.cpuprofile=cpu.out", "--test.coverprofile=/tmp/b/c.out",
		"-test.gocoverdir=/tmp/b/dir", "-test.memprofile=", "positional=1", "-mine=x",
	}, "/cwd")
	wantArgs := []string{
		"-test.v", "-test.cpuprofile=/vm/out/2-cpuprofile", "-test.coverprofile=/vm/out/3-coverprofile",
		"-test.gocoverdir=/vm/out/4-gocoverdir", "-test.memprofile=", "positional=1", "-mine=x",
	}
	wantBacks := []back{
		{guest: "/vm/out/2-cpuprofile", host: "/home/me/cpu.out"},
		{guest: "/vm/out/3-coverprofile", host: "/tmp/b/c.out"},
		{guest: "/vm/out/4-gocoverdir", host: "/tmp/b/dir", folder: true},
	}
	if !slices.Equal(args, wantArgs) || !slices.Equal(backs, wantBacks) {
		t.Errorf("got  %q\n     %+v\nwant %q\n     %+v", args, backs, wantArgs, wantBacks)
	}
}

func TestTimeoutOf(t *testing.T) {
	for arg, want := range map[string]time.Duration{
		"-test.v":             11 * time.Minute,
		"-test.timeout=30s":   90 * time.Second,
		"--test.timeout=1h":   61 * time.Minute,
		"-test.timeout=0":     0,
		"-test.timeout=later": 11 * time.Minute, // the test binary will refuse it
	} {
		if got := timeoutOf([]string{arg}); got != want {
			t.Errorf("%s: %v, want %v", arg, got, want)
		}
	}
}

func TestGuestEnv(t *testing.T) {
	env := guestEnv(options{env: []string{"MINE=1"}, swap: 4096}, []string{
		"HOME=/home/me", "RELANCE_TEST_X=1", "RELANCE_TEST_VM_HOST=1", "SECRET=1",
	})
	for want, there := range map[string]bool{
		"RELANCE_TEST_VM=1": true, "RELANCE_TEST_X=1": true, "MINE=1": true, "HOME=/root": true,
		"RELANCE_TEST_VM_SWAP=4096": true, "RELANCE_TEST_VM_HOST=1": false, "SECRET=1": false, "HOME=/home/me": false,
	} {
		if slices.Contains(env, want) != there {
			t.Errorf("%s: there %v, want %v", want, !there, there)
		}
	}
}

func TestLastLines(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"a\r\nb\r\n\r\nc\r\n":        "\tb\n\tc",
		"\x1bcone\n\x1b[2Jtwo\x00\n": "\tcone\n\t[2Jtwo",
		"1\n2\nKernel panic: x\ntrace\ntrace\ntrace\n": "\tKernel panic: x\n\ttrace",
		"1\nKernel panic: x\n":                         "\t1\n\tKernel panic: x",
	} {
		if got := lastLines(text, 2); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
