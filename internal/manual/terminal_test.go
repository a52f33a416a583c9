package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// shell is a real one on a terminal of its own.
type shell struct {
	t      *testing.T
	master *os.File
}

// patience is how long a shell may take for one answer on a busy machine.
const patience = time.Minute

func start(t *testing.T, program string, args ...string) *shell {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	conn, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	_ = conn.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
		if err == nil {
			err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 400})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = folder(t)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &shell{t, master}
}

// prepare has the shell read a line, which is done when this returns.
func (sh *shell) prepare(line string) {
	sh.t.Helper()
	sh.send(strings.TrimSuffix(line, "; ") + "; echo PRE''PARED\n")
	sh.until(regexp.MustCompile(`PREPARED\r?\n`))
}

// answered is what the command that stands for relance prints.
var answered = regexp.MustCompile(`(?s)START(.*?)END\r?\n`)

// offered types a line and the key for completion, which is bound to put all that is
// offered into the line, and returns that.
func (sh *shell) offered(line string) []string {
	sh.t.Helper()
	sh.send(line + "\t\n")
	said := string(answered.FindSubmatch(sh.until(answered))[1])
	words := strings.Split(strings.TrimSuffix(strings.TrimPrefix(said, "<"), ">"), "><")
	typed := strings.Split(line, " ")[1:]
	if len(words) < len(typed)-1 {
		sh.t.Fatalf("%q: %q came", line, words)
	}
	words = words[len(typed)-1:]
	if len(words) == 0 || len(words) == 1 && words[0] == typed[len(typed)-1] {
		return nil
	}
	return words
}

func (sh *shell) send(text string) {
	sh.t.Helper()
	if _, err := sh.master.WriteString(text); err != nil {
		sh.t.Fatal(err)
	}
}

func (sh *shell) until(wanted *regexp.Regexp) []byte {
	sh.t.Helper()
	if err := sh.master.SetReadDeadline(time.Now().Add(patience)); err != nil {
		sh.t.Fatal(err)
	}
	var all bytes.Buffer
	part := make([]byte, 4096)
	for !wanted.Match(all.Bytes()) {
		n, err := sh.master.Read(part)
		all.Write(part[:n])
		if err != nil {
			sh.t.Fatalf("%v, after %q", err, all.String())
		}
	}
	return all.Bytes()
}
