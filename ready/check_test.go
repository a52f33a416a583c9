package ready

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const (
		eachOther = "workers 1 and 2 would answer for each other; put {worker} into it"
		leaving   = "the generation that is to leave would answer (--handover); use notify or fd"
		never     = "is never refused, as it is held (--listen); use notify, fd or http"
	)
	workers, handover := Use{Workers: 4}, Use{Workers: 1, Handover: true}
	held := func(network, address string) Use { return Use{Workers: 1, Passed: 1, Held: []Held{{network, address}}} }
	odd := Use{Workers: 1, Passed: 1, Inherited: func(fd int) bool { return fd == 4 || fd == 5 || fd == 7 }}
	for _, c := range []struct {
		word string
		use  Use
		want string // empty: it goes well
	}{
		{"", workers, ""},
		{"notify", Use{Workers: 4, Handover: true, Passed: 9}, ""},
		{"delay:1s", Use{Workers: 4, Handover: true, Passed: 9}, ""},

		{"fd", Use{Workers: 4, Handover: true}, ""},
		{"fd:5", Use{Workers: 1, Passed: 2}, ""},
		{"fd:4", Use{Workers: 1, Passed: 2}, "descriptor 4 is a held socket (--listen); use another one such as fd:5"},
		{"fd", odd, "descriptor 3 is a held socket (--listen); use another one such as fd:6"},
		{"fd:7", odd, "descriptor 7 is open, given to the command by whoever started relance; use another one such as fd:6"},
		{"fd:6", odd, ""},

		{"tcp::80", workers, eachOther},
		{"unix:/a", workers, eachOther},
		{"http://x/", workers, eachOther},
		{"file:/a", workers, eachOther},
		{"tcp::{8000+worker}", workers, ""},
		{"unix:/a.{generation}", workers, ""},
		{"tcp::{8000+worker%2}", workers, "workers 1 and 3 would answer for each other"},
		{"tcp::{65533+worker}", workers, `of worker 3: port "65536": use a number from 1 to 65535`},
		{"tcp::{8000+generation%100}", Use{Workers: 101}, "workers 1 and 101 would answer"},

		{"tcp::80", handover, leaving},
		{"unix:/a.{worker}", handover, leaving},
		{"http://x:{8000+worker}/", handover, leaving},
		{"http://x:{8000+generation%100}/", handover, ""},
		{"file:/a", handover, ""},

		{"tcp:127.0.0.1:80", held("tcp", "127.0.0.1:80"), never},
		{"tcp:127.0.0.1:80", held("tcp", "0.0.0.0:80"), "who connects to 0.0.0.0:80 " + never},
		{"tcp:127.0.0.1:80", held("tcp", "[::]:80"), never},
		{"tcp:127.0.0.1:80", held("tcp", ":80"), never},
		{"tcp::80", held("tcp", "[::1]:80"), never},
		{"tcp:0.0.0.0:80", held("tcp", "127.0.0.1:80"), never},
		{"tcp:localhost:80", held("tcp", "127.0.0.1:80"), never},
		{"tcp:localhost:80", held("tcp", ":80"), never},
		{"tcp:[::1]:80", held("tcp", "[0:0::1]:80"), never},
		{"tcp:127.0.0.1:81", held("tcp", ":80"), ""},
		{"tcp:127.0.0.2:80", held("tcp", "127.0.0.1:80"), ""},
		{"tcp::80", held("tcp", "192.0.2.1:80"), ""},
		{"tcp:db.example:80", held("tcp", ":80"), ""},
		{"tcp:127.0.0.1:80", held("unix", "/a"), ""},
		{"unix:/a", held("unix", "/a"), never},
		{"unix:@a", held("unix", "@a"), never},
		{"unix:/a", held("unix", "/b"), ""},
		{"http://127.0.0.1:80/", held("tcp", ":80"), ""},
		{"http://unix:/a", held("unix", "/a"), ""},
	} {
		s, err := Parse(c.word)
		if err != nil {
			t.Error(err)
			continue
		}
		switch err := s.Check(c.use); {
		case c.want == "" && err != nil:
			t.Errorf("%s with %+v: %v", c.word, c.use, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s with %+v: %v, want %s", c.word, c.use, err, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"HTTP 503", "HTTP 503"},
		{"a\nb\x1b[31m\x00", "a\ufffdb\ufffd[31m\ufffd"},
		{"\xff\xfe", "\ufffd\ufffd"},
		{strings.Repeat("é", 150), strings.Repeat("é", 100)},
	} {
		if got := line(c.text); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}
