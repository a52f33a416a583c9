package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// recordSize is that of stamp.c: when main began, when it was about to exit.
const recordSize = 16

// A restarter is a peer that runs stamp again and again.
type restarter struct {
	peer
	rounds  int      // in all
	blocks  int      // in how many runs
	counts  bool     // takes the number of runs after args, and ends by itself
	compare bool     // false: its gap is a floor, not work
	child   []string // what it runs, with the file of records after the first word; none: stamp
	nobody  bool     // runs without rights
}

// measureGap takes, for each peer, the time from the last stamp of one child to the first of the next.
func (b *bench) measureGap() {
	fmt.Printf("gap: from a child's last act to its successor's first, %d rounds in %d blocks, interleaved\n", b.rounds, b.blocks)
	if b.stamp == "" {
		fmt.Printf("left out: %v\n", errNoCompiler)
		return
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Printf("left out: %v\n", err)
		return
	}
	relance := b.relancePeer(b.loopFlags)
	relance.name = "relance"
	restarters := []restarter{
		{peer: peer{name: "C loop", program: b.loop}, rounds: b.rounds, blocks: b.blocks, counts: true, compare: true},
		{peer: peer{name: "Go loop", program: self, args: []string{"go-loop"}}, rounds: b.rounds, blocks: b.blocks, counts: true, compare: true},
		{peer: relance, rounds: b.rounds, blocks: b.blocks, compare: true},
		{peer: serviceOf("runsv", "runit"), rounds: b.floorRounds, blocks: 1},
		{peer: serviceOf("s6-supervise", "s6"), rounds: b.floorRounds, blocks: 1},
	}
	gaps := map[string][]time.Duration{}
	failed := map[string]error{}
	for block := range b.blocks {
		for i, r := range restarters {
			if block >= r.blocks || failed[r.name] != nil {
				continue
			}
			records := filepath.Join(b.folder, fmt.Sprintf("records-%d-%d", i, block))
			failed[r.name] = b.restart(r, records)
			text, _ := os.ReadFile(records)
			gaps[r.name] = append(gaps[r.name], gapsOf(text)...)
		}
	}

	c, loop := quartilesOf(gaps["C loop"]), quartilesOf(gaps["Go loop"])
	rows := [][]string{{"", "median us", "quartiles", "x C loop", "x Go loop", "low x C loop", "gaps"}}
	for _, r := range restarters {
		if err := failed[r.name]; err != nil {
			fmt.Printf("left out: %s: %v\n", r.name, err)
			continue
		}
		q := quartilesOf(gaps[r.name])
		row := []string{r.name, micro(q.mid), micro(q.low) + ".." + micro(q.upper), "floor", "floor", "floor", strconv.Itoa(q.n)}
		if r.compare {
			row[3], row[4], row[5] = ratio(q.mid, c.mid), ratio(q.mid, loop.mid), ratio(q.low, c.low)
		}
		rows = append(rows, row)
	}
	writeTable(os.Stdout, rows)
}

// restart lets the peer run stamp until there is one block of gaps.
func (b *bench) restart(r restarter, records string) error {
	defer endFamily()
	runs := (r.rounds+r.blocks-1)/r.blocks + 1
	if r.counts {
		r.args = append(r.args, strconv.Itoa(runs))
	}
	child := []string{b.stamp, records}
	if r.child != nil {
		child = slices.Insert(slices.Clone(r.child), 1, records)
	}
	words, err := b.command(r.peer, child...)
	if err != nil {
		return err
	}
	cmd := exec.Command(words[0], words[1:]...)
	said, err := os.CreateTemp(b.folder, "said-")
	if err != nil {
		return err
	}
	defer said.Close()
	cmd.Stderr = said // a file: Wait would wait for all holders of a pipe
	if r.nobody {
		if err := openTo(b.folder, records); err != nil {
			return err
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if r.counts {
		return cmd.Wait()
	}

	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// A floor of a second is the most that any of them waits.
	deadline := time.Now().Add(time.Duration(runs)*2*time.Second + 10*time.Second)
	for {
		if info, err := os.Stat(records); err == nil && info.Size() >= int64(runs*recordSize) {
			break
		}
		select {
		case err := <-ended:
			return fmt.Errorf("ended by itself after too few restarts (%v): %s", err, lastLine(said.Name()))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			err = fmt.Errorf("too slow: fewer than %d restarts before the deadline: %s", runs, lastLine(said.Name()))
			break
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
	<-ended
	late.Stop()
	return err
}

func lastLine(path string) string {
	text, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// gapsOf reads the records of one block.
func gapsOf(records []byte) (gaps []time.Duration) {
	var before uint64
	for r := bytes.NewBuffer(records); r.Len() >= recordSize; {
		began, exits := binary.NativeEndian.Uint64(r.Next(8)), binary.NativeEndian.Uint64(r.Next(8))
		if before != 0 {
			gaps = append(gaps, time.Duration(began-before))
		}
		before = exits
	}
	return gaps
}

// goLoop is the reference in Go: the least that os/exec allows.
func goLoop(times string, command []string) int {
	n, err := strconv.Atoi(times)
	if err != nil {
		return 125
	}
	for range n {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "go-loop:", err)
			return 1
		}
	}
	return 0
}
