package clitest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"relance/internal/await"
	"relance/internal/need"
	"relance/signals"
)

// TestScripts runs testdata/script/*.txtar, what a user may rely on. The
// commands that are not testscript's own:
//
//	exits N PROGRAM [ARG...]        runs it to its end and compares the status
//	refuses REGEXP RELANCE [ARG...] the same for wrong usage, see usage.txtar
//	begin NAME PROGRAM [ARG...]     starts it; writes NAME.pid, NAME.out, NAME.err
//	ends NAME N                     waits for its end and compares the status
//	waitfile FILE                   waits until the file is there and not empty
//	waitline FILE REGEXP            waits until a line of the file matches
//	signal SIGNAL FILE              sends the signal to the pid in the file
//
// Programs in PATH: relance, misbehave, and raw where the condition [raw] holds. The
// others are [root] and [no-sendmail]; where all is to run, each must hold.
func TestScripts(t *testing.T) {
	t.Parallel()
	relance()
	misbehave(t)
	_, err := exec.LookPath("gcc")
	if err == nil {
		raw(t)
	}
	has := map[string]bool{"raw": err == nil, "root": os.Getuid() == 0, "no-sendmail": !hasSendmail()}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata/script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                scriptCommands,
		Condition: func(name string) (bool, error) {
			yes, known := has[name]
			if !known || !yes && need.All() {
				return false, fmt.Errorf("no condition %q here, and all is to run", name)
			}
			return yes, nil
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin()+":"+os.Getenv("PATH"))
			env.Values[begunKey{}] = map[string]*begun{}
			return nil
		},
	})
}

var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits":    exits,
	"refuses":  refuses,
	"begin":    begin,
	"ends":     ends,
	"waitfile": waitfile,
	"waitline": waitline,
	"signal":   signal,
}

// begun is a program that runs beside the script.
type begun struct {
	cmd  *exec.Cmd
	done chan struct{}
}

func (b *begun) ended() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

type begunKey struct{}

func programs(ts *testscript.TestScript) map[string]*begun {
	return ts.Value(begunKey{}).(map[string]*begun)
}

// usage ends the script when a command is written wrongly.
func usage(ts *testscript.TestScript, neg, ok bool, text string) {
	if neg || !ok {
		ts.Fatalf("usage: %s", text)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 2, "exits N PROGRAM [ARG...]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exit):
		got = statusOf(exit.ProcessState)
	default:
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("status %d, want %d", got, want)
	}
}

func refuses(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 2, "refuses REGEXP PROGRAM [ARG...]")
	exits(ts, false, append(append([]string{"125"}, args[1:]...), "--", "touch", "started"))
	re, err := regexp.Compile(`^relance: error: ` + args[0] + `.*\n(relance: hint: .*\n)?$`)
	ts.Check(err)
	if said := ts.ReadFile("stderr"); !re.MatchString(said) {
		ts.Fatalf("want one line, and perhaps a hint, that matches %s", re)
	}
	if said := ts.ReadFile("stdout"); said != "" {
		ts.Fatalf("there is something on stdout")
	}
	if _, err := os.Stat(ts.MkAbs("started")); err == nil {
		ts.Fatalf("the command was started")
	}
}

func begin(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 2, "begin NAME PROGRAM [ARG...]")
	name := args[0]
	file := func(suffix string) *os.File {
		f, err := os.Create(ts.MkAbs(name + suffix))
		ts.Check(err)
		return f
	}
	out, errs := file(".out"), file(".err")
	defer out.Close()
	defer errs.Close()
	program := args[1]
	if own := filepath.Join(bin(), program); !strings.Contains(program, "/") {
		if _, err := os.Stat(own); err == nil {
			program = own
		}
	}
	b := &begun{cmd: exec.Command(program, args[2:]...), done: make(chan struct{})}
	b.cmd.Dir, b.cmd.Stdout, b.cmd.Stderr = ts.Getenv("WORK"), out, errs
	b.cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "WORK=" + ts.Getenv("WORK")}
	ts.Check(b.cmd.Start())
	go func() {
		_ = b.cmd.Wait()
		close(b.done)
	}()
	programs(ts)[name] = b
	ts.Defer(func() {
		_ = b.cmd.Process.Kill() // mostly gone
		<-b.done
	})
	ts.Check(os.WriteFile(ts.MkAbs(name+".pid"), fmt.Appendln(nil, b.cmd.Process.Pid), 0o600))
}

func ends(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 2, "ends NAME N")
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := programs(ts)[args[0]]
	select {
	case <-b.done:
	case <-time.After(patience):
		ts.Fatalf("%s has not ended\n%s", args[0], said(ts, args[0]))
	}
	if got := statusOf(b.cmd.ProcessState); got != want {
		ts.Fatalf("%s: status %d, want %d\n%s", args[0], got, want, said(ts, args[0]))
	}
}

// said is what a begun program has written.
func said(ts *testscript.TestScript, name string) string {
	return "stdout:\n" + ts.ReadFile(name+".out") + "stderr:\n" + ts.ReadFile(name+".err")
}

func waitfile(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 1, "waitfile FILE")
	waitFor(ts, args[0], func(string) bool { return true })
}

func waitline(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 2, "waitline FILE REGEXP")
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	waitFor(ts, args[0], re.MatchString)
}

// waitFor waits until the whole lines in the file are what is looked for. Who
// writes is a program of any kind, so nobody tells when it has; but what has begun
// under that name and ended writes no more.
func waitFor(ts *testscript.TestScript, name string, seen func(string) bool) {
	b := programs(ts)[strings.TrimSuffix(name, filepath.Ext(name))]
	var text []byte
	there := await.Seen(func() bool {
		over := b != nil && b.ended()
		var err error
		if text, err = os.ReadFile(ts.MkAbs(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			ts.Fatalf("%v", err)
		}
		whole := string(text[:strings.LastIndexByte(string(text), '\n')+1])
		if whole != "" && seen(whole) {
			return true
		}
		if over {
			ts.Fatalf("%s: not there, and its program has ended with %d; it has\n%s", name, statusOf(b.cmd.ProcessState), text)
		}
		return false
	})
	if !there {
		ts.Fatalf("%s: not there in time; it has\n%s", name, text)
	}
}

func signal(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 2, "signal SIGNAL FILE")
	waitfile(ts, false, args[1:])
	sig, err := signals.Parse(args[0])
	ts.Check(err)
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[1])))
	ts.Check(err)
	if err := unix.Kill(pid, syscall.Signal(sig)); err != nil {
		ts.Fatalf("%s to %d: %v", args[0], pid, err)
	}
}
