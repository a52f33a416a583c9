package cli

import (
	"strings"

	"relance/hooks"
)

// verbGate stands first for "relance gate".
const verbGate = "gate"

// Gate is what "relance gate" is asked to do: to say to whom it belongs that the gate is
// open, and to hold that.
type Gate struct {
	// Address is where it says so.
	Address string
}

const gateHelp = `Usage: relance gate

Say to the relance that has run --before-relaunch that its recycle may go on, and
stay until the next generation is up. It is for commands that hold something as
long as another command runs.

Flags:
  -h, --help   Show this help.

Exit status: 0 the gate was closed; 125 there is none to open.

Examples:
  relance --every 1d --before-relaunch 'etcdctl lock web relance gate' -- ./server
  relance --every 1d --before-relaunch 'consul lock web relance gate' -- ./server
  relance --every 1d --before-relaunch 'flock /run/web.lock relance gate' -- ./server
`

func (in Input) parseGate(words []string) (any, error) {
	if len(words) > 0 {
		if words[0] == "-h" || words[0] == "--help" {
			return Print{gateHelp}, nil
		}
		return nil, &Error{
			Msg:  "gate " + quoteIfNeeded(words[0]) + ": no such flag",
			Hint: "relance gate takes none; a command of that name is run with relance -- gate",
		}
	}
	for _, entry := range in.Env {
		if address, ok := strings.CutPrefix(entry, hooks.Door+"="); ok && address != "" {
			return &Gate{Address: address}, nil
		}
	}
	return nil, &Error{
		Msg:  "gate: " + hooks.Door + " is not set",
		Hint: "relance gate is run by the command of --before-relaunch; relance gate --help has examples",
	}
}
