package control

import (
	"errors"
	"time"

	"relance/tree"
)

// Kind is what somebody asks for.
type Kind uint8

const (
	// Figures: how it goes. Answered by a Status.
	Figures Kind = iota
	// Members: who is of the trees. Answered by Members.
	Members
	// Restart: the next generation; Stop: the end of relance.
	Restart
	Stop
)

// Ask is what somebody wants of the loop.
type Ask struct {
	Kind Kind
	// By says who asks, for people: "control: uid 0, pid 123 (relance)".
	By     string
	answer chan<- Answer
}

// Answer is what the loop says to it.
type Answer struct {
	// Status is a status.Status, and Members are the processes of the trees.
	Status  Status
	Members []Member
	// Err is why it could not be done, nil: it was.
	Err error
}

// Status is what can be written as JSON. That is not done by the loop: of many workers it
// takes ten times as long as to make a Status of them.
type Status interface{ JSON() string }

// Member is a process of the tree of a generation. Worker is the number of its slot, zero
// where there is only one.
type Member struct {
	tree.Member
	Worker int
}

// Answer answers a. It never waits, and is called once.
func (a Ask) Answer(with Answer) { a.answer <- with }

// NewAsk returns an Ask, and where its answer comes.
func NewAsk(kind Kind, by string) (Ask, <-chan Answer) {
	answer := make(chan Answer, 1)
	return Ask{Kind: kind, By: by, answer: answer}, answer
}

// askTime bounds how long a request waits for the loop, which is behind only where a
// look takes long: at a tree of thousands of processes, on a machine that swaps.
const askTime = 5 * time.Second

// errBusy: the loop does not take what is asked for.
var errBusy = errors.New("relance is busy or ending, and did not answer in time")

// ask waits until the loop has answered, for a bounded time. What the loop has not
// taken by then it never will; what it has is done, and its answer is lost.
func (s *Server) ask(kind Kind, by string) (Answer, error) {
	a, answers := NewAsk(kind, by)
	late := time.NewTimer(askTime)
	defer late.Stop()
	select {
	case s.asks <- a:
	case <-s.ending:
		return Answer{}, errBusy
	case <-late.C:
		return Answer{}, errBusy
	}
	select {
	case answer := <-answers:
		return answer, answer.Err
	case <-late.C:
		return Answer{}, errBusy
	}
}
