package control

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"relance/report"
	"relance/tree"
)

// answer does what is asked for.
func (s *Server) answer(c *conn, asked request) {
	switch asked.want {
	case wantStatus:
		if answer, ok := s.loop(c, Figures); ok {
			writeBody(c, http.StatusOK, "", answer.Status.JSON())
		}
	case wantMembers:
		if answer, ok := s.loop(c, Members); ok {
			writeBody(c, http.StatusOK, "", asJSON(s.processes(answer.Members)))
		}
	case wantRestart:
		s.order(c, Restart, "restart")
	case wantStop:
		s.order(c, Stop, "stop")
	case wantEvents:
		s.events(c, asked)
	}
}

// loop asks the loop, and says so if that has no answer.
func (s *Server) loop(c *conn, kind Kind) (Answer, bool) {
	answer, err := s.ask(kind, c.who())
	if err != nil {
		refuse(c, &refusal{status: http.StatusServiceUnavailable, msg: err.Error(), cure: "try again"})
		return answer, false
	}
	return answer, true
}

// order asks for what is to be done. It is heard when the answer comes, and what comes
// of it is told by events.
func (s *Server) order(c *conn, kind Kind, what string) {
	heard := Heard{Asked: what, By: c.who(), PID: os.Getpid(), Seq: s.ring.newest.Load()}
	if _, ok := s.loop(c, kind); ok {
		writeBody(c, http.StatusAccepted, "", asJSON(heard))
	}
}

// who is whoever has connected, for people. The name is what the process says of itself.
func (c *conn) who() string {
	by := "control: uid " + strconv.Itoa(int(c.peer.Uid)) + ", pid " + strconv.Itoa(int(c.peer.Pid))
	if c.peer.Pid == 0 {
		return "control: uid " + strconv.Itoa(int(c.peer.Uid)) + ", from outside this container"
	}
	if comm := tree.Comm(int(c.peer.Pid)); comm != "" {
		by += " (" + Clean(comm) + ")"
	}
	return by
}

// maxMembers bounds how many processes are described.
const maxMembers = 2000

// Processes is the answer to GET /v1/ps. More says how many are left out.
type Processes struct {
	Processes []Process `json:"processes"`
	More      int       `json:"more,omitempty"`
}

// Process is one of the tree of a generation. Durations are in seconds, sizes in bytes.
type Process struct {
	Worker     int    `json:"worker,omitempty"`
	Generation int    `json:"generation"`
	PID        int    `json:"pid"`
	PPID       int    `json:"ppid"`
	State      string `json:"state"`
	Threads    int    `json:"threads"`
	// Memory is what the kernel cannot take back, RSS all that is resident.
	Memory int64   `json:"memory_bytes"`
	RSS    int64   `json:"rss_bytes"`
	CPU    float64 `json:"cpu_seconds"`
	Age    float64 `json:"age_seconds"`
	Name   string  `json:"name"`
	// Command is its command line, or the first of it; empty where it has none.
	Command string `json:"command,omitempty"`
}

// processes describes the members, as they are by now.
func (s *Server) processes(members []Member) Processes {
	all := Processes{Processes: []Process{}, More: max(len(members)-maxMembers, 0)}
	for _, m := range members[:min(len(members), maxMembers)] {
		if seen, there := tree.Describe(m.Member); there {
			all.Processes = append(all.Processes, process(m, seen))
		}
	}
	return all
}

func process(m Member, seen tree.Process) Process {
	return Process{
		Worker: m.Worker, Generation: m.Gen, PID: m.PID, PPID: m.PPID, State: string(rune(m.State)), Threads: m.Threads,
		Memory: seen.Held, RSS: seen.RSS, CPU: m.CPU.Seconds(), Age: seen.Age.Seconds(), Name: Clean(m.Comm), Command: Clean(seen.Command),
	}
}

// events writes those that are kept, and those that come if they are asked for.
func (s *Server) events(c *conn, asked request) {
	var f *follower
	if asked.follow {
		if f = s.ring.follow(); f == nil {
			refuse(c, &refusal{
				status: http.StatusServiceUnavailable, msg: strconv.Itoa(maxFollowers) + " others follow the events", cure: "let some of them go",
			})
			return
		}
		defer s.ring.leave(f)
	}
	if _, err := io.WriteString(c, head(http.StatusOK, typeLines, "", -1)); err != nil {
		return
	}
	seen := asked.since
	if !asked.asked {
		seen = s.ring.oldest()
	}
	if f == nil {
		_, _ = s.tell(c, seen)
		return
	}
	// Who does not read may come back to it, and hears then how much was lost; meanwhile
	// nobody waits for it but this goroutine.
	_ = c.SetDeadline(time.Time{})
	go f.watch(c)
	for !f.gone.Load() {
		last := s.ring.ended.Load()
		var err error
		if seen, err = s.tell(c, seen); err != nil || last {
			return
		}
		<-f.news
	}
}

// watch waits until nobody reads any more what f reads: the connection is closed, or
// something else comes than a follower has to say.
func (f *follower) watch(c *conn) {
	_, _ = io.Copy(io.Discard, io.LimitReader(c, maxHeader))
	f.leaves()
}

// tell writes the events after number seen, in one write as far as they fit.
func (s *Server) tell(to io.Writer, seen uint64) (last uint64, err error) {
	var b strings.Builder
	last = s.ring.since(seen, func(lost uint64, line string) bool {
		if lost > 0 {
			b.WriteString(report.Note(report.Lost(int64(lost), nil), "warn", s.name, time.Now()).JSON() + "\n")
		}
		b.WriteString(line + "\n")
		return true
	})
	if b.Len() > 0 {
		_, err = io.WriteString(to, b.String())
	}
	return last, err
}
