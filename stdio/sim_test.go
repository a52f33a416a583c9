package stdio

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"relance/internal/need"
	"relance/requests"
)

// world is a relay between two sides that are as unkind as they may be: all comes
// and goes in pieces of any size, and generations die at any moment.
type world struct {
	*relay
	t    *testing.T
	pick func(n int) int
	// toSend is what the other side has not sent yet, got what it got.
	toSend, got []byte
	total       int
	// pipe is what is in the stdin of the command, text what it has read and not
	// understood, todo the requests it has understood, out what is in its stdout.
	pipe, text, out []byte
	todo            []int
	// last is the request that it understood last.
	last  int
	child cutter
	// seen is how many dead generations have read something of a request.
	seen    map[int]int
	gen     int
	count   *requests.Counter
	lost    int
	maxMind int
	// forsaken: no generation follows.
	forsaken bool
}

var number = regexp.MustCompile(`[0-9]+`)

// say is request number i, reply its answer.
func (w *world) request(i int) string {
	switch w.set.Mode {
	case Lines:
		return fmt.Sprintf("q%d\n", i)
	case Squid:
		return fmt.Sprintf("%d q\n", i)
	}
	id := strconv.Itoa(i)
	if i%2 == 0 {
		id = `"` + id + `"`
	}
	return w.framed(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"m","params":"`+strings.Repeat("x", i%50)+`"}`, id))
}

func (w *world) reply(i int) string {
	switch w.set.Mode {
	case Lines:
		return fmt.Sprintf("a%d\n", i)
	case Squid:
		return fmt.Sprintf("%d OK\n", i)
	}
	id := strconv.Itoa(i)
	if i%2 == 0 {
		id = `"` + id + `"`
	}
	return w.framed(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":1}`, id))
}

func (w *world) framed(body string) string {
	if w.set.Mode == ContentLength {
		return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	}
	return body + "\n"
}

// step does one thing, of some that can be done.
func (w *world) step(deaths bool) {
	size := 1 + w.pick(200)
	switch w.pick(8) {
	case 0:
		if w.wantsInput() && len(w.toSend) > 0 {
			n := copy(w.in.room(), w.toSend[:min(size, len(w.toSend))])
			w.in.read(n)
			if w.toSend = w.toSend[n:]; len(w.toSend) == 0 {
				w.in.atEnd = true
			}
		}
	case 1, 2:
		w.forward()
		n := min(size, w.toChild.len(), 300-len(w.pipe))
		w.pipe = append(w.pipe, w.toChild.bytes()[:n]...)
		w.toChild.wrote(n)
	case 3:
		n := min(size, len(w.pipe))
		w.text, w.pipe = append(w.text, w.pipe[:n]...), w.pipe[n:]
		w.understand()
	case 4:
		w.answer(size)
	case 5:
		w.pass(size)
	case 6:
		n := min(size, w.toOuter.len())
		w.got = append(w.got, w.toOuter.bytes()[:n]...)
		w.wrote(n)
	case 7:
		w.draining = w.pick(3) == 0
		if deaths && w.pick(4) == 0 {
			w.die()
		}
	}
	w.maxMind = max(w.maxMind, w.in.len()+w.held.bytes)
}

func (w *world) understand() {
	for {
		n, err := w.child.cut(w.text)
		if err != nil {
			w.t.Fatalf("the command got %q: %v", w.text, err)
		}
		if n == 0 {
			return
		}
		content := string(w.child.content(w.text[:n]))
		w.child.next()
		id := number.FindString(strings.TrimPrefix(content, `{"jsonrpc":"2.0"`))
		i, err := strconv.Atoi(id)
		if err != nil || string(w.text[:n]) != w.request(i) {
			w.t.Fatalf("the command got %q", w.text[:n])
		}
		if i <= w.last {
			w.t.Fatalf("the command got %d after %d", i, w.last)
		}
		w.last = i
		w.todo = append(w.todo, i)
		w.text = w.text[n:]
	}
}

func (w *world) answer(n int) {
	for ; n > 0 && len(w.todo) > 0 && len(w.out) < 300; n -= 20 {
		at := 0
		if w.set.Mode != Lines {
			at = w.pick(len(w.todo))
		}
		w.out = append(w.out, w.reply(w.todo[at])...)
		w.todo = append(w.todo[:at:at], w.todo[at+1:]...)
	}
}

func (w *world) pass(size int) {
	if !w.wantsAnswers() {
		return
	}
	n := copy(w.back.room(), w.out[:min(size, len(w.out))])
	w.back.read(n)
	w.out = w.out[n:]
	w.receive()
}

// die ends the generation, in the middle of an answer if need be, and begins
// another.
func (w *world) die() {
	if len(w.todo) > 0 {
		half := w.reply(w.todo[0])
		w.out = append(w.out, half[:w.pick(len(half))]...)
	}
	for len(w.out) > 0 {
		n := copy(w.back.room(), w.out)
		w.back.read(n)
		w.out = w.out[n:]
		w.receive()
	}
	read := w.toChild.added - int64(w.toChild.len()) - int64(len(w.pipe))
	for q := w.flying.ends.next; q != &w.flying.ends; q = q.next {
		if q.start < read {
			i, _ := strconv.Atoi(number.FindString(strings.TrimPrefix(string(q.text[strings.IndexByte(string(q.text), '{')+1:]), `"jsonrpc":"2.0"`)))
			w.seen[i]++
		}
	}
	w.settle(len(w.pipe))
	if !w.forsaken {
		w.begin()
	}
}

func (w *world) begin() {
	w.pipe, w.text, w.out, w.todo = nil, nil, nil, nil
	w.child.next()
	w.last = -1
	w.gen++
	w.count.Begin(w.gen)
	w.start(w.gen)
}

// check looks at what the other side has got.
func (w *world) check() {
	c := newCutter(&w.set)
	answers := map[int]bool{}
	for at, n := 0, 0; at < len(w.got); at += n {
		var err error
		if n, err = c.cut(w.got[at:]); n == 0 || err != nil {
			w.t.Fatalf("%q after %d answers: %v", w.got[at:], len(answers), err)
		}
		c.next()
		text := string(w.got[at : at+n])
		i := len(answers) // in order
		if w.set.Mode != Lines {
			i, _ = strconv.Atoi(number.FindString(text[strings.Index(text, `"2.0"`)+1+4*strings.Count(text, `"2.0"`):]))
		}
		if answers[i] {
			w.t.Fatalf("%d is answered twice", i)
		}
		answers[i] = true
		lost := strings.Contains(text, "LOST") || strings.Contains(text, "BH") || strings.Contains(text, "error")
		least := 1
		if w.set.OnLost == Replay {
			least = 2
		}
		if lost && w.seen[i] < least && !w.forsaken || !lost && text != w.reply(i) {
			w.t.Fatalf("%d is answered with %q; seen by %d that died", i, text, w.seen[i])
		}
	}
	if len(answers) != w.total {
		w.t.Fatalf("%d of %d are answered", len(answers), w.total)
	}
}

// born is one in which nothing has happened yet.
func born(t *testing.T, set Settings, total int, pick func(int) int) *world {
	set.Delimiter = '\n'
	if set.Mode == Lines {
		set.LostReply = "LOST"
	}
	set.complete()
	w := &world{t: t, pick: pick, total: total, seen: map[int]int{}, child: newCutter(&set)}
	w.count = requests.NewCounter()
	w.relay = newRelay(set, w.count, func(line string) { t.Error(line) })
	for i := range total {
		w.toSend = append(w.toSend, w.request(i)...)
	}
	w.in.atEnd = total == 0
	w.begin()
	return w
}

// live lets it all happen.
func live(t *testing.T, set Settings, total int, deaths bool, pick func(int) int) *world {
	w := born(t, set, total, pick)
	for steps := 0; len(w.toSend) > 0 || len(w.news) == 0 || w.flying.ends.next != &w.flying.ends || w.toOuter.len() > 0; steps++ {
		w.step(deaths && steps < 20000)
		if steps > 1000000 {
			t.Fatal("no end")
		}
		var rest []requests.News
		for _, n := range w.news {
			switch n.Kind {
			case requests.Broken:
				t.Fatal(n.Text)
			case requests.Ended:
				w.lost += n.Lost
				if n.Owed > 0 {
					rest = nil
				}
			case requests.InputEnded:
				if n.Gen == w.gen {
					rest = append(rest, n)
				}
			}
		}
		w.news = rest
	}
	w.check()
	if _, inFlight := w.count.Read(); inFlight != 0 {
		t.Errorf("%d in flight", inFlight)
	}
	return w
}

func TestRelay(t *testing.T) {
	t.Parallel()
	for mode := range ContentLength + 1 {
		for _, onLost := range []OnLost{Error, Replay} {
			lost, generations := 0, 0
			for seed := range uint64(40) {
				random := rand.New(rand.NewPCG(uint64(mode), seed))
				set := Settings{Mode: mode, OnLost: onLost, QueueMax: 1 + random.IntN(500)}
				w := live(t, set, 60, seed%4 != 0, random.IntN)
				if seed%4 == 0 && (w.lost != 0 || w.gen != 1) {
					t.Errorf("lost %d in %d generations", w.lost, w.gen)
				}
				if w.maxMind > set.QueueMax+chunk {
					t.Errorf("%d bytes wait", w.maxMind)
				}
				lost, generations = lost+w.lost, generations+w.gen
			}
			if lost == 0 || generations < 100 {
				t.Errorf("mode %d: %d lost in %d generations: nothing was tried", mode, lost, generations)
			}
		}
	}
}

// Who is told that so many were served finds none of them in flight.
func TestServedIsNotInFlight(t *testing.T) {
	t.Parallel()
	set := Settings{Mode: Lines, Delimiter: '\n'}
	set.complete()
	for gen := 1; gen <= need.Much(200, 2000); gen++ {
		r := newRelay(set, requests.NewCounter(), func(string) {})
		r.count.Begin(gen)
		r.count.Until(1)
		r.start(gen)
		r.in.read(copy(r.in.room(), "1\n"))
		r.forward()
		r.back.read(copy(r.back.room(), "a\n"))
		r.receive()
		seen := make(chan int64)
		go func() {
			seen <- 0
			for len(r.count.Told()) == 0 { // not asleep, so that it sees each moment
			}
			_, inFlight := r.count.Read()
			seen <- inFlight
		}()
		<-seen // it looks
		r.wrote(r.toOuter.len())
		if n := <-seen; n != 0 {
			t.Fatalf("the %d. time: told when %d were in flight", gen, n)
		}
	}
}

// A request that is taken back in the same breath in which it is handed over makes
// nobody believe that nothing is in flight.
func TestTakenBackAtOnce(t *testing.T) {
	t.Parallel()
	set := Settings{Mode: JSONRPC, Delimiter: '\n'}
	set.complete()
	r := newRelay(set, requests.NewCounter(), func(string) {})
	r.count.Begin(1)
	r.start(1)
	hand := func(text string) {
		r.in.read(copy(r.in.room(), text))
		r.forward()
	}
	hand(`{"id":1,"method":"x"}` + "\n")
	r.count.Idle()
	hand(`{"id":2,"method":"x"}` + "\n" + `{"method":"notifications/cancelled","params":{"requestId":2}}` + "\n")
	if len(r.count.Told()) != 0 {
		t.Error("told that nothing is in flight")
	}
	if served, inFlight := r.count.Read(); served != 1 || inFlight != 1 {
		t.Errorf("%d served, %d in flight", served, inFlight)
	}
}

// FuzzRelay: each request has one answer, in its place, and an error only if it
// was read by a generation that died; under replay by two.
func FuzzRelay(f *testing.F) {
	for mode := range uint8(4) {
		f.Add(mode, true, uint16(100), []byte("any bytes will do \x07\x04\x07\x00\x07\x00"))
		f.Add(mode, false, uint16(1), []byte{7, 0, 7, 4, 7, 0, 1, 2, 3, 4, 5, 6})
	}
	f.Fuzz(func(t *testing.T, mode uint8, replay bool, queue uint16, choices []byte) {
		set := Settings{Mode: Mode(mode % 4), QueueMax: int(queue) + 1}
		if replay {
			set.OnLost = Replay
		}
		random := rand.New(rand.NewPCG(uint64(mode), uint64(queue)))
		live(t, set, 20, true, func(n int) int {
			if len(choices) == 0 {
				return random.IntN(n)
			}
			c := int(choices[0])
			choices = choices[1:]
			return c % n
		})
	})
}
