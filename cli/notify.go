package cli

import (
	"errors"
	"strconv"
	"strings"

	"relance/limits"
	"relance/requests/client"
)

// verbNotify stands first for "relance notify".
const verbNotify = "notify"

// Notify is what "relance notify" is asked to say.
type Notify struct {
	// Fields are assignments as of sd_notify(3), in order.
	Fields []string
	// Requests is how many were served; they are among the Fields too. Others reports
	// whether anything else is.
	Requests int
	Others   bool
	// Reloading asks for the time too, which is only known when it is said.
	Reloading bool
}

const notifyHelp = `Usage: relance notify FLAG...

Tell relance, from a command that runs under it, what the command serves and how
it is: for shell scripts, and programs that can run others. It says all that its
flags ask for at once, and ends when it was heard. Where there is no
NOTIFY_SOCKET it says nothing and succeeds, so that a script also runs alone.

Flags:
  -h, --help             Show this help.
      --request[=N]      A request was served, or N since the last time.
      --begin[=ID]       A request has begun, and
      --end[=ID]         has ended and is counted. An ID tells one from another:
                         1 to 64 printable ASCII characters without a space.
      --ready            The command is up, or has reloaded.
      --reloading        It reads its configuration anew; --ready ends that.
      --stopping         It has begun to leave.
      --status=TEXT      One line about what it does.
      --extend=DURATION  It needs more time for its start or its stop: 90s, 5m.
      --watchdog         It is alive.
      --trigger          It is not well, as if no sign of life had come.

Exit status: 0 said and heard, or there is nobody to say it to; 125 it could
not be said.

Example:
  relance --max-requests 1000 -- sh -c 'while read -r job; do
    relance notify --begin; ./work "$job"; relance notify --end; done'
`

// parseNotify reads its words without kong, which knows no flag that may have a value
// or none, and would look for twins in an environment that is the command's.
func parseNotify(words []string) (any, error) {
	var n Notify
	for len(words) > 0 {
		flag, value, given := strings.Cut(words[0], "=")
		words = words[1:]
		if flag == "-h" || flag == "--help" {
			return Print{notifyHelp}, nil
		}
		name, known := strings.CutPrefix(flag, "--")
		kind, found := notifyFlags[name]
		if !known || !found {
			return nil, &Error{
				Msg:  "notify " + quoteIfNeeded(flag) + ": no such flag",
				Hint: "relance notify --help lists them; a command of that name is run with relance -- notify",
			}
		}
		// Nothing but flags stands here, so another word is the value.
		if kind != bare && !given && len(words) > 0 && !strings.HasPrefix(words[0], "-") {
			value, given, words = words[0], true, words[1:]
		}
		switch {
		case kind == bare && given:
			return nil, &Error{Msg: flag + "=" + value + ": it takes no value; leave it out"}
		case kind == valued && !given:
			return nil, &Error{Msg: flag + ": no value"}
		case given && value == "" && name != "status":
			return nil, &Error{Msg: flag + ": empty value; leave it out, or give it one"}
		}
		if err := n.add(name, value); err != nil {
			return nil, flagError(name, value, err)
		}
	}
	if len(n.Fields) == 0 {
		return nil, &Error{Msg: "notify: nothing to say", Hint: "relance notify --request, --ready, …; relance notify --help lists the flags"}
	}
	return &n, nil
}

// What may follow the name of a flag.
const (
	bare = 1 + iota
	optional
	valued
)

var notifyFlags = map[string]int{
	"request": optional, "begin": optional, "end": optional, "ready": bare, "reloading": bare, "stopping": bare,
	"status": valued, "extend": valued, "watchdog": bare, "trigger": bare,
}

// notifyFields is what the flags say that have no value.
var notifyFields = map[string]string{
	"ready": client.Ready, "reloading": client.Reloading, "stopping": client.Stopping,
	"watchdog": client.Alive, "trigger": client.Unwell,
}

// add notes what a flag wants to be said; value is empty where there is none.
func (n *Notify) add(name, value string) error {
	field := notifyFields[name]
	switch name {
	case "request":
		count := 1
		if value != "" {
			var err error
			if count, err = strconv.Atoi(value); err != nil || count < 0 || count > client.MaxCount {
				return client.ErrCount
			}
		}
		n.Requests += count
		n.Fields = append(n.Fields, client.Served(count))
		return nil
	case "begin", "end":
		if value != "" && !client.IsID(value) {
			return client.ErrID
		}
		if field = client.Begun(value); name == "end" {
			field = client.Ended(value)
		}
	case "status":
		if strings.ContainsAny(value, "\n\x00") {
			return errors.New("a status is one line")
		}
		field = client.Status(value)
	case "extend":
		d, err := limits.ParseDuration(value)
		if err != nil {
			return err
		}
		field = client.Extend(d)
	case "reloading":
		n.Reloading = true
	}
	n.Fields, n.Others = append(n.Fields, field), true
	return nil
}
