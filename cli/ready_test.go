package cli

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/limits"
	"relance/ready"
)

func TestReady(t *testing.T) {
	alone, handover := ready.Use{Workers: 1}, ready.Use{Workers: 1, Handover: true}
	for _, c := range []struct {
		word, timeout string
		use           ready.Use
		said          bool
		want          ready.Spec
		most          time.Duration
		err           string
	}{
		{use: alone, most: time.Minute},
		{word: "notify", use: alone, want: ready.Spec{Kind: ready.Notify}, most: time.Minute},
		{word: "notify", timeout: "90s", use: alone, want: ready.Spec{Kind: ready.Notify}, most: 90 * time.Second},
		{timeout: "infinity", use: handover, said: true, most: limits.Forever},
		{word: "delay:59s", use: handover, want: ready.Spec{Kind: ready.Delay, Delay: 59 * time.Second}, most: time.Minute},
		{word: "delay:2m", timeout: "3m", use: handover, want: ready.Spec{Kind: ready.Delay, Delay: 2 * time.Minute}, most: 3 * time.Minute},

		{word: "soon", use: alone, err: "--ready soon: no such way to be ready, use notify, tcp:ADDR, http://ADDR/PATH, fd, file:PATH, delay:2s or unix:PATH"},
		{word: "tcp::x", use: alone, err: `--ready tcp::x: port "x": use a number from 1 to 65535`},
		{word: "http://127.0.0.1/" + strings.Repeat("x", 100) + "#", use: alone,
			err: "--ready http://127.0.0.1/" + strings.Repeat("x", 100) + "#: what follows # is never asked for; leave it out"},
		{word: "file:", use: alone, err: "--ready file:: no file; use a path such as file:/run/app/ready"},
		{word: "fd", use: ready.Use{Workers: 1, Passed: 1}, err: "--ready fd: descriptor 3 is a held socket (--listen); use another one such as fd:4"},
		{word: "delay:1m", use: alone, err: "--ready delay:1m: not sooner than --start-timeout, 1m, when it is too late; use a shorter delay or a longer timeout"},
		{word: "delay:5s", timeout: "5s", use: alone, err: "--ready delay:5s: not sooner than --start-timeout, 5 s, when it is too late; use a shorter delay or a longer timeout"},
		{timeout: "1m", use: alone, most: time.Minute},
		{timeout: "2m", use: alone, err: "--start-timeout 2m: nobody waits for a start here: who lives for --min-uptime is ready; give --ready too, or leave it out"},
		{timeout: "2m", use: handover, err: "--start-timeout 2m: nobody waits for a start here: who lives for --min-uptime is ready; give --ready too, or leave it out"},
		{timeout: "2m", use: alone, said: true, most: 2 * time.Minute},
		{timeout: "0", use: handover, said: true, err: "--start-timeout 0: no time at all to start; use a time such as 1m, or infinity"},
		{timeout: "soon", use: handover, err: `--start-timeout soon: "soon" is not a number with a unit: use a duration such as 90s, 1h30m or 2d, or infinity`},
	} {
		spec, most, err := parseReady(c.word, c.timeout, c.use, c.said)
		if err == nil && c.err == "" && spec == c.want && most == c.most {
			continue
		}
		if err == nil || err.Error() != c.err || spec != (ready.Spec{}) || most != 0 {
			t.Errorf("%q, %q: %+v, %v, %v, want %+v, %v, %s", c.word, c.timeout, spec, most, err, c.want, c.most, c.err)
		}
	}
}

// TestInherited: what others have opened is passed on to the command, what we open is not.
func TestInherited(t *testing.T) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if inherited(fd) || inherited(1<<20) {
		t.Error("it would be passed on")
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
		t.Fatal(err)
	}
	if !inherited(fd) {
		t.Error("it would not be passed on")
	}
}
