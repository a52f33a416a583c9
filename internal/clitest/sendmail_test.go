package clitest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
	"relance/post"
)

// hasSendmail reports whether this machine has a sendmail(8).
func hasSendmail() bool {
	_, err := post.FindSendmail(os.Getenv("PATH"))
	return err == nil
}

// noSendmail ends the test where it would send by that.
func noSendmail(t *testing.T) {
	t.Helper()
	if hasSendmail() {
		need.Lack(t, "this machine has a sendmail, and a test must not send by it (apt purge it, or run on another machine)")
	}
}

// fakeSendmail is the beginning of one that keeps its words, its environment and what it
// reads; $n is how often it was run.
const fakeSendmail = `#!/bin/sh
cd "${0%/*}"
cat >mail.new
echo "$*" >>words
n=$(wc -l <words)
mv mail.new "mail.$n"
env >"env.$n"
echo >>runs
`

// sendmailing prepares to run relance where sendmail(8) is fakeSendmail and then rest, and
// returns the folder of that.
func sendmailing(t *testing.T, rest string, words ...string) (dir string, cmd *exec.Cmd) {
	t.Helper()
	noSendmail(t)
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sendmail"), []byte(fakeSendmail+rest), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(relance(), append([]string{"--mail-to", "ops@example.org,root@example.org", "--mail-from", "relance@example.org"}, words...)...)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "RELANCE_SMTP_PASSWORD=sesame", "RELANCE_POST_TIMEOUT=1m")
	return dir, cmd
}

// A crash loop is told by sendmail, also at the end, when nobody but it is left; it gets the
// mail as a text of this machine, and none of our secrets and flags.
func TestSendmail(t *testing.T) {
	t.Parallel()
	dir, cmd := sendmailing(t, "exit 0\n", crasher(100, "--post-pause", "10ms..20ms")...)
	r := startCmd(t, cmd)
	r.wantEnd(1)
	all := contentOf(dir + "/words")
	runs := strings.Count(all, "\n")
	if all == "" || all != strings.Repeat("-i -f relance@example.org ops@example.org root@example.org\n", runs) {
		t.Fatalf("words %q", all)
	}
	last := contentOf(fmt.Sprintf("%s/mail.%d", dir, runs))
	if !strings.HasPrefix(last, "From: relance@example.org\nTo: ops@example.org, root@example.org\nSubject: ") || strings.Contains(last, "\r") ||
		!strings.Contains(last, "gen 100: exit: status 1") {
		t.Errorf("the last mail: %q", last)
	}
	env := contentOf(fmt.Sprintf("%s/env.%d", dir, runs))
	if strings.Contains(env, "sesame") || strings.Contains(env, "RELANCE_POST_TIMEOUT") || !strings.Contains(env, "PATH=") {
		t.Errorf("the environment: %s", env)
	}
	if said := inTime(r.errs.all()); strings.Contains(said, "mail by") {
		t.Errorf("said: %s", said)
	}
}

// What it refuses is dropped, with what it says; what it cannot do now is tried again.
func TestSendmailRefuses(t *testing.T) {
	t.Parallel()
	_, cmd := sendmailing(t, "echo who are they >&2; exit 64\n", "--", "false")
	r := startCmd(t, cmd)
	r.errs.want(t, `^relance: mail by /.*/sendmail: a message of 1 event is refused and dropped: exit status 64 \(EX_USAGE\): who are they$`)
	r.wantEnd(1)

	for how, said := range map[string]string{
		"exit 75": `exit status 75 \(EX_TEMPFAIL\)$`, "echo; echo no room; echo more; exit 71": `exit status 71 \(EX_OSERR\): no room$`,
		"head -c 100000 /dev/zero >&2; kill -9 $$": "exit status 137$",
	} {
		dir, cmd := sendmailing(t, "[ $n -gt 1 ] || { "+how+"; }\n", "--", "false")
		r := startCmd(t, cmd)
		r.errs.want(t, `^relance: mail by /.*/sendmail: not delivered, will be tried again: `+said)
		r.errs.want(t, `^relance: mail by /.*/sendmail: delivered at try 2$`)
		r.wantEnd(1)
		if one, two := contentOf(dir+"/mail.1"), contentOf(dir+"/mail.2"); one == "" || one != two {
			t.Errorf("%s: first %q, then %q", how, one, two)
		}
	}

	// Where it may be for one of them, and does not say for whom, each gets it alone.
	dir, cmd := sendmailing(t, "case $*:$n in *ops*root*|*root*:3) exit 1;; esac\n", "--", "false")
	r = startCmd(t, cmd)
	r.errs.want(t, `^relance: mail by /.*/sendmail: not delivered, will be tried again: for root@example.org: exit status 1$`)
	r.errs.want(t, `^relance: mail by /.*/sendmail: delivered at try 2$`)
	r.wantEnd(1)
	if all := contentOf(dir + "/words"); strings.ReplaceAll(all, "-i -f relance@example.org ", "") != "ops@example.org root@example.org\nops@example.org\nroot@example.org\nroot@example.org\n" {
		t.Errorf("words %q", all)
	}
}

// One that hangs keeps neither relaunches nor the end waiting, is of no tree, and is gone
// soon after us; nor is one that has ended seen again.
func TestSendmailHangs(t *testing.T) {
	t.Parallel()
	dir, cmd := sendmailing(t, "[ $n -gt 1 ] || exit 0\necho $$ >pid; exec sleep 1000\n",
		"--restart", "always", "--backoff", "1ms..1ms", "--post-pause", "10ms..20ms", "--post-timeout", "200ms",
		"--", "sh", "-c", "sleep 0.05; exit 3")
	r := startCmd(t, cmd)
	eventually(t, "it hangs", func() bool { return contentOf(dir+"/pid") != "" })
	for range 3 {
		r.errs.want(t, `gen \d+: exit: status 3`)
	}
	r.noZombies()
	r.signal(unix.SIGTERM)
	r.errs.want(t, `^relance: mail by /.*/sendmail: dropped, as not delivered within 200 ms \(--post-timeout\): `)
	<-r.done
	if said := r.errs.all(); strings.Contains(said, "behind") {
		t.Errorf("taken for a part of the tree: %s", said)
	}
	eventually(t, "it is gone after us", func() bool { return !lives(t, dir+"/pid") })
}

// A reader of stderr that stalls at the end is no reason not to tell of the end.
func TestSendmailWhileReaderStalls(t *testing.T) {
	t.Parallel()
	dir, cmd := sendmailing(t, "exit 0\n", "--keep-stderr", "1", "--post-pause", "1ms", "--", "sh", "-c", "echo why >&2; exit 3")
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(ends[0]), "r"), os.NewFile(uintptr(ends[1]), "w")
	defer r.Close()
	size, err := unix.FcntlInt(r.Fd(), unix.F_SETPIPE_SZ, 4096)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, size)); err != nil { // all that fits
		t.Fatal(err)
	}
	cmd.Stderr = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	eventually(t, "the mail", func() bool { return contentOf(dir+"/runs") != "" })
	if mail := contentOf(dir + "/mail.1"); !strings.Contains(mail, "status 3") || !strings.Contains(mail, "  why\n") {
		t.Errorf("the mail: %q", mail)
	}
	if stat := contentOf(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid)); strings.Contains(stat, ") Z ") {
		t.Error("it has waited for nobody")
	}
	text, err := io.ReadAll(r)
	if err != nil || !strings.HasPrefix(string(text[size:]), "why\n") {
		t.Errorf("%v: passed on: %q", err, text[size:])
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 3 {
		t.Error(err)
	}
}
