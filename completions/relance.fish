# Completion of relance for fish, as internal/manual writes it from its flags.

# Says where the cursor is: behind which of relance's own commands, and either "flags", or
# "command" and the number of the word with which the command to run begins.
function __relance_place
	set -l words (commandline -opc)
	set -l verb run
	set -l i 2
	set -l runs run exec
	if set -q words[2]; and contains -- $words[2] run exec doctor notify gate completion status restart stop events ps
		set verb $words[2]
		set i 3
	end
	set -l takers
	switch $verb
		case run
			set takers --rlimit --memory-max --swap-max --pids-max --cpu-max --oom-policy --memory-high --memory-for --memory-pressure --max-open-files --max-sockets --max-tasks --for --cpu-time --cpu-share --watch --memory-source --output-silence --count-lines --count-stream --every --max-age --at --cron --timezone --jitter --window --idle-wait --max-requests --max-requests-jitter --drain-timeout --notify --socket-dir --ready --start-timeout --workers --max-unavailable --total-memory-max --stdio --stdio-delimiter --stdio-init --on-lost --lost-reply --listen --listen-as --stop-signal --stop-timeout --rewrite --restart --backoff --give-up --restart-signal --min-uptime --oom-score-adj --nice --user --groups --ambient-caps --on-event --on-event-filter --after-up --hook-timeout --before-relaunch --gate-timeout --gate-policy --name --log-format --log-file --control --mail-to --mail-from --mail-on --smtp-url --smtp-password-file --webhook --webhook-on --webhook-secret-file --keep-stderr --post-pause --post-timeout --config
		case exec
			set takers --rlimit --listen --listen-as --oom-score-adj --nice --user --groups --ambient-caps
		case doctor
			set takers 
		case notify
			set takers --status --extend
		case gate
			set takers 
		case completion
			set takers 
		case status
			set takers --interval
		case restart
			set takers 
		case stop
			set takers 
		case events
			set takers 
		case ps
			set takers 
	end
	while test $i -le (count $words)
		switch $words[$i]
			case --
				echo $verb command (math $i + 1)
				return
			case '-?*'
				if contains -- $words[$i] $takers
					set i (math $i + 1)
				end
			case '*'
				if contains -- $verb $runs
					echo $verb command $i
					return
				end
		end
		set i (math $i + 1)
	end
	if contains -- $verb $runs; and not string match -q -- '-*' (commandline -ct)
		echo $verb flags $i
	else
		echo $verb flags
	end
end

# Reports whether flags of that command may stand here.
function __relance_flags
	string match -q -- "$argv[1] flags*" (__relance_place)
end

# Reports whether the command to run begins or goes on here.
function __relance_command
	set -l place (string split ' ' (__relance_place))
	set -q place[3]; or return 1
	test $place[2] = command; or test -n (commandline -ct)
end

# Completes the command to run as fish does it without relance.
function __relance_complete_command
	set -l place (string split ' ' (__relance_place))
	set -l words (commandline -opc)
	set -l line
	if test $place[3] -le (count $words)
		set line (string escape -- $words[$place[3]..-1])
	end
	complete -C "$(string join ' ' -- $line (commandline -ct))"
end

# Reports whether nothing but the cursor's word follows relance.
function __relance_first
	test (count (commandline -opc)) -eq 1
end

# Offers the words given, each after those of the list that are there.
function __relance_list
	set -l before (string match -r -- '^(?:--[a-z-]+=)?(.*,)?' (commandline -ct))[2]
	printf "%s\n" "$before"$argv
end

# Offers SIGNAL=SIGNAL.
function __relance_rewrite
	set -l token (string replace -r -- '^--[a-z-]+=' '' (commandline -ct))
	if set -l before (string match -r -- '^(?:.*,)?[A-Z0-9+]+=(?=[A-Za-z0-9+]*$)' $token)
		printf "%s\n" "$before"$argv
	else
		__relance_list $argv=
	end
end

# Offers the words given, or files where a path follows one of them.
function __relance_more
	set -l token (string replace -r -- '^--[a-z-]+=' '' (commandline -ct))
	if set -l before (string match -r -- '^[^/.~]*:(?=[/.~])' $token)
		set -l path (string sub -s (math (string length -- $before) + 1) -- $token)
		printf '%s\n' $before(__fish_complete_path $path)
	else
		printf '%s\n' $argv
	end
end

function __relance_zones
	echo UTC
	string match -rg -- '^[^#\t]+\t[^\t]+\t([^\t]+)' </usr/share/zoneinfo/zone.tab
end

complete -c relance -f
complete -c relance -n __relance_command -a '(__relance_complete_command)'
complete -c relance -n __relance_first -a run -d 'Run a command under limits and budgets'
complete -c relance -n __relance_first -a exec -d 'Set limits in this process, bind sockets, and become COMMAND'
complete -c relance -n __relance_first -a doctor -d 'Tell what this machine lets relance do'
complete -c relance -n __relance_first -a notify -d 'Tell relance, from a command that runs under it, what the command serves and how it is'
complete -c relance -n __relance_first -a gate -d 'Say to the relance that has run --before-relaunch that its recycle may go on, and stay until the next generation is up'
complete -c relance -n __relance_first -a completion -d 'Print what a shell needs to complete the flags of relance, and after them the words of the command that it runs'
complete -c relance -n __relance_first -a status -d 'Tell how it goes'
complete -c relance -n __relance_first -a restart -d 'Ask for the next generation'
complete -c relance -n __relance_first -a stop -d 'Ask relance to shut its command down and to end'
complete -c relance -n __relance_first -a events -d 'Tell what has happened last, and with --follow what happens from now on'
complete -c relance -n __relance_first -a ps -d 'List the processes of the command'

# relance run
complete -c relance -n '__relance_flags run' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags run' -l version -d 'Print the version and end'
complete -c relance -n '__relance_flags run' -l rlimit -d 'Set a resource limit of each process, as setrlimit(2)' -r -f -a '(__relance_list as= core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= rttime= sigpending= stack=)'
complete -c relance -n '__relance_flags run' -l memory-max -d 'The most memory the whole tree may use' -r -f
complete -c relance -n '__relance_flags run' -l swap-max -d 'The most swap the whole tree may use' -r -f
complete -c relance -n '__relance_flags run' -l pids-max -d 'The most processes and threads of the whole tree' -r -f
complete -c relance -n '__relance_flags run' -l cpu-max -d 'The most CPU time of the whole tree, 100% for one CPU' -r -f
complete -c relance -n '__relance_flags run' -l oom-policy -d 'When the kernel has killed a process of the tree for want of memory' -r -f -a 'stop kill continue'
complete -c relance -n '__relance_flags run' -l memory-high -d 'Recycle when the whole tree holds that much memory that the kernel cannot take back' -r -f
complete -c relance -n '__relance_flags run' -l memory-for -d 'Recycle only when --memory-high has been exceeded that long without a break' -r -f
complete -c relance -n '__relance_flags run' -l memory-pressure -d 'Recycle when all' -r -f
complete -c relance -n '__relance_flags run' -l max-open-files -d 'Recycle when a process of the tree has that many descriptors open' -r -f
complete -c relance -n '__relance_flags run' -l max-sockets -d 'Recycle when a process of the tree has that many sockets open, as one that leaks connections' -r -f
complete -c relance -n '__relance_flags run' -l max-tasks -d 'Recycle when the tree has that many processes and threads' -r -f
complete -c relance -n '__relance_flags run' -l for -d 'Recycle only when --memory-high or one of the last three has been exceeded that long without a break' -r -f
complete -c relance -n '__relance_flags run' -l cpu-time -d 'Recycle when the whole tree has used that much CPU time since its start' -r -f
complete -c relance -n '__relance_flags run' -l cpu-backstop -d 'Let the kernel end a process of the tree that has used --cpu-time and the grace by itself'
complete -c relance -n '__relance_flags run' -l cpu-share -d 'Recycle a tree that burns that share of the CPU time all that time, 100% for one CPU' -r -f
complete -c relance -n '__relance_flags run' -l watch -d 'Recycle when the content of that file has changed, or of one in that folder, or one that a pattern such as \'conf.d/*.toml\' fits' -r -F
complete -c relance -n '__relance_flags run' -l memory-source -d 'Where memory is measured' -r -f -a 'auto cgroup container proc'
complete -c relance -n '__relance_flags run' -l output-silence -d 'Recycle when nothing was written to stdout and stderr for that long' -r -f
complete -c relance -n '__relance_flags run' -l count-lines -d 'Take each line of stdout and stderr that fits' -r -f
complete -c relance -n '__relance_flags run' -l count-stream -d 'Where --count-lines looks' -r -f -a 'stdout stderr both'
complete -c relance -n '__relance_flags run' -l every -l max-age -d 'Recycle at that age' -r -f
complete -c relance -n '__relance_flags run' -l at -d 'Recycle at these times of day' -r -f
complete -c relance -n '__relance_flags run' -l cron -d 'Recycle when the expression says so' -r -f
complete -c relance -n '__relance_flags run' -l timezone -d 'The time zone of --at, --cron and --window' -r -f -a '(__relance_zones)'
complete -c relance -n '__relance_flags run' -l jitter -d 'Put each planned recycle off by up to that, or by up to that share of the time between two, drawn anew each time, so that a fleet spreads' -r -f
complete -c relance -n '__relance_flags run' -l window -d 'Recycle by the clock, and for a spent budget, only in these times of day' -r -f
complete -c relance -n '__relance_flags run' -l idle-wait -d 'Let a recycle by the clock wait up to that for a moment in which the tree uses next to no CPU' -r -f
complete -c relance -n '__relance_flags run' -l max-requests -d 'Recycle when the command has served that many requests, as it says itself' -r -f
complete -c relance -n '__relance_flags run' -l max-requests-jitter -d 'Let each generation serve up to that many more, drawn anew each time, so that a fleet spreads' -r -f
complete -c relance -n '__relance_flags run' -l drain-timeout -d 'How long a recycle waits for the requests that are being served, where that is known' -r -f
complete -c relance -n '__relance_flags run' -l notify -d 'Listen to the command by NOTIFY_SOCKET' -r -f -a 'yes ready'
complete -c relance -n '__relance_flags run' -l socket-dir -d 'Put NOTIFY_SOCKET and RELANCE_SOCKET into that folder, where they are abstract addresses else' -r -f -a '(__fish_complete_directories)'
complete -c relance -n '__relance_flags run' -l handover -d 'Start the next generation before a planned recycle stops the old one, which leaves when the next is ready'
complete -c relance -n '__relance_flags run' -l ready -d 'When a generation can do its work' -r -f -a '(__relance_more notify tcp: unix: http:// fd file: delay:)'
complete -c relance -n '__relance_flags run' -l start-timeout -d 'Stop a generation that is not ready by then, and try again' -r -f
complete -c relance -n '__relance_flags run' -l workers -d 'Run the command N times, each with budgets, counts and groups of its own and its number in RELANCE_WORKER' -r -f
complete -c relance -n '__relance_flags run' -l max-unavailable -d 'Begin no planned recycle while that many workers do not do their work' -r -f
complete -c relance -n '__relance_flags run' -l total-memory-max -d 'The most memory that all generations may use together, where --memory-max is for each' -r -f
complete -c relance -n '__relance_flags run' -l prefix-output -d 'Put the number of the worker in front of each line that it writes'
complete -c relance -n '__relance_flags run' -l stdio -d 'Carry the requests and answers of the command\'s stdin and stdout' -r -f -a 'lines squid jsonrpc content-length'
complete -c relance -n '__relance_flags run' -l stdio-delimiter -d 'What ends a line under --stdio lines or squid' -r -f
complete -c relance -n '__relance_flags run' -l stdio-init -d 'Under --stdio jsonrpc or content-length' -r -f -a 'auto none'
complete -c relance -n '__relance_flags run' -l on-lost -d 'What becomes of a request under --stdio that a generation leaves unanswered' -r -f -a 'error replay exit'
complete -c relance -n '__relance_flags run' -l lost-reply -d 'The answer to a lost request under --stdio lines, whose protocol has no error of its own' -r -f
complete -c relance -n '__relance_flags run' -l listen -d 'Hold a socket over all generations and pass it to the command' -r -f -a '(__relance_more unix: unix:@ udp: seqpacket: dgram:)'
complete -c relance -n '__relance_flags run' -l listen-as -d 'How the command finds them' -r -f -a '(__relance_list systemd server-starter einhorn stdin)'
complete -c relance -n '__relance_flags run' -l stop-signal -d 'What asks the command to leave' -r -f -a 'HUP INT QUIT USR1 USR2 PIPE ALRM TERM STKFLT CONT TSTP XCPU XFSZ VTALRM WINCH IO PWR'
complete -c relance -n '__relance_flags run' -l stop-timeout -d 'The grace' -r -f
complete -c relance -n '__relance_flags run' -l rewrite -d 'Pass another signal on than the one that came, or none' -r -f -a '(__relance_rewrite HUP INT QUIT USR1 USR2 PIPE ALRM TERM STKFLT CONT TSTP XCPU XFSZ VTALRM WINCH IO PWR none)'
complete -c relance -n '__relance_flags run' -l restart -d 'After which ends to launch again' -r -f -a 'limits on-failure always never'
complete -c relance -n '__relance_flags run' -l backoff -d 'Delay before a relaunch after a crash, doubled each time, forgotten after a healthy run of MAX' -r -f
complete -c relance -n '__relance_flags run' -l give-up -d 'End after N crashes in that time, with the status of the last' -r -f
complete -c relance -n '__relance_flags run' -l restart-signal -d 'What asks relance for the next generation, instead of being passed on' -r -f -a 'USR1 USR2 HUP'
complete -c relance -n '__relance_flags run' -l min-uptime -d 'A budget spent sooner than that after the start says that relaunching does not help' -r -f
complete -c relance -n '__relance_flags run' -l oom-score-adj -d 'Set oom_score_adj of the command, -1000 to 1000' -r -f
complete -c relance -n '__relance_flags run' -l nice -d 'Set the nice value of the command, -20 to 19' -r -f
complete -c relance -n '__relance_flags run' -l user -d 'Run the command as that user, with all its groups of /etc/group, and its HOME, USER, LOGNAME and SHELL' -r -f -a '(__fish_complete_users)'
complete -c relance -n '__relance_flags run' -l groups -d 'The supplementary groups of the command, in place of those of --user' -r -f -a '(__relance_list (__fish_complete_groups))'
complete -c relance -n '__relance_flags run' -l ambient-caps -d 'Capabilities that the command keeps as another user than root' -r -f -a '(__relance_list CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE)'
complete -c relance -n '__relance_flags run' -l no-new-privs -d 'Never let the command get more rights, by no set-user-ID program'
complete -c relance -n '__relance_flags run' -l on-event -d 'Run CMD by /bin/sh for each event, one at a time, with the event as JSON on its stdin and RELANCE_EVENT, RELANCE_REASON and so on in its environment' -r -f
complete -c relance -n '__relance_flags run' -l on-event-filter -d 'Of which events it is told, in the words of --mail-on' -r -f -a '(__relance_list info warn error crash begun left up planned deferred observed gated gate-failed gate-lost draining queued handing-over handover-failed stopping ended left-behind killing unkillable backoff no-help gave-up reduced budget-end start-failure blind oom recovered pids-max escaped exit signal start-failed memory-high age schedule open-files tasks cpu-time requests watchdog changed oom-kill memory-max cpu-limit file-size-limit asked all)'
complete -c relance -n '__relance_flags run' -l after-up -d 'Run CMD by /bin/sh when a generation is up, each one, as --ready has it' -r -f
complete -c relance -n '__relance_flags run' -l hook-timeout -d 'End a command of --on-event or --after-up that has not ended by then' -r -f
complete -c relance -n '__relance_flags run' -l before-relaunch -d 'Let a planned recycle wait until CMD, run by /bin/sh, has ended well, or has run \'relance gate\', which holds what CMD has got, as a lock, until the next generation is up' -r -f
complete -c relance -n '__relance_flags run' -l gate-timeout -d 'How long --before-relaunch may take to let it go on' -r -f
complete -c relance -n '__relance_flags run' -l gate-policy -d 'When it fails, or takes longer' -r -f -a 'wait proceed'
complete -c relance -n '__relance_flags run' -l observe -d 'Only say when a budget is spent, and touch nothing' -f -a '(__relance_list memory-high open-files tasks cpu-time requests watchdog changed age schedule)'
complete -c relance -n '__relance_flags run' -l name -d 'What to call this one in lines and records' -r -f
complete -c relance -n '__relance_flags run' -l log-format -d 'How to say what happens' -r -f -a 'text json'
complete -c relance -n '__relance_flags run' -l log-file -d 'Append what happens to that file, in place of stderr' -r -F
complete -c relance -n '__relance_flags run' -l control -d 'Where relance status, restart, stop, events and ps reach this one' -r -F
complete -c relance -n '__relance_flags run' -l mail-to -d 'Tell these by mail what goes wrong' -r -f -a '(__relance_list )'
complete -c relance -n '__relance_flags run' -l mail-from -d 'Who these mails are from' -r -f
complete -c relance -n '__relance_flags run' -l mail-on -d 'What is worth a mail' -r -f -a '(__relance_list info warn error crash begun left up planned deferred observed gated gate-failed gate-lost draining queued handing-over handover-failed stopping ended left-behind killing unkillable backoff no-help gave-up reduced budget-end start-failure blind oom recovered pids-max escaped exit signal start-failed memory-high age schedule open-files tasks cpu-time requests watchdog changed oom-kill memory-max cpu-limit file-size-limit asked all)'
complete -c relance -n '__relance_flags run' -l smtp-url -d 'The mail server' -r -f
complete -c relance -n '__relance_flags run' -l smtp-password-file -d 'A file with the password of USER' -r -F
complete -c relance -n '__relance_flags run' -l webhook -d 'Post the same as JSON, with a text as Slack, Mattermost and Discord' -r -f
complete -c relance -n '__relance_flags run' -l webhook-on -d 'What is worth that' -r -f -a '(__relance_list info warn error crash begun left up planned deferred observed gated gate-failed gate-lost draining queued handing-over handover-failed stopping ended left-behind killing unkillable backoff no-help gave-up reduced budget-end start-failure blind oom recovered pids-max escaped exit signal start-failed memory-high age schedule open-files tasks cpu-time requests watchdog changed oom-kill memory-max cpu-limit file-size-limit asked all)'
complete -c relance -n '__relance_flags run' -l webhook-secret-file -d 'A file with the secret that signs it' -r -F
complete -c relance -n '__relance_flags run' -l keep-stderr -d 'Put the last N lines of the command\'s stderr into the message' -r -f
complete -c relance -n '__relance_flags run' -l post-pause -d 'The time between two such messages' -r -f
complete -c relance -n '__relance_flags run' -l post-timeout -d 'How long the end waits for what is still to be delivered' -r -f
complete -c relance -n '__relance_flags run' -l config -d 'Read flags from a TOML file too, each under its name' -r -F
complete -c relance -n '__relance_flags run' -l print-config -d 'Print the flags in force as such a file, each with where it comes from, and end'

# relance exec
complete -c relance -n '__relance_flags exec' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags exec' -l rlimit -d 'Set a resource limit, as under relance run' -r -f -a '(__relance_list as= core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= rttime= sigpending= stack=)'
complete -c relance -n '__relance_flags exec' -l listen -d 'Bind a socket and pass it to the command, as under relance run' -r -f -a '(__relance_more unix: unix:@ udp: seqpacket: dgram:)'
complete -c relance -n '__relance_flags exec' -l listen-as -d 'How the command finds them, as under relance run' -r -f -a '(__relance_list systemd server-starter einhorn stdin)'
complete -c relance -n '__relance_flags exec' -l oom-score-adj -d 'Set oom_score_adj, -1000 to 1000' -r -f
complete -c relance -n '__relance_flags exec' -l nice -d 'Set the nice value, -20 to 19' -r -f
complete -c relance -n '__relance_flags exec' -l user -d 'Run the command as that user, with all its groups of /etc/group, and its HOME, USER, LOGNAME and SHELL' -r -f -a '(__fish_complete_users)'
complete -c relance -n '__relance_flags exec' -l groups -d 'The supplementary groups of the command, in place of those of --user' -r -f -a '(__relance_list (__fish_complete_groups))'
complete -c relance -n '__relance_flags exec' -l ambient-caps -d 'Capabilities that the command keeps as another user than root' -r -f -a '(__relance_list CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE)'
complete -c relance -n '__relance_flags exec' -l no-new-privs -d 'Never let the command get more rights, by no set-user-ID program'

# relance doctor
complete -c relance -n '__relance_flags doctor' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags doctor' -l json -d 'One JSON object, with stable keys'

# relance notify
complete -c relance -n '__relance_flags notify' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags notify' -l request -d 'A request was served, or N since the last time' -f
complete -c relance -n '__relance_flags notify' -l begin -d 'A request has begun, and' -f
complete -c relance -n '__relance_flags notify' -l end -d 'has ended and is counted' -f
complete -c relance -n '__relance_flags notify' -l ready -d 'The command is up, or has reloaded'
complete -c relance -n '__relance_flags notify' -l reloading -d 'It reads its configuration anew'
complete -c relance -n '__relance_flags notify' -l stopping -d 'It has begun to leave'
complete -c relance -n '__relance_flags notify' -l status -d 'One line about what it does' -r -f
complete -c relance -n '__relance_flags notify' -l extend -d 'It needs more time for its start or its stop' -r -f
complete -c relance -n '__relance_flags notify' -l watchdog -d 'It is alive'
complete -c relance -n '__relance_flags notify' -l trigger -d 'It is not well, as if no sign of life had come'

# relance gate
complete -c relance -n '__relance_flags gate' -s h -l help -d 'Show this help'

# relance completion
complete -c relance -n '__relance_flags completion' -a 'bash zsh fish'
complete -c relance -n '__relance_flags completion' -s h -l help -d 'Show this help'

# relance status
complete -c relance -n '__relance_flags status' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags status' -l json -d 'One JSON object, with stable keys'
complete -c relance -n '__relance_flags status' -s w -l watch -d 'Show it again and again'
complete -c relance -n '__relance_flags status' -l interval -d 'How often --watch does' -r -f

# relance restart
complete -c relance -n '__relance_flags restart' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags restart' -l no-wait -d 'Do not wait until the next generation is up'

# relance stop
complete -c relance -n '__relance_flags stop' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags stop' -l no-wait -d 'Do not wait until it has ended'

# relance events
complete -c relance -n '__relance_flags events' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags events' -s f -l follow -d 'And those to come, as they come'
complete -c relance -n '__relance_flags events' -l json -d 'One JSON object a line'

# relance ps
complete -c relance -n '__relance_flags ps' -s h -l help -d 'Show this help'
complete -c relance -n '__relance_flags ps' -l json -d 'One JSON object, with stable keys'
