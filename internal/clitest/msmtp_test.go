package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"relance/internal/mailtest"
	"relance/internal/need"
)

// msmtping prepares to run relance where sendmail(8) is msmtp, which hands its mails on to the
// server at that port.
func msmtping(t *testing.T, port string, words ...string) *exec.Cmd {
	t.Helper()
	msmtp := need.Program(t, "msmtp", "msmtp")
	noSendmail(t)
	dir := t.TempDir()
	if err := os.Symlink(msmtp, dir+"/sendmail"); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("account default\nhost 127.0.0.1\nport %s\ntls off\nauth off\n", port)
	if err := os.WriteFile(dir+"/.msmtprc", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(relance(), append([]string{"--mail-to", "ops@example.org,root@example.org", "--mail-from", "relance@example.org"}, words...)...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "PATH="+dir+":"+os.Getenv("PATH"), "RELANCE_POST_TIMEOUT=1m")
	return cmd
}

// A real sendmail(8), which is no queue: a wrong address keeps the mail from nobody else,
// although it takes one for all or for nobody.
func TestMsmtpRefuses(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, false, false)
	server.Refuse(map[string]error{"root@example.org": mailtest.Forever}, nil)
	r := startCmd(t, msmtping(t, server.Port, "--", "sh", "-c", "printf '.\\nFrom here\\n' >&2; exit 3"))
	r.errs.want(t, `^relance: mail by /.*/sendmail: refused for root@example.org: exit status 65 \(EX_DATAERR\): .* root@example.org not accepted`)
	r.wantEnd(3)
	letters := server.Letters()
	if len(letters) != 1 || letters[0].From != "relance@example.org" || !slices.Equal(letters[0].To, []string{"ops@example.org"}) ||
		!strings.Contains(letters[0].Text, "\r\nAuto-Submitted: auto-generated\r\n") || !strings.Contains(letters[0].Text, "gen 1: exit: status 3 after ") {
		t.Errorf("%+v", letters)
	}
}

// What the server wants to have later, msmtp calls EX_UNAVAILABLE: it is tried again.
func TestMsmtpLater(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, false, false)
	server.Refuse(map[string]error{"ops@example.org": mailtest.Temporary}, nil)
	r := startCmd(t, msmtping(t, server.Port, "--", "false"))
	r.errs.want(t, `^relance: mail by /.*/sendmail: not delivered, will be tried again: exit status 69 \(EX_UNAVAILABLE\): `)
	server.Refuse(nil, nil)
	r.errs.want(t, `^relance: mail by /.*/sendmail: delivered at try \d+$`)
	r.wantEnd(1)
	if letters := server.Letters(); len(letters) != 1 || len(letters[0].To) != 2 {
		t.Errorf("%+v", letters)
	}
}
