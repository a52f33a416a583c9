// Command misbehave is the child of the tests: a program that misbehaves on request.
//
//	misbehave [--quiet] [--life DUR] MODE [flags] [ARG...]
//
// It prints "ready pid=N" once it is ready to be tested (its signal handlers stand, its limits are set) and then does
// what its mode says, so that a test waits for a line and never for a time. The modes are the table below; `misbehave`
// without a mode prints it.
//
// Two things a Go program cannot do are done by raw/raw.c: report what it was given (the Go runtime installs handlers,
// raises RLIMIT_NOFILE and opens /dev/null in place of a closed descriptor 0, 1 or 2 before main runs), and count every
// signal (the runtime keeps URG, PROF and 32-34 for itself and merges bursts). A shell is no better: it clears the
// signal mask. misbehavetest builds both programs.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// A mode is one way to misbehave. run gets the words after the mode's flags and returns the exit status.
type mode struct {
	name string
	args string
	doc  string
	run  func(fs *flag.FlagSet, words []string) int
}

// modes is in the order of the usage text.
func modes() []mode {
	return []mode{
		{"print-signals", "[--until SIG]", "print each signal's name as it comes, one a line; end on SIG (TERM)", printSignals},
		{"ignore-term", "", "ignore TERM for ever", ignoreTerm},
		{"drain", "DUR", "on TERM print draining, work for DUR, print drained, exit 0", drain},
		{"eat-memory", "[--rate B/s] [--chunk B] [--max B] [--handler] [--last B [--budget B] [--into PATH]]", "touch anonymous memory, page by page; --last: on TERM print asked, take that much more, write for 1 s, print left, exit 0", eatMemory},
		{"eat-shmem", "(as eat-memory)", "the same with shared memory", eatShmem},
		{"eat-at-once", "B", "take that much anonymous memory in one system call; then wait", eatAtOnce},
		{"hoard", "[--files N] [--sockets N] [--threads N] [--raise N]", "open files and sockets, start threads, set the soft RLIMIT_NOFILE, then print ready; on each USR1 as many again, print hoarded", hoard},
		{"swell", "B", "on each USR1 take that much memory or, the second time, give it back; print swollen, shrunk", swell},
		{"pressure", "PATH", "watch as MEMORY_PRESSURE_WATCH says and print watching; map the file, read it again and again until told, print pressed, exit 0", pressure},
		{"map-file", "[--loop] PATH", "map a file, read each page, print mapped N; then wait", mapFile},
		{"churn", "[--size B] [--total B] PATH", "write and read a file again and again, total B; print churned", churn},
		{"spin-cpu", "[--threads N] [--handler]", "burn CPU time; XCPU kills, or ends it with 0 with --handler", spinCPU},
		{"dodge", "[--threads N]", "burn CPU time between the ticks of the kernel, which charges others with them", dodge},
		{"big-file", "[--handler] PATH", "write until XFSZ kills, or print EFBIG and exit 0 with --handler", bigFile},
		{"orphans", "[--exit] N", "leave N grandchildren that die once reparented; print orphaned N; then wait", orphans},
		{"daemon", "[--port P] [--setsid] [--exit]", "leave a daemon listening on 127.0.0.1:P; print daemon pid=N port=P; then wait", daemon},
		{"hold-pipe", "[--fd N]", "leave a process that keeps descriptor N (1); print holding fd=N pid=P; exit 0", holdPipe},
		{"echo", "", "answer each line with itself behind an a; read all that is there before answering, and answer it line by line", echo},
		{"exit", "N", "exit with status N", exitWith},
		{"die", "SIG", "die by the signal's default action, without a core", die},
		{"crash-after", "[--status N] DUR", "exit with status N (1) after DUR", crashAfter},
		{"fork-loop", "[--max N] [--at-once K]", "start short-lived children for ever or N in all; print forked N", forkLoop},
		{"stop-self", "", "stop itself with STOP; once continued print continued, exit 0", stopSelf},
	}
}

// usageStatus is the exit status of a wrong call. It is none of those that relance gives a meaning.
const usageStatus = 99

var quiet bool

func main() {
	if len(os.Args) > 1 {
		if run, ok := seconds[os.Args[1]]; ok {
			os.Exit(run(os.Args[2:]))
		}
	}
	flag.Usage = func() { usage(flag.CommandLine.Output()) }
	flag.BoolVar(&quiet, "quiet", false, "do not print the ready line")
	// A test that forgets its child must not burden the machine for longer than this.
	life := flag.Duration("life", 10*time.Minute, "exit with 99 after this time, whatever the mode; 0 lives for ever")
	flag.Parse()
	if *life > 0 {
		time.AfterFunc(*life, func() { os.Exit(usageStatus) })
	}
	for _, m := range modes() {
		if m.name == flag.Arg(0) {
			fs := flag.NewFlagSet(m.name, flag.ContinueOnError)
			os.Exit(m.run(fs, flag.Args()[1:]))
		}
	}
	usage(os.Stderr)
	os.Exit(usageStatus)
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: misbehave [--quiet] [--life DUR] MODE [flags] [ARG...]")
	for _, m := range modes() {
		fmt.Fprintf(w, "  %s %s\n        %s\n", m.name, m.args, m.doc)
	}
}

// parse reads the mode's flags and checks that want words are left.
func parse(fs *flag.FlagSet, words []string, want int) []string {
	if err := fs.Parse(words); err != nil {
		os.Exit(usageStatus) // Parse has said why
	}
	if fs.NArg() != want {
		fmt.Fprintf(os.Stderr, "misbehave: %s takes %d words, got %q\n", fs.Name(), want, fs.Args())
		os.Exit(usageStatus)
	}
	return fs.Args()
}

func ready() {
	if !quiet {
		fmt.Printf("ready pid=%d\n", os.Getpid())
	}
}

// complain reports a failure of misbehave itself.
func complain(err error) int {
	fmt.Fprintf(os.Stderr, "misbehave: %v\n", err)
	return usageStatus
}

// forever waits until a signal ends the process. The sleep keeps the runtime from calling it a deadlock.
func forever() {
	for {
		time.Sleep(time.Hour)
	}
}
