package systemd

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Running reports whether systemd runs this machine, sd_booted(3): "Internally,
// this function checks whether the directory /run/systemd/system/ exists."
func Running() bool { return running("/") }

func running(root string) bool {
	st, err := os.Lstat(filepath.Join(root, "run/systemd/system"))
	return err == nil && st.IsDir()
}

// StartedUs reports whether w is a service and this process is one that its Exec
// line started, not something further down: systemd.exec(5), $SYSTEMD_EXEC_PID.
// Such a process should not leave its unit, whichever manager's it is. What logs a
// user in is started like that too, but then it is in a session, and no scope has
// an Exec line.
func (w Where) StartedUs() bool {
	return strings.HasSuffix(w.Unit, ".service") && os.Getenv("SYSTEMD_EXEC_PID") == strconv.Itoa(os.Getpid())
}
