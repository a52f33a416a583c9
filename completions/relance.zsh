#compdef relance
# Completion of relance for zsh, as internal/manual writes it from its flags.

# Offers values of a flag: VERB FLAG.
_relance_value() {
	case "$1 $2" in
	('run --rlimit'|'exec --rlimit')
		compset -P '*,'
		if [[ $PREFIX == *:[/.~]* ]] && compset -P '*:'; then
			_files
			return
		fi
		compadd -S '' -- 'as=' 'core=' 'cpu=' 'data=' 'fsize=' 'locks=' 'memlock=' 'msgqueue=' 'nice=' 'nofile=' 'nproc=' 'rss=' 'rtprio=' 'rttime=' 'sigpending=' 'stack='
		;;
	('run --oom-policy')
		compadd -- 'stop' 'kill' 'continue'
		;;
	('run --watch')
		_files
		;;
	('run --memory-source')
		compadd -- 'auto' 'cgroup' 'container' 'proc'
		;;
	('run --count-stream')
		compadd -- 'stdout' 'stderr' 'both'
		;;
	('run --timezone')
		_time_zone
		;;
	('run --notify')
		compadd -- 'yes' 'ready'
		;;
	('run --socket-dir')
		_files -/
		;;
	('run --ready')
		if [[ $PREFIX == *:[/.~]* ]] && compset -P '*:'; then
			_files
			return
		fi
		compadd -S '' -- 'tcp:' 'unix:' 'http://' 'file:' 'delay:'
		compadd -- 'notify' 'fd'
		;;
	('run --stdio')
		compadd -- 'lines' 'squid' 'jsonrpc' 'content-length'
		;;
	('run --stdio-init')
		compadd -- 'auto' 'none'
		;;
	('run --on-lost')
		compadd -- 'error' 'replay' 'exit'
		;;
	('run --listen'|'exec --listen')
		if [[ $PREFIX == *:[/.~]* ]] && compset -P '*:'; then
			_files
			return
		fi
		compadd -S '' -- 'unix:' 'unix:@' 'udp:' 'seqpacket:' 'dgram:'
		;;
	('run --listen-as'|'exec --listen-as')
		compset -P '*,'
		compadd -S '' -- 'systemd' 'server-starter' 'einhorn' 'stdin'
		;;
	('run --stop-signal')
		compadd -- 'HUP' 'INT' 'QUIT' 'USR1' 'USR2' 'PIPE' 'ALRM' 'TERM' 'STKFLT' 'CONT' 'TSTP' 'XCPU' 'XFSZ' 'VTALRM' 'WINCH' 'IO' 'PWR'
		;;
	('run --rewrite')
		compset -P '*,'
		if compset -P '*='; then
			compadd -- HUP INT QUIT USR1 USR2 PIPE ALRM TERM STKFLT CONT TSTP XCPU XFSZ VTALRM WINCH IO PWR none
		else
			compadd -S = -- HUP INT QUIT USR1 USR2 PIPE ALRM TERM STKFLT CONT TSTP XCPU XFSZ VTALRM WINCH IO PWR none
		fi
		;;
	('run --restart')
		compadd -- 'limits' 'on-failure' 'always' 'never'
		;;
	('run --restart-signal')
		compadd -- 'USR1' 'USR2' 'HUP'
		;;
	('run --user'|'exec --user')
		_users
		;;
	('run --groups'|'exec --groups')
		compset -P '*,'
		_groups
		;;
	('run --ambient-caps'|'exec --ambient-caps')
		compset -P '*,'
		compadd -S '' -- 'CHOWN' 'DAC_OVERRIDE' 'DAC_READ_SEARCH' 'FOWNER' 'FSETID' 'KILL' 'SETGID' 'SETUID' 'SETPCAP' 'LINUX_IMMUTABLE' 'NET_BIND_SERVICE' 'NET_BROADCAST' 'NET_ADMIN' 'NET_RAW' 'IPC_LOCK' 'IPC_OWNER' 'SYS_MODULE' 'SYS_RAWIO' 'SYS_CHROOT' 'SYS_PTRACE' 'SYS_PACCT' 'SYS_ADMIN' 'SYS_BOOT' 'SYS_NICE' 'SYS_RESOURCE' 'SYS_TIME' 'SYS_TTY_CONFIG' 'MKNOD' 'LEASE' 'AUDIT_WRITE' 'AUDIT_CONTROL' 'SETFCAP' 'MAC_OVERRIDE' 'MAC_ADMIN' 'SYSLOG' 'WAKE_ALARM' 'BLOCK_SUSPEND' 'AUDIT_READ' 'PERFMON' 'BPF' 'CHECKPOINT_RESTORE'
		;;
	('run --on-event-filter'|'run --mail-on'|'run --webhook-on')
		compset -P '*,'
		compadd -S '' -- 'info' 'warn' 'error' 'crash' 'begun' 'left' 'up' 'planned' 'deferred' 'observed' 'gated' 'gate-failed' 'gate-lost' 'draining' 'queued' 'handing-over' 'handover-failed' 'stopping' 'ended' 'left-behind' 'killing' 'unkillable' 'backoff' 'no-help' 'gave-up' 'reduced' 'budget-end' 'start-failure' 'blind' 'oom' 'recovered' 'pids-max' 'escaped' 'exit' 'signal' 'start-failed' 'memory-high' 'age' 'schedule' 'open-files' 'tasks' 'cpu-time' 'requests' 'watchdog' 'changed' 'oom-kill' 'memory-max' 'cpu-limit' 'file-size-limit' 'asked' 'all'
		;;
	('run --gate-policy')
		compadd -- 'wait' 'proceed'
		;;
	('run --observe')
		compset -P '*,'
		compadd -S '' -- 'memory-high' 'open-files' 'tasks' 'cpu-time' 'requests' 'watchdog' 'changed' 'age' 'schedule'
		;;
	('run --log-format')
		compadd -- 'text' 'json'
		;;
	('run --log-file'|'run --control'|'run --smtp-password-file'|'run --webhook-secret-file'|'run --config')
		_files
		;;
	esac
}

_relance() {
	local curcontext="$curcontext" state line verb=run ret=1 first=0
	typeset -A opt_args
	local -a own=(
		'run:Run a command under limits and budgets'
		'exec:Set limits in this process, bind sockets, and become COMMAND'
		'doctor:Tell what this machine lets relance do'
		'notify:Tell relance, from a command that runs under it, what the command serves and how it is'
		'gate:Say to the relance that has run --before-relaunch that its recycle may go on, and stay until the next generation is up'
		'completion:Print what a shell needs to complete the flags of relance, and after them the words of the command that it runs'
		'status:Tell how it goes'
		'restart:Ask for the next generation'
		'stop:Ask relance to shut its command down and to end'
		'events:Tell what has happened last, and with --follow what happens from now on'
		'ps:List the processes of the command'
	)
	if (( CURRENT == 2 )); then
		first=1
	else
		case $words[2] in
		(run|exec|doctor|notify|gate|completion|status|restart|stop|events|ps)
			verb=$words[2]
			shift words
			(( CURRENT-- ))
			;;
		esac
	fi
	case $verb in
	(run)
		_arguments -C -S -A '-*' : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'--version[Print the version and end]' \
			'*--rlimit=[Set a resource limit of each process, as setrlimit(2)]:NAME=SOFT\[\:HARD\],...: _relance_value run --rlimit' \
			'--memory-max=[The most memory the whole tree may use]:SIZE|PCT: ' \
			'--swap-max=[The most swap the whole tree may use]:SIZE: ' \
			'--pids-max=[The most processes and threads of the whole tree]:N: ' \
			'--cpu-max=[The most CPU time of the whole tree, 100% for one CPU]:PCT: ' \
			'--oom-policy=[When the kernel has killed a process of the tree for want of memory]:POLICY: _relance_value run --oom-policy' \
			'--memory-high=[Recycle when the whole tree holds that much memory that the kernel cannot take back]:SIZE|PCT: ' \
			'--memory-for=[Recycle only when --memory-high has been exceeded that long without a break]:DURATION: ' \
			'--memory-pressure=[Recycle when all]:TRIGGER: ' \
			'--max-open-files=[Recycle when a process of the tree has that many descriptors open]:N|PCT: ' \
			'--max-sockets=[Recycle when a process of the tree has that many sockets open, as one that leaks connections]:N: ' \
			'--max-tasks=[Recycle when the tree has that many processes and threads]:N: ' \
			'--for=[Recycle only when --memory-high or one of the last three has been exceeded that long without a break]:DURATION: ' \
			'--cpu-time=[Recycle when the whole tree has used that much CPU time since its start]:DURATION: ' \
			'--cpu-backstop[Let the kernel end a process of the tree that has used --cpu-time and the grace by itself]' \
			'--cpu-share=[Recycle a tree that burns that share of the CPU time all that time, 100% for one CPU]:PCT/DURATION: ' \
			'*--watch=[Recycle when the content of that file has changed, or of one in that folder, or one that a pattern such as '\''conf.d/*.toml'\'' fits]:PATH: _relance_value run --watch' \
			'--memory-source=[Where memory is measured]:SOURCE: _relance_value run --memory-source' \
			'--output-silence=[Recycle when nothing was written to stdout and stderr for that long]:DURATION: ' \
			'--count-lines=[Take each line of stdout and stderr that fits]:REGEXP: ' \
			'--count-stream=[Where --count-lines looks]:STREAM: _relance_value run --count-stream' \
			'(--every --max-age)--every=[Recycle at that age]:DURATION: ' \
			'(--every --max-age)--max-age=[Recycle at that age]:DURATION: ' \
			'*--at=[Recycle at these times of day]:TIMES: ' \
			'*--cron=[Recycle when the expression says so]:EXPR: ' \
			'--timezone=[The time zone of --at, --cron and --window]:ZONE: _relance_value run --timezone' \
			'--jitter=[Put each planned recycle off by up to that, or by up to that share of the time between two, drawn anew each time, so that a fleet spreads]:DURATION|PCT: ' \
			'--window=[Recycle by the clock, and for a spent budget, only in these times of day]:TIMES: ' \
			'--idle-wait=[Let a recycle by the clock wait up to that for a moment in which the tree uses next to no CPU]:DURATION: ' \
			'--max-requests=[Recycle when the command has served that many requests, as it says itself]:N: ' \
			'--max-requests-jitter=[Let each generation serve up to that many more, drawn anew each time, so that a fleet spreads]:N: ' \
			'--drain-timeout=[How long a recycle waits for the requests that are being served, where that is known]:DURATION: ' \
			'--notify=[Listen to the command by NOTIFY_SOCKET]:MODE: _relance_value run --notify' \
			'--socket-dir=[Put NOTIFY_SOCKET and RELANCE_SOCKET into that folder, where they are abstract addresses else]:DIR: _relance_value run --socket-dir' \
			'--handover[Start the next generation before a planned recycle stops the old one, which leaves when the next is ready]' \
			'--ready=[When a generation can do its work]:HOW: _relance_value run --ready' \
			'--start-timeout=[Stop a generation that is not ready by then, and try again]:DURATION: ' \
			'--workers=[Run the command N times, each with budgets, counts and groups of its own and its number in RELANCE_WORKER]:N: ' \
			'--max-unavailable=[Begin no planned recycle while that many workers do not do their work]:N: ' \
			'--total-memory-max=[The most memory that all generations may use together, where --memory-max is for each]:SIZE|PCT: ' \
			'--prefix-output[Put the number of the worker in front of each line that it writes]' \
			'--stdio=[Carry the requests and answers of the command'\''s stdin and stdout]:MODE: _relance_value run --stdio' \
			'--stdio-delimiter=[What ends a line under --stdio lines or squid]:CHAR: ' \
			'--stdio-init=[Under --stdio jsonrpc or content-length]:MODE: _relance_value run --stdio-init' \
			'--on-lost=[What becomes of a request under --stdio that a generation leaves unanswered]:MODE: _relance_value run --on-lost' \
			'--lost-reply=[The answer to a lost request under --stdio lines, whose protocol has no error of its own]:TEXT: ' \
			'*--listen=[Hold a socket over all generations and pass it to the command]:ADDR;...: _relance_value run --listen' \
			'--listen-as=[How the command finds them]:WAYS: _relance_value run --listen-as' \
			'--stop-signal=[What asks the command to leave]:SIGNAL: _relance_value run --stop-signal' \
			'--stop-timeout=[The grace]:DURATION: ' \
			'*--rewrite=[Pass another signal on than the one that came, or none]:SIGNAL=SIGNAL,...: _relance_value run --rewrite' \
			'--restart=[After which ends to launch again]:POLICY: _relance_value run --restart' \
			'--backoff=[Delay before a relaunch after a crash, doubled each time, forgotten after a healthy run of MAX]:MIN..MAX: ' \
			'--give-up=[End after N crashes in that time, with the status of the last]:N/DURATION: ' \
			'--restart-signal=[What asks relance for the next generation, instead of being passed on]:SIGNAL: _relance_value run --restart-signal' \
			'--min-uptime=[A budget spent sooner than that after the start says that relaunching does not help]:DURATION: ' \
			'--oom-score-adj=[Set oom_score_adj of the command, -1000 to 1000]:N: ' \
			'--nice=[Set the nice value of the command, -20 to 19]:N: ' \
			'--user=[Run the command as that user, with all its groups of /etc/group, and its HOME, USER, LOGNAME and SHELL]:USER\[\:GROUP\]: _relance_value run --user' \
			'--groups=[The supplementary groups of the command, in place of those of --user]:GROUP,...: _relance_value run --groups' \
			'--ambient-caps=[Capabilities that the command keeps as another user than root]:CAP,...: _relance_value run --ambient-caps' \
			'--no-new-privs[Never let the command get more rights, by no set-user-ID program]' \
			'--on-event=[Run CMD by /bin/sh for each event, one at a time, with the event as JSON on its stdin and RELANCE_EVENT, RELANCE_REASON and so on in its environment]:CMD: ' \
			'--on-event-filter=[Of which events it is told, in the words of --mail-on]:EVENTS: _relance_value run --on-event-filter' \
			'--after-up=[Run CMD by /bin/sh when a generation is up, each one, as --ready has it]:CMD: ' \
			'--hook-timeout=[End a command of --on-event or --after-up that has not ended by then]:DURATION: ' \
			'--before-relaunch=[Let a planned recycle wait until CMD, run by /bin/sh, has ended well, or has run '\''relance gate'\'', which holds what CMD has got, as a lock, until the next generation is up]:CMD: ' \
			'--gate-timeout=[How long --before-relaunch may take to let it go on]:DURATION: ' \
			'--gate-policy=[When it fails, or takes longer]:POLICY: _relance_value run --gate-policy' \
			'--observe=-[Only say when a budget is spent, and touch nothing]::REASONS: _relance_value run --observe' \
			'--name=[What to call this one in lines and records]:NAME: ' \
			'--log-format=[How to say what happens]:FORMAT: _relance_value run --log-format' \
			'--log-file=[Append what happens to that file, in place of stderr]:PATH: _relance_value run --log-file' \
			'--control=[Where relance status, restart, stop, events and ps reach this one]:PATH|none: _relance_value run --control' \
			'*--mail-to=[Tell these by mail what goes wrong]:ADDR,...: ' \
			'--mail-from=[Who these mails are from]:ADDR: ' \
			'--mail-on=[What is worth a mail]:EVENTS: _relance_value run --mail-on' \
			'--smtp-url=[The mail server]:URL: ' \
			'--smtp-password-file=[A file with the password of USER]:FILE: _relance_value run --smtp-password-file' \
			'--webhook=[Post the same as JSON, with a text as Slack, Mattermost and Discord]:URL: ' \
			'--webhook-on=[What is worth that]:EVENTS: _relance_value run --webhook-on' \
			'--webhook-secret-file=[A file with the secret that signs it]:FILE: _relance_value run --webhook-secret-file' \
			'--keep-stderr=[Put the last N lines of the command'\''s stderr into the message]:N: ' \
			'--post-pause=[The time between two such messages]:MIN..MAX: ' \
			'--post-timeout=[How long the end waits for what is still to be delivered]:DURATION: ' \
			'--config=[Read flags from a TOML file too, each under its name]:FILE: _relance_value run --config' \
			'--print-config[Print the flags in force as such a file, each with where it comes from, and end]' \
			'*:: :->command' && ret=0
		;;
	(exec)
		_arguments -C -S -A '-*' : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'*--rlimit=[Set a resource limit, as under relance run]:NAME=SOFT\[\:HARD\],...: _relance_value exec --rlimit' \
			'*--listen=[Bind a socket and pass it to the command, as under relance run]:ADDR;...: _relance_value exec --listen' \
			'--listen-as=[How the command finds them, as under relance run]:WAYS: _relance_value exec --listen-as' \
			'--oom-score-adj=[Set oom_score_adj, -1000 to 1000]:N: ' \
			'--nice=[Set the nice value, -20 to 19]:N: ' \
			'--user=[Run the command as that user, with all its groups of /etc/group, and its HOME, USER, LOGNAME and SHELL]:USER\[\:GROUP\]: _relance_value exec --user' \
			'--groups=[The supplementary groups of the command, in place of those of --user]:GROUP,...: _relance_value exec --groups' \
			'--ambient-caps=[Capabilities that the command keeps as another user than root]:CAP,...: _relance_value exec --ambient-caps' \
			'--no-new-privs[Never let the command get more rights, by no set-user-ID program]' \
			'*:: :->command' && ret=0
		;;
	(doctor)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'--json[One JSON object, with stable keys]' \
			&& ret=0
		;;
	(notify)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'--request=-[A request was served, or N since the last time]::N: ' \
			'--begin=-[A request has begun, and]::ID: ' \
			'--end=-[has ended and is counted]::ID: ' \
			'--ready[The command is up, or has reloaded]' \
			'--reloading[It reads its configuration anew]' \
			'--stopping[It has begun to leave]' \
			'--status=[One line about what it does]:TEXT: ' \
			'--extend=[It needs more time for its start or its stop]:DURATION: ' \
			'--watchdog[It is alive]' \
			'--trigger[It is not well, as if no sign of life had come]' \
			&& ret=0
		;;
	(gate)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			&& ret=0
		;;
	(completion)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'1: :(bash zsh fish)' && ret=0
		;;
	(status)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'--json[One JSON object, with stable keys]' \
			'(--watch -w)--watch[Show it again and again]' \
			'(--watch -w)-w[Show it again and again]' \
			'--interval=[How often --watch does]:DURATION: ' \
			&& ret=0
		;;
	(restart)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'--no-wait[Do not wait until the next generation is up]' \
			&& ret=0
		;;
	(stop)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'--no-wait[Do not wait until it has ended]' \
			&& ret=0
		;;
	(events)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'(--follow -f)--follow[And those to come, as they come]' \
			'(--follow -f)-f[And those to come, as they come]' \
			'--json[One JSON object a line]' \
			&& ret=0
		;;
	(ps)
		_arguments -C -S : \
			'(--help -h)--help[Show this help]' \
			'(--help -h)-h[Show this help]' \
			'--json[One JSON object, with stable keys]' \
			&& ret=0
		;;
	esac
	if [[ $state == command ]]; then
		if (( CURRENT > 1 )) && [[ $words[1] == -- ]]; then
			shift words
			(( CURRENT-- ))
		fi
		if (( first )); then
			_describe -t commands 'command of relance' own && ret=0
		fi
		_normal && ret=0
	fi
	return ret
}

# As a function of fpath it is called, and where it is read as a file it says what it is for.
if [[ $funcstack[1] == _relance ]]; then
	_relance "$@"
else
	compdef _relance relance
fi
