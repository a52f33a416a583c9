package ready

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Result is what was seen of a generation.
type Result struct {
	Gen   int
	Ready bool
	// Never says that nothing more will come: the descriptor was closed, or is written
	// to without an end of the line. A child that dies closes it too, just before its end.
	Never bool
	// Why is what was seen, in one short line that can be shown: "HTTP 503".
	Why string
}

// Prober finds out whether generations are ready. The owner calls all but Run, and no
// call waits, but for Begin where a file system does.
type Prober struct {
	spec          Spec
	workers, most int
	// tryTime is the bound of a try; longer where a test has a slow machine.
	tryTime time.Duration
	gens    map[int]*candidate
	// queue has each candidate that was asked for at most once. There is always room:
	// see Begin.
	queue chan *candidate
	pipes *pipes // of FD only
}

// candidate is a generation that is to become ready.
type candidate struct {
	gen    int
	target string
	page   page  // of HTTP
	before print // of File
	pipe   *pipe // of FD
	// asked: it is in the queue. over: End was called.
	asked, over atomic.Bool
}

// mostTries bounds how many tries are under way at once. Each is a goroutine that
// waits; one that hangs ends after a second.
const mostTries = 32

// Open makes a Prober for workers, of each of which two generations may live at once;
// nil, where none is needed (Spec.Probed).
func Open(s Spec, workers int) (*Prober, error) {
	if !s.Probed() {
		return nil, nil
	}
	// Twice as many, as some that are over may still be in the queue.
	p := &Prober{spec: s, workers: workers, most: 4*workers + 64, tryTime: tryTime, gens: map[int]*candidate{}}
	if s.Kind == FD {
		var err error
		p.pipes, err = openPipes(s.FD, p.most)
		return p, err
	}
	p.queue = make(chan *candidate, p.most)
	return p, nil
}

// Runs is in how many goroutines Run is to run, so that a generation whose try hangs
// does not hold up the others.
func (p *Prober) Runs() int {
	if p.pipes != nil {
		return 1
	}
	return min(2*p.workers, mostTries)
}

// ChildEnd is the descriptor that the child is to be given as number Spec.FD, the same
// for all generations: open for it between Begin and Spawned. -1: none.
func (p *Prober) ChildEnd() int {
	if p.pipes == nil {
		return -1
	}
	return p.pipes.end
}

// Begin is to be called before a generation is spawned: a file is looked at as it is
// now, a pipe is made. The error is about the descriptor, or says why the file cannot
// be looked at; then nothing has begun. What began with the same number before is over.
func (p *Prober) Begin(gen, worker int) error {
	p.End(gen)
	// Each place in the queue is taken by a generation that lives, or by one that is over.
	if len(p.gens)+len(p.queue) >= p.most {
		return fmt.Errorf("ask generation %d whether it is ready: %d are asked already", gen, p.most)
	}
	c := &candidate{gen: gen, target: expand(p.spec.Target, worker, gen)}
	var err error
	switch p.spec.Kind {
	case HTTP:
		c.page, err = parseURL(c.target)
	case File:
		if c.before, err = look(c.target); errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
			err = nil
		}
	case FD:
		c.pipe, err = p.pipes.begin(gen)
	}
	if err != nil {
		return fmt.Errorf("look whether generation %d is ready: %w", gen, err)
	}
	p.gens[gen] = c
	return nil
}

// Spawned is to be called when the child was spawned, or could not be: nobody but it
// has its end of the pipe then.
func (p *Prober) Spawned() {
	if p.pipes != nil {
		p.pipes.spawned()
	}
}

// Ask asks for one try. It is done once, however often it is asked for before it has
// begun. Nobody needs to ask for what a descriptor tells.
func (p *Prober) Ask(gen int) {
	c := p.gens[gen]
	if c != nil && p.queue != nil && c.asked.CompareAndSwap(false, true) {
		p.queue <- c
	}
}

// End is to be called when the generation has no process left, could not be spawned, or
// need not be asked any more. A result of it may still be on its way.
func (p *Prober) End(gen int) {
	c := p.gens[gen]
	if c == nil {
		return
	}
	delete(p.gens, gen)
	c.over.Store(true)
	if c.pipe != nil {
		p.pipes.finish(c.pipe)
	}
}

// Close makes each Run return. Whoever calls it takes results until then.
func (p *Prober) Close() {
	for gen := range p.gens {
		p.End(gen)
	}
	if p.pipes != nil {
		p.pipes.close()
		return
	}
	close(p.queue)
}

// Run sends a result for each try, and what the descriptors tell, until Close. It is a
// source: as many as Runs says run in goroutines of their own.
func (p *Prober) Run(out chan<- Result) {
	if p.pipes != nil {
		p.pipes.run(out)
		return
	}
	for c := range p.queue {
		c.asked.Store(false)
		if c.over.Load() {
			continue
		}
		r := p.try(c)
		if !c.over.Load() {
			out <- r
		}
	}
}
