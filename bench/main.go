// Command bench measures what relance costs, next to programs of its kind on the same machine in the same minutes: the
// time it adds to a start, the time from a child's death to the next one, what it costs to count requests, what clients
// see of recycles, its memory, and how often it wakes up.
//
//	go run ./bench [-relance bin/relance] [-rounds 200] [-idle 30s] [-load 10s] [-only start,gap,group,requests,workers,handover,idle]
//
// It prints and never judges: a shared machine is noisy, and what can be compared are the ratios of one run. README.md
// says how to read the tables.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A bench is one run: what was asked for and where its tools are.
type bench struct {
	relance     string
	loopFlags   string
	budgetFlags string
	watchFlags  string
	lookFlags   string
	tellFlags   string
	rounds      int
	blocks      int
	floorRounds int
	idle        time.Duration
	slowserver  string        // the server of workers and handover
	load        time.Duration // of each pool of workers, without recycles and with them
	handovers   int           // of each kind
	folder      string        // for tools, services and records; removed at the end
	loop        string        // path of the compiled loop.c; empty without a compiler
	stamp       string        // path of the compiled stamp.c; empty without a compiler
	leak        string        // path of the compiled leak.c; empty without a compiler
	tools       string        // folder of the three, where they are compiled already
	vmrun       string        // what runs the table of groups where this machine has no memory controller
}

func main() {
	if len(os.Args) > 3 && os.Args[1] == "go-loop" {
		os.Exit(goLoop(os.Args[2], os.Args[3:]))
	}
	if len(os.Args) == 3 && os.Args[1] == serverWord {
		os.Exit(serve(os.Args[2]))
	}
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// tableNames are all tables, in the order in which they are made.
const tableNames = "start,gap,group,requests,workers,handover,idle"

// declare declares the flags.
func (b *bench) declare() (only *string) {
	flag.StringVar(&b.relance, "relance", "bin/relance", "the relance to measure")
	flag.StringVar(&b.loopFlags, "relance-loop", "--restart always --backoff 1us..1us --min-uptime 0s", "flags with which relance restarts at once")
	flag.StringVar(&b.budgetFlags, "relance-budget", "--memory-high 1G", "flags for a second idle relance, which watches a budget")
	flag.StringVar(&b.watchFlags, "relance-watch", "--every 1h --at 04:00 --cron @daily --window 22:00-05:00 --jitter 10% --idle-wait 1m"+
		" --cpu-time 10h --cpu-backstop --output-silence 1h --watch /etc/hostname --watch /etc/default --restart-signal USR1",
		"flags for a third idle relance, which watches what costs nothing while nothing happens")
	flag.StringVar(&b.tellFlags, "relance-tell", "--every 1d --control "+filepath.Join(os.TempDir(), fmt.Sprintf("relance-bench-%d", os.Getpid()))+
		" --log-file /dev/null --on-event true --after-up true --before-relaunch true --hook-timeout 1s"+
		" --mail-to root@localhost.localdomain --smtp-url smtp://localhost --webhook http://localhost:9 --keep-stderr 50",
		"flags for one with every way to tell people, where there is nothing to tell")
	flag.StringVar(&b.lookFlags, "relance-look", "--memory-high 1G --max-open-files 80% --max-sockets 1000 --max-tasks 1000 --cpu-share 95%/5m --for 1m",
		"flags for a fourth, which has to look for what the kernel does not tell")
	flag.IntVar(&b.rounds, "rounds", 200, "rounds of start and gap")
	flag.IntVar(&b.blocks, "blocks", 20, "blocks into which the rounds of gap are cut, so that all peers meet the same noise")
	flag.IntVar(&b.floorRounds, "floor-rounds", 4, "rounds for supervisors that wait a second between starts")
	flag.DurationVar(&b.idle, "idle", 30*time.Second, "how long to count wake-ups")
	flag.StringVar(&b.slowserver, "slowserver", "bin/slowserver", "the server of workers and handover")
	flag.DurationVar(&b.load, "load", 10*time.Second, "how long each pool of workers is under load without recycles, and as long with them")
	flag.IntVar(&b.handovers, "handovers", 4, "how often the slow server of handover is recycled in each way")
	flag.StringVar(&b.vmrun, "vm", "bin/vm/run", "what runs the table group in a virtual machine, where this one has no memory controller")
	flag.StringVar(&b.tools, "tools", "", "the folder with the C programs, compiled (default: compile them)")
	return flag.String("only", tableNames, "which tables")
}

func run() error {
	b := &bench{}
	only := b.declare()
	flag.Parse()
	if flag.NArg() > 0 || min(b.rounds, b.blocks, b.floorRounds, b.handovers) < 1 || b.load <= 0 {
		return errors.New("wrong usage: no words, numbers from 1 on, and a time under load (see -help)")
	}
	tables := map[string]func(){
		"start": b.measureStart, "gap": b.measureGap, "group": b.measureGroup, "requests": b.measureRequests,
		"workers": b.measureWorkers, "handover": b.measureHandover, "idle": b.measureIdle,
	}
	names := strings.Split(*only, ",")
	for _, name := range names {
		if tables[name] == nil {
			return fmt.Errorf("unknown table %q: want one of %s", name, tableNames)
		}
	}

	var err error
	if b.folder, err = os.MkdirTemp("", "relance-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	if b.relance, err = filepath.Abs(b.relance); err != nil {
		return err
	}
	if err := adoptOrphans(); err != nil {
		return err
	}
	defer endFamily()
	endOnSignal(b.folder)

	printMachine()
	if err := b.compile(); err != nil {
		fmt.Printf("left out: all that is in C, and the table of gaps: %v\n", err)
	}
	for _, name := range names {
		fmt.Println()
		tables[name]()
	}
	return nil
}

// endOnSignal leaves nothing behind when the run is interrupted.
func endOnSignal(folder string) {
	came := make(chan os.Signal, 1)
	signal.Notify(came, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		s := <-came
		endFamily()
		os.RemoveAll(folder)
		os.Exit(128 + int(s.(syscall.Signal)))
	}()
}

func printMachine() {
	var release string
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		release = strings.TrimSpace(string(text))
	}
	load, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(load), " ")
	fmt.Printf("Linux %s, %s processors, load %s, %s\n", release, strconv.Itoa(runtime.NumCPU()), first, runtime.Version())
}
