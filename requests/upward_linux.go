package requests

import (
	"fmt"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Upward tells whoever has started relance what it does, where that wants to know:
// sd_notify(3), with NOTIFY_SOCKET of our own environment. It is us who tell: neither
// the pid nor the end of the command goes up. A nil Upward tells nobody.
type Upward struct{ words chan string }

// upwardWords is how many messages may wait for whoever does not read them.
const upwardWords = 16

// OpenUpward returns nil where nobody wants to know.
func OpenUpward() *Upward {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	return &Upward{make(chan string, upwardWords)}
}

// Run sends what is told, and says the first time that it cannot. It
// runs in a goroutine of its own, since who does not read its socket would hold us up.
func (u *Upward) Run(say func(string)) {
	said := false
	for text := range u.words {
		if _, err := daemon.SdNotify(false, text); err != nil && !said {
			said = true
			say(fmt.Sprintf("tell the supervisor %q: %v", text, err))
		}
	}
}

// Ready: the command is up, or up again.
func (u *Upward) Ready() { u.tell(daemon.SdNotifyReady) }

// Status is one line for people.
func (u *Upward) Status(text string) { u.tell("STATUS=" + string(appendLine(nil, []byte(text)))) }

// Extend asks for more time for what is going on, d from now: a start, a stop.
func (u *Upward) Extend(d time.Duration) {
	u.tell(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", max(d, 0).Microseconds()))
}

// Alive is the sign of life, see WatchdogInterval.
func (u *Upward) Alive() { u.tell(daemon.SdNotifyWatchdog) }

// tell does not wait. What is lost is lost on somebody who does not read.
func (u *Upward) tell(text string) {
	if u == nil {
		return
	}
	select {
	case u.words <- text:
	default:
	}
}

// WatchdogInterval is after how long without a sign of life we are taken for hung, as
// WATCHDOG_USEC and WATCHDOG_PID say (sd_watchdog_enabled(3)); zero: never. Half of it
// is a good time between two.
func WatchdogInterval() (time.Duration, error) {
	d, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0, fmt.Errorf("read WATCHDOG_USEC and WATCHDOG_PID: %w", err)
	}
	return d, nil
}
