package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A resident is an idle peer with its child.
type resident struct {
	name string
	cmd  *exec.Cmd
	pids []int // the peer and whatever else it keeps beside the child
	// child is that which sleeps.
	child int
	// When the count began: switches, and time on a processor.
	from int
	used time.Duration
}

// measureIdle starts all peers with a child that sleeps, reads their memory, and counts how often they were switched to
// while nothing happened.
func (b *bench) measureIdle() {
	fmt.Printf("idle: each with a sleeping child, all at the same time, %v\n", b.idle)
	self, err := os.Executable()
	if err != nil {
		fmt.Printf("left out: %v\n", err)
		return
	}
	peers := []peer{
		b.cOnce(),
		packaged("tini -s", "tini", "tini", "-s", "--"),
		packaged("dumb-init", "dumb-init", "dumb-init"),
		packaged("catatonit", "catatonit", "catatonit", "--"),
		serviceOf("runsv", "runit"),
		serviceOf("s6-supervise", "s6"),
		{name: "Go loop", program: self, args: []string{"go-loop", "1"}},
		b.relancePeer(""),
		b.relancePeer(b.budgetFlags),
	}
	for _, more := range []struct{ name, flags string }{
		{"relance, watching", b.watchFlags}, {"relance, looking", b.lookFlags}, {"relance, telling", b.tellFlags},
	} {
		p := b.relancePeer(more.flags)
		p.name = more.name
		peers = append(peers, p)
		fmt.Printf("%s: %s\n", more.name, more.flags)
	}
	again := b.relancePeer("--restart-signal USR1")
	again.name = fmt.Sprintf("relance, after %d recycles", nights)
	peers = append(peers, again)
	defer endFamily()
	var all []*resident
	for _, c := range b.contenders(peers, false, "sleep", "1000") {
		r, err := settle(c)
		if err != nil {
			fmt.Printf("left out: %s: %v\n", c.name, err)
			continue
		}
		defer end(r.cmd)
		if c.name == again.name {
			if err := r.recycle(nights); err != nil {
				fmt.Printf("left out: %s: %v\n", c.name, err)
				continue
			}
		}
		all = append(all, r)
	}
	time.Sleep(2 * time.Second) // a Go runtime is busy for a moment after its start
	for _, r := range all {
		r.from, r.used = r.switches(), r.cpu()
	}
	time.Sleep(b.idle)
	b.writeIdle(all)
}

// writeIdle prints what has come of the time since the count began.
func (b *bench) writeIdle(all []*resident) {
	rows := [][]string{{"", "VmRSS kB", "RssAnon kB", "PSS kB", "threads", "switches", "a minute", "CPU ms an hour"}}
	for _, r := range all {
		n, used := r.switches()-r.from, r.cpu()-r.used
		rows = append(rows, []string{
			r.name, r.sum("status", "VmRSS:"), r.sum("status", "RssAnon:"), r.sum("smaps_rollup", "Pss:"), r.sum("status", "Threads:"),
			strconv.Itoa(n), fmt.Sprintf("%.1f", float64(n)/b.idle.Minutes()),
			fmt.Sprintf("%.1f", 1000*used.Seconds()/b.idle.Hours()),
		})
	}
	writeTable(os.Stdout, rows)
}

// nights are as many as two months have: what a relance in place of a nightly cron job holds is to stay what it was.
const nights = 60

// settle starts a contender and waits until its child sleeps.
func settle(c contender) (*resident, error) {
	cmd := exec.Command(c.words[0], c.words[1:]...)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &resident{name: c.name, cmd: cmd}
	if err := r.sleeps(0); err != nil {
		end(cmd)
		return nil, fmt.Errorf("%w (%v)", err, cmd.ProcessState)
	}
	return r, nil
}

// sleeps waits until a child sleeps that is not the one before.
func (r *resident) sleeps(before int) error {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		r.child, r.pids = 0, []int{r.cmd.Process.Pid}
		for _, pid := range descendants(r.cmd.Process.Pid) {
			if commOf(pid) == "sleep" {
				r.child = pid
			} else {
				r.pids = append(r.pids, pid)
			}
		}
		if r.child != 0 && r.child != before {
			return nil
		}
	}
	return errors.New("no sleeping child after 5 s")
}

// recycle asks for the next generation so many times.
func (r *resident) recycle(times int) error {
	for range times {
		if err := r.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			return err
		}
		if err := r.sleeps(r.child); err != nil {
			return err
		}
	}
	return nil
}

// sum adds a field of a /proc file over the resident's processes.
func (r *resident) sum(file, field string) string {
	sum := 0
	for _, pid := range r.pids {
		n, err := fieldOf(fmt.Sprintf("/proc/%d/%s", pid, file), field)
		if err != nil {
			return "-"
		}
		sum += n
	}
	return strconv.Itoa(sum)
}

// switches counts how often the kernel has switched to one of the resident's threads. A thread that has ended is no
// longer in the sum.
func (r *resident) switches() (sum int) {
	for _, pid := range r.pids {
		paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		for _, path := range paths {
			for _, field := range []string{"voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"} {
				n, _ := fieldOf(path, field)
				sum += n
			}
		}
	}
	return sum
}

// cpu is the time that the resident's threads have spent on a processor, from
// schedstat (sched-stats.rst): stat counts in ticks, of which an idle process uses none.
func (r *resident) cpu() (sum time.Duration) {
	for _, pid := range r.pids {
		paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, path := range paths {
			text, _ := os.ReadFile(path)
			sum += parseSchedstat(string(text))
		}
	}
	return sum
}

// parseSchedstat reads "<ns on a processor> <ns waited> <times>"; zero: it says nothing.
func parseSchedstat(text string) time.Duration {
	first, _, _ := strings.Cut(text, " ")
	ns, _ := strconv.ParseInt(first, 10, 64)
	return time.Duration(ns)
}

// fieldOf returns the number after the field's name, which begins a line.
func fieldOf(path, field string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return parseField(string(text), field)
}

func parseField(text, field string) (int, error) {
	_, rest, found := strings.Cut("\n"+text, "\n"+field)
	words := strings.Fields(rest)
	if !found || len(words) == 0 {
		return 0, fmt.Errorf("no %s: %w", field, syscall.ENOENT)
	}
	return strconv.Atoi(words[0])
}
