package tree

import (
	"os"
	"os/exec"
	"testing"
	"time"

	waits "relance/internal/await"
)

func TestDescribe(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	// The child may still be between fork and exec.
	waits.Until(t, "its name", func() bool { return Comm(cmd.Process.Pid) == "sleep" })
	w, err := New(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	members, err := w.listed([]int{cmd.Process.Pid, os.Getpid()})
	if err != nil || len(members) != 2 {
		t.Fatal(members, err)
	}
	for _, m := range members {
		p, there := Describe(m)
		if !there || p.RSS == 0 || p.Held == 0 || p.Held > p.RSS || p.Age < 0 || p.Age > time.Hour || Comm(m.PID) != m.Comm {
			t.Errorf("%+v: %+v, %v", m, p, there)
		}
		if m.PID == cmd.Process.Pid && p.Command != "sleep 1000" {
			t.Errorf("command %q", p.Command)
		}
		// Another process that has got the number.
		m.Start++
		if _, there := Describe(m); there {
			t.Errorf("%+v is another one", m)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for _, m := range members {
		if m.PID == cmd.Process.Pid {
			if p, there := Describe(m); there {
				t.Errorf("it is gone: %+v", p)
			}
		}
	}
}
