package cli

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// envPrefix begins the environment twin of each flag: RELANCE_MEMORY_HIGH.
const envPrefix = "RELANCE"

// groups are the headings of the help, in the order of the flags.
var groups = []kong.Group{
	{Key: "limits", Title: "Limits (the kernel enforces them)"},
	{Key: "budgets", Title: "Budgets (relance watches them; spent: recycle)"},
	{Key: "clock", Title: "The clock (planned recycles)"},
	{Key: "requests", Title: "Requests (recycle between them)"},
	{Key: "sockets", Title: "Sockets (held over all generations)"},
	{Key: "several", Title: "Several at once (no connection refused)"},
	{Key: "stopping", Title: "Stopping"},
	{Key: "relaunch", Title: "Relaunch"},
	{Key: "child", Title: "The command"},
	{Key: "hooks", Title: "Hooks (commands that relance runs)"},
	{Key: "report", Title: "Report"},
	{Key: "post", Title: "Mail and webhook (for who is not looking)"},
	{Key: "config", Title: "Configuration"},
}

const runUsage = `Usage: relance [flags] [--] COMMAND [ARG...]
       relance exec [flags] [--] COMMAND [ARG...]
       relance doctor [--json]
       relance notify FLAG...
       relance gate
       relance status [NAME] [--json] [--watch]
       relance restart [NAME] [--no-wait]
       relance stop [NAME] [--no-wait]
       relance events [NAME] [--follow] [--json]
       relance ps [NAME] [--json]
       relance completion bash|zsh|fish

Run a command under limits and budgets. When one is spent, stop its whole
process tree cleanly, start it again, and say why. Without flags it is as if
COMMAND had been run bare.

Every flag has a twin in the environment, RELANCE_ and the name of the flag in
capitals (RELANCE_MEMORY_HIGH), and a key in the file of --config; the flag
wins, then the environment. Sizes: 512M, 1.5G, base 1024. Durations: 90s,
1h30m, 2d.
`

const runEnd = `
Exit status: the command's own; 128+n if signal n ended it; 127 not found;
126 not executable; 125 relance itself failed, with nothing started; 124 a
budget ended it under --restart never.

Examples:
  relance --memory-high 500M -- python3 server.py
  relance --memory-high 400M --memory-max 512M --oom-policy kill -- ./worker
  relance --memory-high 80% --stop-signal QUIT -- nginx -g 'daemon off;'
  relance --at 02:30 --timezone Europe/Berlin --jitter 30m -- ./server
  relance --memory-high 1G --memory-max 2G --window 22:00-05:00 -- ./server
  relance --listen :8080 --every 6h -- gunicorn app:app
  relance --rlimit cpu=1h --restart on-failure --give-up 5/1m -- ./worker
`

const execUsage = `Usage: relance exec [flags] [--] COMMAND [ARG...]

Set limits in this process, bind sockets, and become COMMAND: same pid, nothing
stays behind.
`

const execEnd = `
Exit status: the command's own; 127 not found; 126 not executable; 125 a limit
was refused.

Example:
  relance exec --rlimit nofile=4096 --nice 10 -- ./job
`

// helpText is what stands around the flags of one verb.
type helpText struct{ before, after string }

var helpTexts = map[string]helpText{
	verbRun: {runUsage, runEnd}, verbExec: {execUsage, execEnd},
	verbStatus: {statusUsage, askEnd}, verbRestart: {restartUsage, orderEnd}, verbStop: {stopUsage, orderEnd},
	verbEvents: {eventsUsage, askEnd}, verbPS: {psUsage, askEnd},
}

// newParser returns a parser for the flags of one verb, which writes the help
// that is asked for into help.
func newParser(flags any, help io.Writer, verb string) (*kong.Kong, error) {
	around := helpTexts[verb]
	options := []kong.Option{
		kong.Name("relance"),
		kong.Writers(help, help),
		// kong wants to exit after the help; read returns it instead.
		kong.Exit(func(int) {}),
		kong.ExplicitGroups(groups),
		kong.ConfigureHelp(kong.HelpOptions{NoAppSummary: true}),
		// The environment twins are explained once, at the top.
		kong.ValueFormatter(func(v *kong.Value) string { return v.Help }),
		kong.Help(func(o kong.HelpOptions, ctx *kong.Context) error {
			fmt.Fprintln(help, around.before)
			if err := kong.DefaultHelpPrinter(o, ctx); err != nil {
				return err
			}
			_, err := fmt.Fprint(help, around.after)
			return err
		}),
	}
	if askers[verb] == nil {
		// Who asks says it on the command line: these variables are of what is run.
		options = append(options, kong.DefaultEnvars(envPrefix))
	}
	parser, err := kong.New(flags, options...)
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	return parser, nil
}
