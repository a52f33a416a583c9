package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// budget is the memory budget of the leak, and the flags of a relance that has a
// group with all its limits.
const (
	budget     = 32 << 20
	limitFlags = "--memory-max 1G --swap-max 0 --pids-max 1000 --cpu-max 1000%"
)

// measureGroup takes what a group with limits adds to a relaunch, and how long it
// is from the moment when a tree has reached its budget to the stop signal. Both
// beside what it takes to run a program once.
func (b *bench) measureGroup() {
	if b.stamp == "" {
		fmt.Printf("group: left out: %v\n", errNoCompiler)
		return
	}
	if text, _ := os.ReadFile("/sys/fs/cgroup/cgroup.controllers"); os.Getuid() != 0 || !slices.Contains(strings.Fields(string(text)), "memory") {
		b.groupInVM()
		return
	}
	fmt.Printf("group: the same gap with limits, and from a spent budget to TERM, %d rounds in %d blocks, interleaved\n", b.rounds, b.blocks)
	spawns, err := b.spawns()
	if err != nil {
		fmt.Printf("left out: %v\n", err)
		return
	}
	gap := func(name, flags string) restarter {
		p := b.relancePeer(flags)
		p.name = name
		return restarter{peer: p, rounds: b.rounds, blocks: b.blocks}
	}
	leak := gap("relance: budget spent to TERM", fmt.Sprintf("--memory-high %d --memory-max %d --swap-max 0 --min-uptime 0s", budget, 2*budget))
	leak.child = []string{b.leak, strconv.Itoa(budget)}
	leak.rounds = max(b.rounds/4, 1)
	none := gap("relance: gap, no group", b.loopFlags)
	none.nobody = true
	restarters := []restarter{
		{peer: peer{name: "C loop: gap", program: b.loop}, rounds: b.rounds, blocks: b.blocks, counts: true},
		none,
		gap("relance: gap, group without limits", b.loopFlags),
		gap("relance: gap, group with limits", b.loopFlags+" "+limitFlags),
		leak,
	}
	samples := map[string][]time.Duration{}
	failed := map[string]error{}
	for block := range b.blocks {
		for i, r := range restarters {
			if failed[r.name] != nil {
				continue
			}
			records := filepath.Join(b.folder, fmt.Sprintf("group-%d-%d", i, block))
			failed[r.name] = b.restart(r, records)
			text, _ := os.ReadFile(records)
			if r.child == nil {
				samples[r.name] = append(samples[r.name], gapsOf(text)...)
			} else {
				samples[r.name] = append(samples[r.name], spansOf(text)...)
			}
		}
	}
	spawn, loop := quartilesOf(spawns), quartilesOf(samples["C loop: gap"])
	rows := [][]string{{"", "median us", "quartiles", "x spawn", "x C loop", "rounds"}, groupRow("spawn and wait", spawn, spawn, loop)}
	for _, r := range restarters {
		if err := failed[r.name]; err != nil {
			fmt.Printf("left out: %s: %v\n", r.name, err)
			continue
		}
		rows = append(rows, groupRow(r.name, quartilesOf(samples[r.name]), spawn, loop))
	}
	writeTable(os.Stdout, rows)
}

// nobody is who may not make groups.
const nobody = 65534

// openTo lets nobody write the records.
func openTo(folder, records string) error {
	if err := os.Chmod(folder, 0o711); err != nil {
		return err
	}
	if err := os.WriteFile(records, nil, 0o600); err != nil {
		return err
	}
	return os.Chown(records, nobody, nobody)
}

func groupRow(name string, q, spawn, loop quartiles) []string {
	return []string{name, micro(q.mid), micro(q.low) + ".." + micro(q.upper), ratio(q.mid, spawn.mid), ratio(q.mid, loop.mid), strconv.Itoa(q.n)}
}

// spawns times a program that does next to nothing, started and waited for by us.
func (b *bench) spawns() (times []time.Duration, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	for range b.rounds {
		took, err := once([]string{b.stamp, os.DevNull}, null)
		if err != nil {
			return nil, err
		}
		times = append(times, took)
	}
	return times, nil
}

// spansOf reads records of a beginning and an end.
func spansOf(records []byte) (spans []time.Duration) {
	for ; len(records) >= recordSize; records = records[recordSize:] {
		from, to := binary.NativeEndian.Uint64(records), binary.NativeEndian.Uint64(records[8:])
		spans = append(spans, time.Duration(to-from))
	}
	return spans
}

// groupInVM runs the table where there is a memory controller.
func (b *bench) groupInVM() {
	fmt.Println("group: no cgroup2 with a memory controller here, or not root; in a virtual machine, an emulated one:")
	self, err := os.Executable()
	if err == nil {
		_, err = os.Stat(b.vmrun)
	}
	if err != nil {
		fmt.Printf("left out: %v; run: go build -o bin/vm/ ./internal/vm/... && go run ./internal/vm/fetch\n", err)
		return
	}
	words := []string{"-swap", "64M"}
	for from, to := range map[string]string{
		b.relance: "/bin/relance", b.loop: "/tools/loop", b.stamp: "/tools/stamp", b.leak: "/tools/leak",
	} {
		words = append(words, "-add", from+"="+to)
	}
	words = append(words, self, "-relance", "/bin/relance", "-tools", "/tools", "-only", "group",
		"-relance-loop", b.loopFlags, "-rounds", strconv.Itoa(b.rounds), "-blocks", strconv.Itoa(min(b.blocks, 4)))
	cmd := exec.Command(b.vmrun, words...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Printf("left out: %s: %v\n", b.vmrun, err)
	}
}
