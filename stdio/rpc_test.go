package stdio

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
	"relance/requests"
)

// peer is the other side of JSON-RPC, in one of the two framings.
type peer struct {
	*rig
	framing string
	// thanks is what it says after the initialize.
	thanks string
}

func peers(t *testing.T, s Settings, test func(t *testing.T, p *peer)) {
	t.Parallel()
	for mode, thanks := range map[Mode]string{JSONRPC: "notifications/initialized", ContentLength: "initialized"} {
		s := s
		s.Mode = mode
		framing := map[Mode]string{JSONRPC: "lines", ContentLength: "headers"}[mode]
		t.Run(framing, func(t *testing.T) {
			t.Parallel()
			p := &peer{connect(t, s), framing, thanks}
			p.serve()
			test(t, p)
		})
	}
}

// serve starts a generation of the server.
func (p *peer) serve() {
	p.t.Helper()
	p.start(need.Python(p.t), "testdata/server.py", fmt.Sprint(p.gen+1), p.framing)
}

func (p *peer) say(body string) {
	p.t.Helper()
	if p.framing == "headers" {
		p.send(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
	} else {
		p.send(body + "\n")
	}
}

// hears reads a message, which must be this one.
func (p *peer) hears(want string) {
	p.t.Helper()
	var got string
	within(p.t, "an answer "+want, func() {
		got, _ = p.answers.ReadString('\n')
		if p.framing == "headers" {
			var n int
			if _, err := fmt.Sscanf(got, "Content-Length: %d\r\n", &n); err == nil {
				body := make([]byte, n+2)
				_, _ = io.ReadFull(p.answers, body)
				got = string(body[2:]) + "\n"
			}
		}
	})
	// As Python writes them, or we.
	clean := strings.NewReplacer(`, "jsonrpc": "2.0"`, "", ", ", ",", ": ", ":", `"jsonrpc":"2.0",`, "").Replace(strings.TrimSpace(got))
	if clean != want {
		p.t.Fatalf("got %q, want %q", clean, want)
	}
}

// open says hello.
func (p *peer) open() {
	p.t.Helper()
	p.say(`{"jsonrpc":"2.0","id":0,"method":"initialize"}`)
	p.hears(`{"id":0,"result":{"generation":"1"}}`)
	p.say(`{"jsonrpc":"2.0","method":"` + p.thanks + `"}`)
}

func ask(id, method string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"%s"}`, id, method)
}

func result(id, method string, gen int) string {
	return fmt.Sprintf(`{"id":%s,"result":{"method":"%s","generation":"%d"}}`, id, method, gen)
}

const restarted = `"error":{"code":-32000,"message":"server restarted"}}`

// A session goes on over generations, and the other side sees one initialize.
func TestSession(t *testing.T) {
	peers(t, Settings{Init: true}, func(t *testing.T, p *peer) {
		p.open()
		for gen := 1; gen <= 5; gen++ {
			p.say(ask("1", "x"))
			p.hears(result("1", "x", gen))
			p.Drain()
			p.say(ask(`"held"`, "y")) // waits for the next
			p.CloseInput()
			if n := p.end(); n.Lost != 0 {
				t.Errorf("%+v", n)
			}
			p.serve()
			p.hears(result(`"held"`, "y", gen+1))
		}
		p.say(ask("2", "never"))
		p.say(ask(`"a\u0062"`, "die"))
		if n := p.end(); n.Lost != 2 || n.Owed != 0 {
			t.Errorf("%+v", n)
		}
		p.hears(`{"id":2,` + restarted)
		p.hears(`{"id":"a\u0062",` + restarted)
		p.serve()
		p.say(ask("3", "x"))
		p.hears(result("3", "x", 7))
		p.in.Close()
		p.wait(requests.InputEnded)
		p.end()
		p.nothing()
	})
}

// Without it, each generation has to be greeted.
func TestNoSession(t *testing.T) {
	peers(t, Settings{}, func(t *testing.T, p *peer) {
		p.open()
		p.say(ask("1", "x"))
		p.hears(result("1", "x", 1)) // so it has got all
		p.kill()
		p.serve()
		p.say(ask("1", "x"))
		p.hears(`{"id":1,"error":{"code":-32002,"message":"not initialized"}}`)
	})
}

// An initialize that was lost was answered with an error, and is not said again.
func TestInitializeLost(t *testing.T) {
	peers(t, Settings{Init: true}, func(t *testing.T, p *peer) {
		p.open()
		p.say(`{"jsonrpc":"2.0","id":9,"method":"die"}`)
		p.end()
		p.hears(`{"id":9,` + restarted)
		// A generation that dies before it has answered the initialize that is said
		// again: what waits goes on waiting.
		p.say(ask("10", "x"))
		p.shell("read -r l; exit 1")
		if n := p.end(); n.Lost != 0 {
			t.Errorf("%+v", n)
		}
		p.serve()
		p.hears(result("10", "x", 3))
	})
}

// A generation that does not answer the initialize which is said again is told of while
// somebody waits, once, and has all its requests when it answers.
func TestInitializeUnanswered(t *testing.T) {
	peers(t, Settings{Init: true, Patience: time.Millisecond}, func(t *testing.T, p *peer) {
		p.open()
		p.CloseInput()
		p.end()
		gate := filepath.Join(t.TempDir(), "gate")
		if err := unix.Mkfifo(gate, 0o600); err != nil {
			t.Fatal(err)
		}
		p.start("sh", "-c", `: <"$1"; shift; exec "$@"`, "-", gate, need.Python(t), "testdata/server.py", "2", p.framing)
		p.say(ask("10", "x"))
		const want = "gen 2: has not answered the initialize that was said again for 1ms, and requests wait; relance restart launches the next one"
		within(t, "that is said", func() {
			if got := <-p.said; got != want {
				t.Errorf("said %q, want %q", got, want)
			}
		})
		within(t, "it begins", func() {
			if err := os.WriteFile(gate, nil, 0); err != nil {
				t.Error(err)
			}
		})
		p.hears(result("10", "x", 2))
		select {
		case got := <-p.said:
			t.Errorf("and then %q", got)
		default:
		}
	})
}

// What the command asks reaches the other side, and the answer reaches it past the
// requests that wait, so that it can finish; but not the next generation.
func TestAsked(t *testing.T) {
	peers(t, Settings{Init: true}, func(t *testing.T, p *peer) {
		p.open()
		p.say(ask("1", "ask"))
		p.hears(`{"id":0,"method":"what"}`)
		p.Drain()
		p.say(ask("2", "x"))
		p.say(`{"jsonrpc":"2.0","id":0,"result":"that"}`)
		p.hears(`{"id":1,"result":{"asked":"that","generation":"1"}}`)
		p.CloseInput()
		p.end()
		p.serve()
		p.hears(result("2", "x", 2))

		p.say(ask("3", "ask"))
		p.hears(`{"id":0,"method":"what"}`)
		p.kill()
		p.hears(`{"id":3,` + restarted)
		p.serve()
		p.say(ask("4", "ask"))
		p.hears(`{"id":0,"method":"what"}`)
		p.say(`{"jsonrpc":"2.0","id":0,"result":"late, for the third"}`)
		p.say(`{"jsonrpc":"2.0","id":0,"result":"for the fourth"}`)
		p.hears(`{"id":4,"result":{"asked":"for the fourth","generation":"3"}}`)
		p.say(`{"jsonrpc":"2.0","id":0,"result":"for nobody"}`)
		p.say(ask("5", "x"))
		p.hears(result("5", "x", 3))
		if said := <-p.said; !strings.HasPrefix(said, "stdin: an answer to what a generation asked that has gone") {
			t.Errorf("said %q", said)
		}
	})
}

// Who takes a request back, as MCP has it, gets no answer, and nobody waits.
func TestCancelled(t *testing.T) {
	peers(t, Settings{Init: true}, func(t *testing.T, p *peer) {
		p.open()
		p.say(ask("1", "never"))
		eventually(t, "in flight", func() bool { served, inFlight := p.count.Read(); return served == 1 && inFlight == 1 })
		p.Drain()
		p.say(ask("2", "x"))
		p.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
		p.hears(`{"method":"heard","params":{"method":"notifications/cancelled","generation":"1"}}`)
		eventually(t, "none", func() bool { _, inFlight := p.count.Read(); return inFlight == 0 })
		if n := p.kill(); n.Lost != 0 {
			t.Errorf("%+v", n)
		}
		p.serve()
		p.hears(result("2", "x", 2))
		// The Language Server Protocol: it is answered all the same.
		p.say(ask("3", "never"))
		p.say(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":3}}`)
		p.hears(`{"method":"heard","params":{"method":"$/cancelRequest","generation":"2"}}`)
		if n := p.kill(); n.Lost != 1 {
			t.Errorf("%+v", n)
		}
		p.hears(`{"id":3,` + restarted)
	})
}

// So it is where both have waited: the request is handed over and taken back at once.
func TestCancelledWhileItWaits(t *testing.T) {
	peers(t, Settings{Init: true}, func(t *testing.T, p *peer) {
		p.open()
		p.kill()
		p.say(ask("1", "never"))
		p.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
		p.serve()
		p.hears(`{"method":"heard","params":{"method":"notifications/cancelled","generation":"2"}}`)
		eventually(t, "taken back", func() bool { served, inFlight := p.count.Read(); return served == 1 && inFlight == 0 })
	})
}

// A batch is several requests in one frame, answered one by one here.
func TestBatch(t *testing.T) {
	peers(t, Settings{Init: true}, func(t *testing.T, p *peer) {
		p.open()
		p.Limit(4) // initialize was one
		p.say(`[` + ask("1", "x") + `,` + ask("2", "y") + `,{"jsonrpc":"2.0","method":"n"}]`)
		p.hears(result("1", "x", 1))
		p.hears(result("2", "y", 1))
		p.hears(`{"method":"heard","params":{"method":"n","generation":"1"}}`)
		p.count.Until(4)
		p.say(`[` + ask("3", "x") + `,` + ask("4", "y") + `]`) // one too many, but not split, and without it there are never four
		p.say(ask("5", "x"))
		p.hears(result("3", "x", 1))
		p.hears(result("4", "y", 1))
		p.counted()
		p.CloseInput()
		p.end()
		p.serve()
		p.hears(result("5", "x", 2))
		p.Limit(0)
		p.say(`[` + ask("6", "x") + `,` + ask("7", "never") + `,` + ask("8", "die") + `]`)
		p.hears(result("6", "x", 2))
		p.end()
		p.hears(`[{"id":7,` + restarted + `,{"id":8,` + restarted + `]`)
	})
}

// An answer in one batch with a request waits with it, and the request is one.
func TestBatchOfBoth(t *testing.T) {
	peers(t, Settings{Init: true}, func(t *testing.T, p *peer) {
		p.open()
		p.say(ask("1", "ask"))
		p.hears(`{"id":0,"method":"what"}`)
		p.Drain()
		p.say(`[{"jsonrpc":"2.0","id":0,"result":"that"},` + ask("2", "x") + `]`)
		p.CloseInput()
		p.end()
		p.hears(`{"id":1,` + restarted)
		p.serve()
		p.hears(`{"id":null,"result":{"asked":"that","generation":"2"}}`)
		p.hears(result("2", "x", 2))
		eventually(t, "one served", func() bool { served, inFlight := p.count.Read(); return served == 1 && inFlight == 0 })
	})
}

// A batch that was answered in part is not asked again, one that was not is.
func TestBatchReplay(t *testing.T) {
	peers(t, Settings{Init: true, OnLost: Replay}, func(t *testing.T, p *peer) {
		p.open()
		p.say(`[` + ask("1", "x") + `,` + ask("2", "die") + `]`)
		p.hears(result("1", "x", 1))
		p.end()
		p.hears(`[{"id":2,` + restarted + `]`)
		p.serve()
		p.say(`[` + ask("3", "never") + `,` + ask("4", "never") + `]`)
		p.say(ask("5", "x"))
		p.hears(result("5", "x", 2))
		if n := p.kill(); n.Owed != 2 {
			t.Errorf("%+v", n)
		}
		p.serve()
		p.say(ask("6", "x"))
		p.hears(result("6", "x", 3))
		if n := p.kill(); n.Lost != 2 {
			t.Errorf("%+v", n)
		}
		p.hears(`[{"id":3,` + restarted + `,{"id":4,` + restarted + `]`)
	})
}

// An initialize that was refused is not said again, and a generation that refuses
// the one that is, is broken.
func TestRefused(t *testing.T) {
	t.Parallel()
	const refuses = `read -r l; echo '{"id":0,"error":{}}'; exec cat >/dev/null`
	r := connect(t, Settings{Mode: JSONRPC, Init: true})
	r.shell(refuses)
	r.send("{\"id\":0,\"method\":\"initialize\"}\n")
	r.expect("{\"id\":0,\"error\":{}}\n")
	r.kill()
	r.shell(`read -r l; test "$l" = '{"id":1,"method":"initialize"}' && echo '{"id":1,"result":1}'; cat`)
	r.send("{\"id\":1,\"method\":\"initialize\"}\n")
	r.expect("{\"id\":1,\"result\":1}\n")
	r.kill()
	r.shell(strings.Replace(refuses, "0", "1", 1))
	if n := r.wait(requests.Broken); n.Text != "answers the initialize that was said again with an error" {
		t.Errorf("%+v", n)
	}
	r.end()
	r.nothing()
}

// What is no message at all is passed on, in both directions.
func TestNoMessage(t *testing.T) {
	t.Parallel()
	r := connect(t, Settings{Mode: JSONRPC})
	r.start("cat")
	r.send("hello\n\n{\"id\":{}}\n[1,2]\n")
	r.expect("hello\n\n{\"id\":{}}\n[1,2]\n")
}

// The session of a language server ends with exit: no more is read.
func TestExit(t *testing.T) {
	t.Parallel()
	p := &peer{connect(t, Settings{Mode: ContentLength, Init: true}), "headers", "initialized"}
	p.serve()
	p.open()
	p.say(ask("1", "shutdown"))
	p.hears(result("1", "shutdown", 1))
	p.say(`{"jsonrpc":"2.0","method":"exit"}`)
	p.wait(requests.InputEnded)
	if n := p.end(); n.Lost != 0 || n.Owed != 0 {
		t.Errorf("%+v", n)
	}
	p.nothing()
}
