package systemd

import (
	"os"
	"path/filepath"
	"strconv"
)

// Running reports whether systemd runs this machine, sd_booted(3): "Internally,
// this function checks whether the directory /run/systemd/system/ exists."
func Running() bool { return running("/") }

func running(root string) bool {
	st, err := os.Lstat(filepath.Join(root, "run/systemd/system"))
	return err == nil && st.IsDir()
}

// StartedUs reports whether this process is one that a unit's Exec line started,
// not something further down: systemd.exec(5), $SYSTEMD_EXEC_PID. Such a process
// should not leave its unit, whichever manager's it is.
func StartedUs() bool { return os.Getenv("SYSTEMD_EXEC_PID") == strconv.Itoa(os.Getpid()) }
