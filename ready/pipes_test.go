package ready

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// start begins a generation whose child is a shell script, which has the pipe as
// descriptor 3 and stdin as its stdin.
func (o *probed) start(gen int, script string, stdin *os.File) *exec.Cmd {
	o.Helper()
	o.begin(gen)
	fd, err := unix.FcntlInt(uintptr(o.ChildEnd()), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		o.Fatal(err)
	}
	end := os.NewFile(uintptr(fd), "child")
	cmd := exec.Command("sh", "-c", script)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	cmd.ExtraFiles = []*os.File{end}
	err = cmd.Start()
	end.Close()
	o.Spawned()
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

func TestFD(t *testing.T) {
	for _, c := range []struct {
		script string
		want   Result
	}{
		{"echo >&3", Result{Ready: true, Why: "a line on descriptor 3"}},
		{"echo listening on 80 >&3; exec 3>&-; cat", Result{Ready: true, Why: "a line on descriptor 3"}},
		{"printf 'list' >&3; printf 'ening\nmore' >&3", Result{Ready: true, Why: "a line on descriptor 3"}},
		{"exec 3>&-; cat", Result{Never: true, Why: "descriptor 3 was closed without a line"}},
		{"printf ready >&3", Result{Never: true, Why: "descriptor 3 was closed without a line"}},
		{"kill -9 $$", Result{Never: true, Why: "descriptor 3 was closed without a line"}},
		// A descendant may say it too, and only when all have closed it there is nobody left.
		{"(cat >/dev/null; echo >&3) & exec 3>&-; wait", Result{Ready: true, Why: "a line on descriptor 3"}},
		// Nobody is kept waiting for a reader that has gone.
		{"yes | tr -d '\\n' >&3", Result{Never: true, Why: "65536 bytes on descriptor 3, and no end of the line"}},
		{"yes >&3", Result{Ready: true, Why: "a line on descriptor 3"}},
	} {
		o := open(t, "fd:3")
		cmd := o.start(7, c.script, nil)
		c.want.Gen = 7
		if got := o.next(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.script, got, c.want)
		}
		_ = cmd.Wait() // it ends by itself
	}
}

// TestFDGenerations: each has a pipe of its own, whoever else lives, under one number
// in here; and nobody needs to ask.
func TestFDGenerations(t *testing.T) {
	o := open(t, "fd")
	end := o.ChildEnd()
	if end < aboveHeld {
		t.Errorf("the child's end is %d", end)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	o.start(1, "read x; echo >&3; read x", read)
	o.start(2, "echo >&3", nil)
	if o.ChildEnd() != end {
		t.Errorf("the child's end is %d, and was %d", o.ChildEnd(), end)
	}
	o.Ask(1)
	for _, gen := range []int{2, 1, 3} {
		switch gen {
		case 1:
			if _, err := write.WriteString("go on\n"); err != nil {
				t.Fatal(err)
			}
		case 3:
			o.End(1)
			o.start(3, "echo >&3", nil)
		}
		if got, want := o.next(), (Result{Gen: gen, Ready: true, Why: "a line on descriptor 3"}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	write.Close()
}

// TestFDStress: ends, lines and closes in any order; nothing is told of the wrong one,
// and no descriptor is left.
func TestFDStress(t *testing.T) {
	before := descriptors(t)
	o := open(t, "fd")
	var wait sync.WaitGroup
	told := make(chan int, 1<<16)
	stop := make(chan bool)
	wait.Add(1)
	go func() {
		defer wait.Done()
		for {
			select {
			case r := <-o.results:
				if r.Ready != (r.Gen%3 == 0) {
					t.Errorf("%+v", r)
				}
				told <- r.Gen
			case <-stop:
				return
			}
		}
	}()
	for gen := 1; gen <= 3000; gen++ {
		o.begin(gen)
		switch gen % 3 {
		case 0:
			if _, err := unix.Write(o.ChildEnd(), []byte("up\n")); err != nil {
				t.Fatal(err)
			}
		case 1:
			if _, err := unix.Write(o.ChildEnd(), []byte("up")); err != nil {
				t.Fatal(err)
			}
		}
		o.Spawned()
		if gen > 20 {
			o.End(gen - 20)
		}
		if gen%5 == 0 {
			o.End(gen)
		}
	}
	close(stop)
	wait.Wait()
	if len(told) == 0 {
		t.Error("nothing was told")
	}
	o.end()
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, before %d", after, before)
	}
}

// TestFDMost: there is a bound, and what is over makes room.
func TestFDMost(t *testing.T) {
	p, err := Open(Spec{Kind: FD, FD: 3}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	gen := 0
	for err == nil {
		gen++
		err = p.Begin(gen, 1)
		p.Spawned()
	}
	want := fmt.Sprintf("ask generation %d whether it is ready: %d are asked already", gen, p.most)
	if gen != p.most+1 || err.Error() != want {
		t.Errorf("generation %d: %v, want %s", gen, err, want)
	}
	p.End(3)
	if err := p.Begin(gen, 1); err != nil {
		t.Error(err)
	}
}
