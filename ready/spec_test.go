package ready

import (
	"strings"
	"testing"
	"time"

	"relance/limits"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		word string
		want Spec
	}{
		{"", Spec{}},
		{"notify", Spec{Kind: Notify}},
		{"tcp:127.0.0.1:80", Spec{Kind: TCP, Target: "127.0.0.1:80"}},
		{"tcp:[::1]:65535", Spec{Kind: TCP, Target: "[::1]:65535"}},
		{"tcp:localhost:1", Spec{Kind: TCP, Target: "localhost:1"}},
		{"tcp::8080", Spec{Kind: TCP, Target: ":8080"}},
		{"tcp:127.0.0.1:{8000+worker}", Spec{Kind: TCP, Target: "127.0.0.1:{8000+worker}"}},
		{"tcp::800{worker}", Spec{Kind: TCP, Target: ":800{worker}"}},
		{"tcp::{8000+generation%100}", Spec{Kind: TCP, Target: ":{8000+generation%100}"}},
		{"unix:/run/app.sock", Spec{Kind: Unix, Target: "/run/app.sock"}},
		{"unix:@app", Spec{Kind: Unix, Target: "@app"}},
		{"unix:run/app.{worker}.{generation}", Spec{Kind: Unix, Target: "run/app.{worker}.{generation}"}},
		{"http://127.0.0.1:8080/health?full=1", Spec{Kind: HTTP, Target: "http://127.0.0.1:8080/health?full=1"}},
		{"http:http://127.0.0.1/", Spec{Kind: HTTP, Target: "http://127.0.0.1/"}},
		{"http:https://127.0.0.1/", Spec{Kind: HTTP, Target: "https://127.0.0.1/"}},
		{"https://localhost", Spec{Kind: HTTP, Target: "https://localhost"}},
		{"http://[::1]:80/", Spec{Kind: HTTP, Target: "http://[::1]:80/"}},
		{"http://unix:/run/app.sock:/health", Spec{Kind: HTTP, Target: "http://unix:/run/app.sock:/health"}},
		{"http://unix:@app", Spec{Kind: HTTP, Target: "http://unix:@app"}},
		{"http://127.0.0.1:{8000+worker}/{generation}", Spec{Kind: HTTP, Target: "http://127.0.0.1:{8000+worker}/{generation}"}},
		{"fd", Spec{Kind: FD, FD: 3}},
		{"fd:3", Spec{Kind: FD, FD: 3}},
		{"fd:1023", Spec{Kind: FD, FD: 1023}},
		{"file:/run/app/ready", Spec{Kind: File, Target: "/run/app/ready"}},
		{"file:a:b c", Spec{Kind: File, Target: "a:b c"}},
		{"delay:2s", Spec{Kind: Delay, Delay: 2 * time.Second}},
		{"delay:1h30m", Spec{Kind: Delay, Delay: 90 * time.Minute}},
		{"delay:2", Spec{Kind: Delay, Delay: 2 * time.Second}},
	} {
		got, err := Parse(c.word)
		if err != nil || got != c.want {
			t.Errorf("%q: %+v, %v, want %+v", c.word, got, err, c.want)
			continue
		}
		if again, err := Parse(got.String()); err != nil || again != got {
			t.Errorf("%q: printed %q, which is %+v, %v", c.word, got.String(), again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"yes", "no such way to be ready, use notify, tcp:ADDR,"},
		{"notify:", "no such way to be ready, use notify"},
		{"tcp", "no such way to be ready, use notify"},
		{"Tcp::80", "no such way to be ready, use notify"},
		{"a\x00", "a zero byte in it; leave it out"},
		{strings.Repeat("x", 5000), "longer than 4096 bytes"},
		{"tcp:", "no host and port; use host:port such as tcp:127.0.0.1:8080, tcp:[::1]:8080 or tcp::8080"},
		{"tcp:8080", "no host and port; use host:port"},
		{"tcp:::1:80", "no host and port; use host:port"},
		{"tcp::0", `port "0": use a number from 1 to 65535`},
		{"tcp::65536", `port "65536": use a number from 1 to 65535`},
		{"tcp::080", `port "080": use a number from 1 to 65535`},
		{"tcp::http", `port "http": use a number from 1 to 65535`},
		{"tcp:a/b:80", `host "a/b" is none; use host:port`},
		{"tcp: 127.0.0.1:80", `host " 127.0.0.1" is none; use host:port`},
		{"tcp:127.0.0.1:{port}", "no such placeholder; use {worker}, {generation}, {8000+worker} or {8000+generation%100}"},
		{"tcp::80{worker", "no such placeholder; use {worker}"},
		{"tcp::80worker}", "no such placeholder; use {worker}"},
		{"tcp::{8000-worker}", "no such placeholder; use {worker}"},
		{"tcp::{8000+worker%1}", "no such placeholder; use {worker}"},
		{"tcp::{+worker}", "no such placeholder; use {worker}"},
		{"tcp::{65535+worker}", `port "65536": use a number`},
		{"tcp::{8000+generation}", `of a late generation: port "2147491647": use a number from 1 to 65535; ` +
			"use a remainder such as {8000+generation%100}"},
		{"http://127.0.0.1:{8000+generation}/", "of a late generation: "},
		{"unix:", "no address; use a path or @name such as unix:/run/app.sock or unix:@app"},
		{"unix:@", "no address; use a path or @name"},
		{"unix:" + strings.Repeat("x", 108), "the address of a socket has at most 107 bytes, and this one 108"},
		{"unix:" + strings.Repeat("x", 100) + "{generation}", "of a late generation: the address of a socket has at most 107 bytes"},
		{"http:", "no http:// or https://; use a URL such as http://127.0.0.1:8080/health"},
		{"http:127.0.0.1:80", "no http:// or https://; use a URL"},
		{"https:http://x/", "no http:// or https://; use a URL"},
		{"http:http:http://x/", "no http:// or https://; use a URL"},
		{"http://", "no host; use a URL"},
		{"http:///health", "no host; use a URL"},
		{"http://:80/", "no host; use a URL"},
		{"http://x:99999/", `port "99999": use a number from 1 to 65535`},
		{"http://x:/", `port "": use a number from 1 to 65535`},
		{"http://a b/", `invalid character " " in host name; use a URL`},
		{"http://x/\x7f", "invalid control character in URL; use a URL"},
		{"http://u:p@x/", "a password here could be read by all (ps(1)); use a page that needs none"},
		{"http://x/#top", "what follows # is never asked for; leave it out"},
		{"http://unix:", "no address; use a path or @name"},
		{"http://unix:/a:b", `page "b" does not begin with /; use http://unix:/run/app.sock:/health`},
		{"fd:", "use a descriptor from 3 to 1023 such as fd:3"},
		{"fd:2", "use a descriptor from 3 to 1023 such as fd:3"},
		{"fd:1024", "use a descriptor from 3 to 1023 such as fd:3"},
		{"fd:+3", "use a descriptor from 3 to 1023 such as fd:3"},
		{"file:", "no file; use a path such as file:/run/app/ready"},
		{"file:/run/", "no file; use a path such as file:/run/app/ready"},
		{"delay:0", "nothing is waited for; use a time such as delay:2s"},
		{"delay:soon", "parse duration"},
		{"delay:infinity", "parse duration"},
	} {
		got, err := Parse(c.word)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %+v, %v, want %s", c.word, got, err, c.want)
		} else if !strings.HasPrefix(err.Error(), "ready "+limits.Quote(c.word)+": ") {
			t.Errorf("%q is not in the error: %v", c.word, err)
		}
		if got != (Spec{}) {
			t.Errorf("%q: an error and %+v", c.word, got)
		}
	}
}

func TestExpand(t *testing.T) {
	for _, c := range []struct {
		target      string
		worker, gen int
		want        string
	}{
		{":80", 3, 7, ":80"},
		{":{8000+worker}", 3, 7, ":8003"},
		{"{generation}/{worker}.{worker}", 3, 7, "7/3.3"},
		{":{8000+generation%100}", 3, 1207, ":8007"},
		{"{worker%2}", 3, 7, "1"},
	} {
		if got := expand(c.target, c.worker, c.gen); got != c.want {
			t.Errorf("%s of %d, %d: %s, want %s", c.target, c.worker, c.gen, got, c.want)
		}
	}
}

// What is accepted comes back when it is printed, and has a target for every worker's
// first and last generation that can be looked at.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"notify", "tcp:127.0.0.1:80", "tcp:[fe80::1%eth0]:{8000+worker}", "tcp::{8000+generation%100}", "unix:@a{generation}",
		"http://127.0.0.1:8080/ok?x={worker}", "http:https://[::1%25lo]:1/", "http://unix:/a:/b", "fd:7", "file:a b", "delay:1.5h 3ns", "{}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, word string) {
		s, err := Parse(word)
		if err != nil {
			if s != (Spec{}) || !strings.Contains(err.Error(), ": ") || len(err.Error()) > 3000 {
				t.Errorf("%q: %+v, %v", word, s, err)
			}
			return
		}
		if again, err := Parse(s.String()); err != nil || again != s {
			t.Errorf("%q: %+v, printed %q, which is %+v, %v", word, s, s.String(), again, err)
		}
		if (s == Spec{}) != (word == "") || s.Asked() != (s.Target != "") || s.Kind == Delay && s.Delay <= 0 {
			t.Errorf("%q: %+v", word, s)
		}
		if s.Kind == HTTP {
			for _, gen := range []int{1, lateGeneration} {
				p, err := parseURL(expand(s.Target, 1, gen))
				if err != nil || p.address == "" || p.url.Host == "" {
					t.Errorf("%q: of generation %d: %+v, %v", word, gen, p, err)
				}
			}
		}
		if err := s.Check(Use{Workers: 1}); err != nil {
			t.Errorf("%q with nothing else: %v", word, err)
		}
	})
}

func TestNumbered(t *testing.T) {
	for word, want := range map[string]bool{
		"": false, "notify": false, "tcp::8080": false, "tcp::{8000+worker}": false, "file:generation": false,
		"tcp::{8000+generation%100}": true, "unix:/run/{worker}.{generation}": true, "http://127.0.0.1/{generation}/{worker}": true,
	} {
		s, err := Parse(word)
		if err != nil || s.Numbered() != want {
			t.Errorf("%q: %v, %v", word, s.Numbered(), err)
		}
	}
}

func TestPerWorker(t *testing.T) {
	for word, want := range map[string]bool{
		"": false, "notify": false, "tcp::8080": false, "file:worker": false, "tcp::{8000+generation%100}": false,
		"tcp::{8000+worker}": true, "unix:/run/{generation}.{worker}": true,
	} {
		s, err := Parse(word)
		if err != nil || s.PerWorker() != want {
			t.Errorf("%q: %v, %v", word, s.PerWorker(), err)
		}
	}
}
