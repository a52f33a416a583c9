package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// measureStart times /bin/true bare and behind each peer. One round runs each of them once, so that all meet the same
// noise, and begins with another one each time, so that none always follows the same neighbour's exit.
func (b *bench) measureStart() {
	fmt.Printf("start-up: wall time of /bin/true, %d rounds, interleaved\n", b.rounds)
	peers := []peer{
		{name: "bare", program: "/bin/true"},
		b.cOnce(),
		packaged("tini -s", "tini", "tini", "-s", "--"),
		packaged("dumb-init", "dumb-init", "dumb-init"),
		packaged("catatonit", "catatonit", "catatonit", "--"),
		packaged("chpst", "chpst", "runit"),
		b.relancePeer(""),
		b.relancePeer("exec"),
	}
	all := b.contenders(peers[:1], true)
	all = append(all, b.contenders(peers[1:], true, "/bin/true")...)
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		fmt.Printf("left out: all: %v\n", err)
		return
	}
	defer null.Close()

	// The clock is read by the thread that forks and waits.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	times := map[string][]time.Duration{}
	for round := range b.rounds {
		for i := range all {
			c := all[(round+i)%len(all)]
			took, err := once(c.words, null)
			if err != nil {
				fmt.Printf("%s: %v\n", c.name, err)
				continue
			}
			times[c.name] = append(times[c.name], took)
		}
	}

	bare, tini := quartilesOf(times["bare"]), quartilesOf(times["tini -s"])
	rows := [][]string{{"", "median us", "quartiles", "above bare us", "x bare", "x tini", "low x tini"}}
	for _, c := range all {
		q := quartilesOf(times[c.name])
		rows = append(rows, []string{
			c.name, micro(q.mid), micro(q.low) + ".." + micro(q.upper), micro(q.mid - bare.mid),
			ratio(q.mid, bare.mid), ratio(q.mid, tini.mid), ratio(q.low, tini.low),
		})
	}
	writeTable(os.Stdout, rows)
}

func once(words []string, null *os.File) (time.Duration, error) {
	fd := null.Fd()
	began := time.Now()
	pid, err := syscall.ForkExec(words[0], words, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{fd, fd, fd}})
	if err != nil {
		return 0, err
	}
	var status syscall.WaitStatus
	for {
		if _, err = syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	took := time.Since(began)
	if err == nil && status != 0 {
		err = fmt.Errorf("wait status %#x", uint32(status))
	}
	return took, err
}
