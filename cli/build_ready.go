package cli

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"relance/limits"
	"relance/ready"
)

// defaultStartTimeout is how long a generation may take to be ready. systemd gives 90 s
// (DefaultTimeoutStartSec=), pm2 3 s (listen_timeout).
const defaultStartTimeout = time.Minute

// parseReady reads --ready and --start-timeout, empty where they are not given; use is
// what else is asked for, and said that the command says READY=1 (--notify ready).
func parseReady(word, timeout string, use ready.Use, said bool) (spec ready.Spec, most time.Duration, err error) {
	use.Inherited = inherited
	if spec, err = ready.Parse(word); err == nil {
		err = spec.Check(use)
	}
	if err != nil {
		return ready.Spec{}, 0, flagError("ready", word, err)
	}
	most = defaultStartTimeout
	if timeout != "" {
		most, err = limits.ParseTimeout(timeout)
		switch {
		case err != nil:
		case spec.Kind == ready.None && !said && most != defaultStartTimeout:
			err = errors.New("nobody waits for a start here: who lives for --min-uptime is ready; give --ready too, or leave it out")
		case most == 0:
			err = errors.New("no time at all to start; use a time such as 1m, or infinity")
		}
		if err != nil {
			return ready.Spec{}, 0, flagError("start-timeout", timeout, err)
		}
	}
	if spec.Kind == ready.Delay && spec.Delay >= most {
		err = fmt.Errorf("not sooner than --start-timeout, %s, when it is too late; use a shorter delay or a longer timeout", limits.FormatDuration(most))
		return ready.Spec{}, 0, flagError("ready", word, err)
	}
	return spec, most, nil
}

// inherited reports whether the command has descriptor fd from whoever started us: what
// we open ourselves is closed when it starts.
func inherited(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil && flags&unix.FD_CLOEXEC == 0
}
