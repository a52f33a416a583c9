package child

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSpawnTry(t *testing.T) {
	runtime.LockOSThread()
	for _, argv := range [][]string{{"sh","-c","echo hi $0; grep -E 'Sig|Name|PPid' /proc/self/status; echo $LISTEN_PID $$","a b"}, {"nope"}, {"/etc/passwd"}, {"/etc"}} {
		zero := 500
		s := &Settings{Argv: argv, Env: append(os.Environ(), "LISTEN_PID="+itoa(os.Getpid())), ParentDeath: unix.SIGTERM, OOMScoreAdj: &zero, Ignored: 1 << 11}
		sp, err := NewSpawner(s)
		if err != nil { t.Fatal(err) }
		pid, err := sp.Spawn(nil)
		t.Log(pid, err)
		if err == nil {
			var ws unix.WaitStatus
			unix.Wait4(pid, &ws, 0, nil)
			t.Log(ws)
		}
	}
}
func itoa(n int) string { b := ""; for n > 0 { b = string(rune('0'+n%10)) + b; n /= 10 }; return b }
