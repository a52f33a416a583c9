package ready

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relance/internal/need"
)

func TestNoProber(t *testing.T) {
	for _, s := range []Spec{{}, {Kind: Notify}, {Kind: Delay, Delay: 1}} {
		if p, err := Open(s, 1); p != nil || err != nil || s.Probed() || s.Asked() {
			t.Errorf("%+v: %v, %v", s, p, err)
		}
	}
}

func TestTCP(t *testing.T) {
	four, six := serve(t, "tcp", "127.0.0.1:0", nil), serve(t, "tcp", "[::1]:0", nil)
	_, port, _ := net.SplitHostPort(four)
	for _, at := range []string{four, six, "localhost:" + port, ":" + port, "0.0.0.0:" + port} {
		o := open(t, "tcp:"+at)
		o.begin(1)
		o.want(1, true, "connected to "+at)
	}
	at, listens := need.Nobody(t)
	o := open(t, "tcp:"+at)
	o.begin(4)
	o.want(4, false, "connect "+at+": connection refused")
	listens()
	o.want(4, true, "connected to "+at)
}

func TestNoName(t *testing.T) {
	o := open(t, "tcp:no-such-host.invalid:80")
	o.tryTime = tryTime // nobody who could tell need be there
	o.begin(1)
	o.Ask(1)
	if r := o.next(); r.Ready || !strings.HasPrefix(r.Why, "connect no-such-host.invalid:80: ") {
		t.Errorf("%+v", r)
	}
}

func TestUnix(t *testing.T) {
	dir := t.TempDir()
	o := open(t, "unix:"+dir+"/{generation}.sock")
	o.begin(2)
	at := dir + "/2.sock"
	o.want(2, false, "connect "+at+": no such file or directory")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: at})
	if err != nil {
		t.Fatal(err)
	}
	o.want(2, true, "connected to "+at)
	l.SetUnlinkOnClose(false)
	l.Close()
	o.want(2, false, "connect "+at+": connection refused")

	abstract := serve(t, "unix", "@relance-ready-"+filepath.Base(dir), nil)
	a := open(t, "unix:"+abstract)
	a.begin(1)
	a.want(1, true, "connected to "+abstract)
}

// TestFile: what was there before the generation began does not count.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/ready"
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o := open(t, "file:"+path)
	o.begin(1)
	o.want(1, false, "file "+path+": no such file or directory")
	write("")
	o.want(1, true, "file "+path+" was written")
	o.want(1, true, "file "+path+" was written")

	o.begin(2)
	o.want(2, false, "file "+path+": not written since the start")
	o.want(1, true, "file "+path+" was written")
	write("more")
	o.want(2, true, "file "+path+" was written")

	// Another one in its place, of the same size and the same age.
	o.begin(3)
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte("less"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path+".new", st.ModTime(), st.ModTime()); err != nil {
		t.Fatal(err)
	}
	o.want(3, false, "file "+path+": not written since the start")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	o.want(3, true, "file "+path+" was written")

	// Written in place, of the same size, and its age put back: until the clock of the
	// kernel has gone on.
	o.begin(5)
	for r := (Result{}); !r.Ready; {
		write("xxxx")
		if err := os.Chtimes(path, st.ModTime(), st.ModTime()); err != nil {
			t.Fatal(err)
		}
		o.Ask(5)
		r = o.next()
	}

	o.begin(4)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	o.want(4, false, "file "+path+": no such file or directory")

	// A folder on the way that is none may become one.
	odd := open(t, "file:"+path+"/below")
	write("")
	odd.begin(1)
	odd.want(1, false, "file "+path+"/below: not a directory")
	loop := open(t, "file:"+dir+"/loop")
	if err := os.Symlink("loop", dir+"/loop"); err != nil {
		t.Fatal(err)
	}
	want := "look whether generation 1 is ready: stat " + dir + "/loop: too many levels of symbolic links"
	if err := loop.Begin(1, 1); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestBesides: who hangs keeps nobody waiting. The server of generation 1 does not
// accept until generation 2 has got its result.
func TestBesides(t *testing.T) {
	heard, release := make(chan bool), make(chan bool)
	at := serve(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
		var request [4096]byte
		n, _ := conn.Read(request[:])
		if strings.HasPrefix(string(request[:n]), "GET /1 ") {
			heard <- true
			<-release
		}
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	})
	o := open(t, "http://"+at+"/{generation}")
	o.begin(1)
	o.begin(2)
	o.Ask(1)
	<-heard
	o.want(2, true, "HTTP 200")
	close(release)
	if r := o.next(); r.Gen != 1 {
		t.Errorf("%+v", r)
	}
}

// TestAskOnce: before a try has begun, it is the one that all ask for.
func TestAskOnce(t *testing.T) {
	p, err := Open(Spec{Kind: TCP, Target: "127.0.0.1:1"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Begin(1, 1); err != nil {
		t.Fatal(err)
	}
	for range 100000 {
		p.Ask(1)
		p.Ask(2) // nobody
	}
	if len(p.queue) != 1 {
		t.Errorf("%d are asked for", len(p.queue))
	}
	p.End(1)
	p.Ask(1)
	results := make(chan Result, 1)
	p.Close()
	p.Run(results)
	if len(results) != 0 {
		t.Errorf("of a generation that is over: %+v", <-results)
	}
}

// TestAskNeverWaits: whatever the owner does, and be there nobody who tries.
func TestAskNeverWaits(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		p, err := Open(Spec{Kind: TCP, Target: "127.0.0.1:1"}, 1)
		if err != nil {
			t.Fatal(err)
		}
		gen, refused := 0, 0
		for range 5000 {
			switch rnd.IntN(6) {
			case 0, 1:
				if err := p.Begin(gen+1, 1); err == nil {
					gen++
				} else {
					refused++
				}
			case 2:
				p.End(1 + rnd.IntN(gen+1))
			case 3, 4:
				c := p.gens[1+rnd.IntN(gen+1)]
				if c != nil && !c.asked.Load() && len(p.queue) == cap(p.queue) {
					t.Fatalf("seed %d: Ask would wait", seed)
				} else if c != nil {
					p.Ask(c.gen)
				}
			case 5:
				if rnd.IntN(8) == 0 && len(p.queue) > 0 {
					c := <-p.queue
					c.asked.Store(false)
				}
			}
		}
		if gen < p.most || refused == 0 {
			t.Errorf("seed %d: %d generations, %d refused: it was never full", seed, gen, refused)
		}
	}
}
