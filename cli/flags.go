package cli

// The flags, as kong reads them. All are words here; build.go makes values of
// them, so that every error names the flag, the value and the cure, and so that
// an empty word is what stands for "not given".
//
// Four tags are ours: set:"standard=..." is the value of a flag that is not given,
// which build.go has, for the help and --print-config; config:"-" marks what may
// not stand in a file. The other two are for the completions of shells: values:"a b"
// are the words that are offered, one with ':', '/' or '=' at its end to be gone on
// with, and of values:"a,b" several may be given; complete:"file" says of what kind
// they are (internal/manual has the kinds).

// runFlags are the flags of "relance run", the default.
type runFlags struct {
	Rlimit    []string `group:"limits" placeholder:"NAME=SOFT[:HARD]" sep:"," complete:"rlimit" help:"Set a resource limit of each process, as setrlimit(2): as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack. SOFT, SOFT:HARD or :HARD; a number, a size, a duration, unlimited, or = for the hard limit."`
	MemoryMax string   `group:"limits" placeholder:"SIZE|PCT" help:"The most memory the whole tree may use; who asks for more is killed (memory.max): 1G, 90%. This and the next three need a cgroup."`
	SwapMax   string   `group:"limits" placeholder:"SIZE" help:"The most swap the whole tree may use: 1G, 0 for none, infinity for no limit (memory.swap.max)."`
	PIDsMax   string   `group:"limits" name:"pids-max" placeholder:"N" help:"The most processes and threads of the whole tree; above, fork fails (pids.max)."`
	CPUMax    string   `group:"limits" name:"cpu-max" placeholder:"PCT" help:"The most CPU time of the whole tree, 100% for one CPU: 150% (cpu.max)."`
	OOMPolicy string   `group:"limits" name:"oom-policy" placeholder:"POLICY" set:"standard=stop" values:"stop kill continue" help:"When the kernel has killed a process of the tree for want of memory: stop the rest (the default), kill it at once, or continue."`

	MemoryHigh     string   `group:"budgets" placeholder:"SIZE|PCT" help:"Recycle when the whole tree holds that much memory that the kernel cannot take back: 512M, 1.5G, or 80% of the memory there is."`
	MemoryFor      string   `group:"budgets" placeholder:"DURATION" help:"Recycle only when --memory-high has been exceeded that long without a break (as --for says)."`
	MemoryPressure string   `group:"budgets" placeholder:"TRIGGER" help:"Recycle when all (full) or some tasks have waited for memory for STALL within WINDOW: 'full 200ms/2s'. Needs a cgroup."`
	MaxOpenFiles   string   `group:"budgets" placeholder:"N|PCT" help:"Recycle when a process of the tree has that many descriptors open: 900, or 80% of its limit (RLIMIT_NOFILE)."`
	MaxSockets     string   `group:"budgets" placeholder:"N" help:"Recycle when a process of the tree has that many sockets open, as one that leaks connections."`
	MaxTasks       string   `group:"budgets" placeholder:"N" help:"Recycle when the tree has that many processes and threads."`
	For            string   `group:"budgets" placeholder:"DURATION" set:"standard=0" help:"Recycle only when --memory-high or one of the last three has been exceeded that long without a break (${standard})."`
	CPUTime        string   `group:"budgets" name:"cpu-time" placeholder:"DURATION" help:"Recycle when the whole tree has used that much CPU time since its start: 10m, 2h."`
	CPUBackstop    bool     `group:"budgets" name:"cpu-backstop" help:"Let the kernel end a process of the tree that has used --cpu-time and the grace by itself (RLIMIT_CPU)."`
	CPUShare       string   `group:"budgets" name:"cpu-share" placeholder:"PCT/DURATION" help:"Recycle a tree that burns that share of the CPU time all that time, 100% for one CPU: it is taken for hung: 95%/5m."`
	Watch          []string `group:"budgets" placeholder:"PATH" sep:"none" complete:"path" help:"Recycle when the content of that file has changed, or of one in that folder, or one that a pattern such as 'conf.d/*.toml' fits."`
	MemorySource   string   `group:"budgets" placeholder:"SOURCE" set:"standard=auto" values:"auto cgroup container proc" help:"Where memory is measured: cgroup (a group of its own), container (the group around us), proc (each process), auto (the best there is; the default)."`

	OutputSilence string `group:"budgets" placeholder:"DURATION" help:"Recycle when nothing was written to stdout and stderr for that long: the command hangs. relance then stands between the command and where these go; a terminal is left alone."`
	CountLines    string `group:"budgets" placeholder:"REGEXP" help:"Take each line of stdout and stderr that fits (RE2) for one request served: '^GET /'. relance then stands between, as with --output-silence."`
	CountStream   string `group:"budgets" placeholder:"STREAM" set:"standard=both" values:"stdout stderr both" help:"Where --count-lines looks: stdout, stderr or both (${standard})."`

	Every    string   `group:"clock" aliases:"max-age" env:"RELANCE_EVERY,RELANCE_MAX_AGE" placeholder:"DURATION" help:"Recycle at that age: 6h, 2d. Also --max-age."`
	At       []string `group:"clock" placeholder:"TIMES" sep:"none" help:"Recycle at these times of day: 04:00, 02:30,14:00 or 'Mon..Fri 02:30; Sat,Sun 04:00'."`
	Cron     []string `group:"clock" placeholder:"EXPR" sep:"none" help:"Recycle when the expression says so: '30 2 * * Mon-Fri', @daily (crontab(5))."`
	Timezone string   `group:"clock" placeholder:"ZONE" complete:"zone" help:"The time zone of --at, --cron and --window: Europe/Berlin, UTC (that of this machine)."`
	Jitter   string   `group:"clock" placeholder:"DURATION|PCT" help:"Put each planned recycle off by up to that, or by up to that share of the time between two, drawn anew each time, so that a fleet spreads: 5m, 10% (none)."`
	Window   string   `group:"clock" placeholder:"TIMES" help:"Recycle by the clock, and for a spent budget, only in these times of day; what is due outside waits: 22:00-05:00 or 'Sat,Sun 00:00-24:00'. The limits that the kernel enforces do not wait."`

	IdleWait string `group:"clock" placeholder:"DURATION" set:"standard=0" help:"Let a recycle by the clock wait up to that for a moment in which the tree uses next to no CPU (${standard})."`

	MaxRequests       string `group:"requests" placeholder:"N" help:"Recycle when the command has served that many requests, as it says itself (docs/protocol.md) or as one of the next flags tells."`
	MaxRequestsJitter string `group:"requests" placeholder:"N" help:"Let each generation serve up to that many more, drawn anew each time, so that a fleet spreads (none)."`
	DrainTimeout      string `group:"requests" placeholder:"DURATION" set:"standard=30s" help:"How long a recycle waits for the requests that are being served, where that is known (${standard}); infinity for no end."`
	Notify            string `group:"requests" placeholder:"MODE" values:"yes ready" help:"Listen to the command by NOTIFY_SOCKET (sd_notify(3)) and RELANCE_SOCKET: yes, or ready: it is up when it says READY=1. Also with --max-requests alone."`
	SocketDir         string `group:"requests" placeholder:"DIR" complete:"folder" help:"Put NOTIFY_SOCKET and RELANCE_SOCKET into that folder, where they are abstract addresses else: for Node before 20.4, and a command with a network of its own."`

	Handover       bool   `group:"several" help:"Start the next generation before a planned recycle stops the old one, which leaves when the next is ready. If that does not get ready, the old one stays. --restart is on-failure if it is not given."`
	Ready          string `group:"several" placeholder:"HOW" values:"notify tcp: unix: http:// fd file: delay:" help:"When a generation can do its work: notify (READY=1), tcp:ADDR, unix:PATH, http://ADDR/PATH, fd[:N] (a line written to it), file:PATH, delay:2s (docs/handover.md; when it was started, or with one of these flags when it has lived for --min-uptime)."`
	StartTimeout   string `group:"several" placeholder:"DURATION" set:"standard=1m" help:"Stop a generation that is not ready by then, and try again (${standard}); infinity for no end."`
	Workers        string `group:"several" placeholder:"N" help:"Run the command N times, each with budgets, counts and groups of its own and its number in RELANCE_WORKER. Stdin is /dev/null; --restart is always if it is not given."`
	MaxUnavailable string `group:"several" placeholder:"N" set:"standard=1" help:"Begin no planned recycle while that many workers do not do their work (${standard})."`
	TotalMemoryMax string `group:"several" placeholder:"SIZE|PCT" help:"The most memory that all generations may use together, where --memory-max is for each (memory.max of a group around theirs): 4G."`
	PrefixOutput   bool   `group:"several" help:"Put the number of the worker in front of each line that it writes: '3 | '. The lines of workers stay whole in any case."`

	Stdio          string `group:"requests" placeholder:"MODE" values:"lines squid jsonrpc content-length" help:"Carry the requests and answers of the command's stdin and stdout: lines, squid, jsonrpc or content-length (docs/stdio.md). The other side does not see a recycle."`
	StdioDelimiter string `group:"requests" placeholder:"CHAR" help:"What ends a line under --stdio lines or squid: a character, or \\n, \\0, \\r, \\t (\\n)."`
	StdioInit      string `group:"requests" placeholder:"MODE" set:"standard=none" values:"auto none" help:"Under --stdio jsonrpc or content-length: say the initialize of the other side again to each generation: auto, or none (${standard})."`
	OnLost         string `group:"requests" placeholder:"MODE" set:"standard=error" values:"error replay exit" help:"What becomes of a request under --stdio that a generation leaves unanswered: error, replay (asked once more) or exit (${standard})."`
	LostReply      string `group:"requests" placeholder:"TEXT" help:"The answer to a lost request under --stdio lines, whose protocol has no error of its own."`

	Listen   []string `group:"sockets" placeholder:"ADDR" sep:";" values:"unix: unix:@ udp: seqpacket: dgram:" help:"Hold a socket over all generations and pass it to the command: :8080, 127.0.0.1:80, [::]:80, unix:/run/app.sock, unix:@name, udp:, seqpacket:, dgram:. Options after commas: name= backlog= mode= owner= reuseport ipv6only freebind (docs/sockets.md)."`
	ListenAs string   `group:"sockets" name:"listen-as" placeholder:"WAYS" values:"systemd,server-starter,einhorn,stdin" help:"How the command finds them: systemd (LISTEN_FDS), server-starter, einhorn, or stdin for the one socket of a FastCGI program (systemd, and as relance has got its own)."`

	StopSignal  string   `group:"stopping" placeholder:"SIGNAL" set:"standard=TERM" complete:"signal" help:"What asks the command to leave (${standard})."`
	StopTimeout string   `group:"stopping" placeholder:"DURATION" set:"standard=10s" help:"The grace: time between the stop signal and KILL to the whole tree (${standard}); infinity for no KILL."`
	Rewrite     []string `group:"stopping" placeholder:"SIGNAL=SIGNAL" sep:"," complete:"signal=signal" help:"Pass another signal on than the one that came, or none: HUP=QUIT, USR1=none."`

	Restart       string `group:"relaunch" placeholder:"POLICY" set:"standard=limits" values:"limits on-failure always never" help:"After which ends to launch again: limits (a spent budget, an enforced limit; the default), on-failure (and a crash), always, never (a spent budget ends it, status 124)."`
	Backoff       string `group:"relaunch" placeholder:"MIN..MAX" set:"standard=100ms..30s" help:"Delay before a relaunch after a crash, doubled each time, forgotten after a healthy run of MAX (${standard})."`
	GiveUp        string `group:"relaunch" placeholder:"N/DURATION" help:"End after N crashes in that time, with the status of the last: 5/1m (never)."`
	RestartSignal string `group:"relaunch" placeholder:"SIGNAL" values:"USR1 USR2 HUP" help:"What asks relance for the next generation, instead of being passed on: USR1 (none)."`
	MinUptime     string `group:"relaunch" placeholder:"DURATION" set:"standard=1s" help:"A budget spent sooner than that after the start says that relaunching does not help: back off (${standard})."`

	OOMScoreAdj string `group:"child" name:"oom-score-adj" placeholder:"N" help:"Set oom_score_adj of the command, -1000 to 1000 (proc(5))."`
	Nice        string `group:"child" placeholder:"N" help:"Set the nice value of the command, -20 to 19."`
	userFlags

	OnEvent       string `group:"hooks" placeholder:"CMD" help:"Run CMD by /bin/sh for each event, one at a time, with the event as JSON on its stdin and RELANCE_EVENT, RELANCE_REASON and so on in its environment (docs/hooks.md)."`
	OnEventFilter string `group:"hooks" placeholder:"EVENTS" set:"standard=info" complete:"event" help:"Of which events it is told, in the words of --mail-on: stopping,oom,crash, or all; those that are in the log if it is not given (${standard})."`
	AfterUp       string `group:"hooks" placeholder:"CMD" help:"Run CMD by /bin/sh when a generation is up, each one, as --ready has it."`
	HookTimeout   string `group:"hooks" placeholder:"DURATION" set:"standard=30s" help:"End a command of --on-event or --after-up that has not ended by then (${standard}); infinity for no end."`

	BeforeRelaunch string `group:"hooks" placeholder:"CMD" help:"Let a planned recycle wait until CMD, run by /bin/sh, has ended well, or has run 'relance gate', which holds what CMD has got, as a lock, until the next generation is up: 'etcdctl lock web relance gate'."`
	GateTimeout    string `group:"hooks" placeholder:"DURATION" set:"standard=10m" help:"How long --before-relaunch may take to let it go on (${standard}); infinity for no end."`
	GatePolicy     string `group:"hooks" placeholder:"POLICY" set:"standard=wait" values:"wait proceed" help:"When it fails, or takes longer: wait and run it again after a while, as --backoff says, or proceed without (${standard})."`

	Observe   choice `group:"report" placeholder:"REASONS" values:"memory-high,open-files,tasks,cpu-time,requests,watchdog,changed,age,schedule" help:"Only say when a budget is spent, and touch nothing; --observe=memory-high,age for some: memory-high open-files tasks cpu-time requests watchdog changed age schedule."`
	Name      string `group:"report" placeholder:"NAME" help:"What to call this one in lines and records."`
	LogFormat string `group:"report" placeholder:"FORMAT" set:"standard=text" values:"text json" help:"How to say what happens: text or json (${standard})."`
	LogFile   string `group:"report" placeholder:"PATH" complete:"file" help:"Append what happens to that file, in place of stderr. It is made anew where it was moved away or removed."`

	Control string `group:"report" placeholder:"PATH|none" complete:"file" help:"Where relance status, restart, stop, events and ps reach this one (docs/control.md): a unix socket, by default one named as --name in $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR or /run; none for a command that is only run."`

	MailTo            []string `group:"post" placeholder:"ADDR" sep:"," help:"Tell these by mail what goes wrong: ops@example.org,me@example.org. A few messages with counts and no flood: the first after 5 s, then as --post-pause says."`
	MailFrom          string   `group:"post" placeholder:"ADDR" help:"Who these mails are from (the user and the machine)."`
	MailOn            string   `group:"post" placeholder:"EVENTS" set:"standard=warn,crash" complete:"event" help:"What is worth a mail (${standard}): info, warn or error (that level and worse), crash, events (gave-up, oom) and reasons (memory-high), or all: docs/webhook.md. The rest is counted in the next one."`
	SMTPURL           string   `group:"post" name:"smtp-url" placeholder:"URL" help:"The mail server: smtp://USER@HOST:587, where STARTTLS must work, smtps://USER@HOST, or smtp://localhost. ?tls=none does without. Where it is not given, sendmail(8) of this machine takes the mail."`
	SMTPPasswordFile  string   `group:"post" name:"smtp-password-file" placeholder:"FILE" complete:"file" help:"A file with the password of USER; else it is what RELANCE_SMTP_PASSWORD says. The command gets neither."`
	Webhook           string   `group:"post" placeholder:"URL" help:"Post the same as JSON, with a text as Slack, Mattermost and Discord (its /slack address) read it (docs/webhook.md)."`
	WebhookOn         string   `group:"post" placeholder:"EVENTS" set:"standard=warn,crash" complete:"event" help:"What is worth that (${standard}), as of --mail-on."`
	WebhookSecretFile string   `group:"post" placeholder:"FILE" complete:"file" help:"A file with the secret that signs it (X-Relance-Signature, HMAC of SHA-256); else it is what RELANCE_WEBHOOK_SECRET says."`
	KeepStderr        string   `group:"post" placeholder:"N" set:"standard=0" help:"Put the last N lines of the command's stderr into the message (${standard}). relance then stands between the command and where it goes, as with --output-silence."`
	PostPause         string   `group:"post" placeholder:"MIN..MAX" set:"standard=5m..1h" help:"The time between two such messages: it doubles with each, and is forgotten after an hour in which nothing was worth one (${standard})."`
	PostTimeout       string   `group:"post" placeholder:"DURATION" set:"standard=5s" help:"How long the end waits for what is still to be delivered (${standard})."`

	Config      string `group:"config" config:"-" placeholder:"FILE" complete:"file" help:"Read flags from a TOML file too, each under its name: memory-high = '500M', at = ['04:00', 'Sat 05:00']."`
	PrintConfig bool   `group:"config" config:"-" env:"-" help:"Print the flags in force as such a file, each with where it comes from, and end. No command is needed, and none started."`

	Version bool `config:"-" env:"-" help:"Print the version and end."`

	// file is what --config has read.
	file *config
}

// execFlags are the flags of "relance exec".
type execFlags struct {
	Rlimit      []string `group:"limits" placeholder:"NAME=SOFT[:HARD]" sep:"," complete:"rlimit" help:"Set a resource limit, as under relance run."`
	Listen      []string `group:"sockets" placeholder:"ADDR" sep:";" values:"unix: unix:@ udp: seqpacket: dgram:" help:"Bind a socket and pass it to the command, as under relance run. The file of a unix socket is not removed at the end."`
	ListenAs    string   `group:"sockets" name:"listen-as" placeholder:"WAYS" values:"systemd,server-starter,einhorn,stdin" help:"How the command finds them, as under relance run."`
	OOMScoreAdj string   `group:"child" name:"oom-score-adj" placeholder:"N" help:"Set oom_score_adj, -1000 to 1000 (proc(5))."`
	Nice        string   `group:"child" placeholder:"N" help:"Set the nice value, -20 to 19."`
	userFlags
}

// userFlags say as whom the command runs.
type userFlags struct {
	User        string `group:"child" placeholder:"USER[:GROUP]" complete:"user" help:"Run the command as that user, with all its groups of /etc/group, and its HOME, USER, LOGNAME and SHELL: www-data, www-data:adm, 1000:1000. Under relance run, relance itself stays root."`
	Groups      string `group:"child" placeholder:"GROUP,..." complete:"group" help:"The supplementary groups of the command, in place of those of --user: names or numbers, or none."`
	AmbientCaps string `group:"child" placeholder:"CAP,..." complete:"capability" help:"Capabilities that the command keeps as another user than root: NET_BIND_SERVICE (capabilities(7); none)."`
	NoNewPrivs  bool   `group:"child" help:"Never let the command get more rights, by no set-user-ID program (no_new_privs)."`
}
