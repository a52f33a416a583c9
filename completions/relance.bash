# Completion of relance for bash, as internal/manual writes it from its flags.

# Puts together again what COMP_WORDBREAKS has taken apart, up to the cursor: words of
# the caller, and starts, where each begins in COMP_WORDS.
__relance_words() {
	local i blank rest=$COMP_LINE n=-1
	for ((i = 0; i <= COMP_CWORD; i++)); do
		blank=${rest%%[![:blank:]]*}
		rest=${rest:${#blank}}
		if ((i == 0)) || [[ $blank ]]; then
			words[++n]=
			starts[n]=$i
		fi
		words[n]+=${COMP_WORDS[i]}
		rest=${rest:${#COMP_WORDS[i]}}
	done
}

# Offers those words that begin as the cursor's word does, after what is there of it
# before the last part, which is given.
__relance_offer() {
	local done=${cur%"$1"} part=$1 word
	shift
	for word; do
		if [[ $word == "$part"* ]]; then
			COMPREPLY+=("$done$word")
		fi
	done
	if ((${#COMPREPLY[@]} == 1)) && [[ $COMPREPLY == *[=:/@] ]]; then
		compopt -o nospace
	fi
}

# Offers what readline knows to complete, for the given end of the cursor's word.
__relance_generate() {
	local done=${cur%"$1"} word
	while IFS= read -r word; do
		COMPREPLY+=("$done$word")
	done < <(compgen "${@:2}" -- "$1")
}

# Offers values of a flag: VERB FLAG VALUE.
__relance_value() {
	local part=$3
	case "$1 $2" in
	'run --rlimit' | 'exec --rlimit')
		part=${part##*,}
		if [[ $part == *:[/.~]* ]]; then
			__relance_files "${part#*:}"
			return
		fi
		__relance_offer "$part" 'as=' 'core=' 'cpu=' 'data=' 'fsize=' 'locks=' 'memlock=' 'msgqueue=' 'nice=' 'nofile=' 'nproc=' 'rss=' 'rtprio=' 'rttime=' 'sigpending=' 'stack='
		;;
	'run --oom-policy')
		__relance_offer "$part" 'stop' 'kill' 'continue'
		;;
	'run --watch')
		__relance_files "$part"
		;;
	'run --memory-source')
		__relance_offer "$part" 'auto' 'cgroup' 'container' 'proc'
		;;
	'run --count-stream')
		__relance_offer "$part" 'stdout' 'stderr' 'both'
		;;
	'run --timezone')
		__relance_generate "$part" -W "UTC $(awk '!/^#/ {print $3}' /usr/share/zoneinfo/zone.tab 2>/dev/null)"
		;;
	'run --notify')
		__relance_offer "$part" 'yes' 'ready'
		;;
	'run --socket-dir')
		compopt -o filenames
		__relance_generate "$part" -d
		;;
	'run --ready')
		if [[ $part == *:[/.~]* ]]; then
			__relance_files "${part#*:}"
			return
		fi
		__relance_offer "$part" 'notify' 'tcp:' 'unix:' 'http://' 'fd' 'file:' 'delay:'
		;;
	'run --stdio')
		__relance_offer "$part" 'lines' 'squid' 'jsonrpc' 'content-length'
		;;
	'run --stdio-init')
		__relance_offer "$part" 'auto' 'none'
		;;
	'run --on-lost')
		__relance_offer "$part" 'error' 'replay' 'exit'
		;;
	'run --listen' | 'exec --listen')
		if [[ $part == *:[/.~]* ]]; then
			__relance_files "${part#*:}"
			return
		fi
		__relance_offer "$part" 'unix:' 'unix:@' 'udp:' 'seqpacket:' 'dgram:'
		;;
	'run --listen-as' | 'exec --listen-as')
		part=${part##*,}
		__relance_offer "$part" 'systemd' 'server-starter' 'einhorn' 'stdin'
		;;
	'run --stop-signal')
		__relance_offer "$part" 'HUP' 'INT' 'QUIT' 'USR1' 'USR2' 'PIPE' 'ALRM' 'TERM' 'STKFLT' 'CONT' 'TSTP' 'XCPU' 'XFSZ' 'VTALRM' 'WINCH' 'IO' 'PWR'
		;;
	'run --rewrite')
		part=${part##*,}
		if [[ $part == *=* ]]; then
			__relance_offer "${part#*=}" HUP INT QUIT USR1 USR2 PIPE ALRM TERM STKFLT CONT TSTP XCPU XFSZ VTALRM WINCH IO PWR none
		else
			__relance_offer "$part" HUP= INT= QUIT= USR1= USR2= PIPE= ALRM= TERM= STKFLT= CONT= TSTP= XCPU= XFSZ= VTALRM= WINCH= IO= PWR= none=
		fi
		;;
	'run --restart')
		__relance_offer "$part" 'limits' 'on-failure' 'always' 'never'
		;;
	'run --restart-signal')
		__relance_offer "$part" 'USR1' 'USR2' 'HUP'
		;;
	'run --user' | 'exec --user')
		__relance_generate "$part" -u
		;;
	'run --groups' | 'exec --groups')
		part=${part##*,}
		__relance_generate "$part" -g
		;;
	'run --ambient-caps' | 'exec --ambient-caps')
		part=${part##*,}
		__relance_offer "$part" 'CHOWN' 'DAC_OVERRIDE' 'DAC_READ_SEARCH' 'FOWNER' 'FSETID' 'KILL' 'SETGID' 'SETUID' 'SETPCAP' 'LINUX_IMMUTABLE' 'NET_BIND_SERVICE' 'NET_BROADCAST' 'NET_ADMIN' 'NET_RAW' 'IPC_LOCK' 'IPC_OWNER' 'SYS_MODULE' 'SYS_RAWIO' 'SYS_CHROOT' 'SYS_PTRACE' 'SYS_PACCT' 'SYS_ADMIN' 'SYS_BOOT' 'SYS_NICE' 'SYS_RESOURCE' 'SYS_TIME' 'SYS_TTY_CONFIG' 'MKNOD' 'LEASE' 'AUDIT_WRITE' 'AUDIT_CONTROL' 'SETFCAP' 'MAC_OVERRIDE' 'MAC_ADMIN' 'SYSLOG' 'WAKE_ALARM' 'BLOCK_SUSPEND' 'AUDIT_READ' 'PERFMON' 'BPF' 'CHECKPOINT_RESTORE'
		;;
	'run --on-event-filter' | 'run --mail-on' | 'run --webhook-on')
		part=${part##*,}
		__relance_offer "$part" 'info' 'warn' 'error' 'crash' 'begun' 'left' 'up' 'planned' 'deferred' 'observed' 'gated' 'gate-failed' 'gate-lost' 'draining' 'queued' 'handing-over' 'handover-failed' 'stopping' 'ended' 'left-behind' 'killing' 'unkillable' 'backoff' 'no-help' 'gave-up' 'reduced' 'budget-end' 'start-failure' 'blind' 'oom' 'recovered' 'pids-max' 'escaped' 'exit' 'signal' 'start-failed' 'memory-high' 'age' 'schedule' 'open-files' 'tasks' 'cpu-time' 'requests' 'watchdog' 'changed' 'oom-kill' 'memory-max' 'cpu-limit' 'file-size-limit' 'asked' 'all'
		;;
	'run --gate-policy')
		__relance_offer "$part" 'wait' 'proceed'
		;;
	'run --observe')
		part=${part##*,}
		__relance_offer "$part" 'memory-high' 'open-files' 'tasks' 'cpu-time' 'requests' 'watchdog' 'changed' 'age' 'schedule'
		;;
	'run --log-format')
		__relance_offer "$part" 'text' 'json'
		;;
	'run --log-file' | 'run --control' | 'run --smtp-password-file' | 'run --webhook-secret-file' | 'run --config')
		__relance_files "$part"
		;;
	esac
}

# Offers files for the end of the cursor's word, as bash does by itself.
__relance_files() {
	compopt -o filenames
	__relance_generate "$1" -f
}

# Hands over to the completion of the command that begins at word $1.
__relance_command() {
	local offset=${starts[$1]}
	if ((last == $1)); then
		if [[ $cur == */* ]]; then
			compopt -o filenames
			__relance_generate "$cur" -d
		fi
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -c -- "$cur" | sort -u)
		return
	fi
	theirs=1
	local words=() starts=()
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$offset"
		return
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$offset"
		return
	fi
	# Without bash-completion: as complete has been told of it, or else files.
	local i before name spec
	for ((i = 0; i < offset; i++)); do
		before=${COMP_LINE%%"${COMP_WORDS[i]}"*}${COMP_WORDS[i]}
		COMP_LINE=${COMP_LINE:${#before}}
		((COMP_POINT -= ${#before}))
	done
	before=${COMP_LINE%%[![:blank:]]*}
	COMP_LINE=${COMP_LINE:${#before}}
	((COMP_POINT -= ${#before}))
	COMP_WORDS=("${COMP_WORDS[@]:offset}")
	((COMP_CWORD -= offset))
	name=${COMP_WORDS[0]##*/}
	if ! spec=$(complete -p -- "$name" 2>/dev/null); then
		compopt -o default
		return
	fi
	spec=${spec#complete }
	spec=${spec%"$name"}
	before=$spec
	while [[ $before =~ (^|\ )-o\ ([a-z]+)(.*) ]]; do
		compopt -o "${BASH_REMATCH[2]}"
		before=${BASH_REMATCH[3]}
	done
	if [[ $spec =~ (^|\ )-F\ ([^ ]+) ]]; then
		"${BASH_REMATCH[2]}" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	else
		eval "mapfile -t COMPREPLY < <(compgen $spec -- \"\${COMP_WORDS[COMP_CWORD]}\")"
	fi
}

_relance() {
	COMPREPLY=()
	local IFS=$' \t\n'
	local words=() starts=() verb=run i=1 last cur flags takers args= runs= theirs=
	__relance_words
	last=$((${#words[@]} - 1))
	cur=${words[last]}
	__relance_complete
	if [[ $theirs ]]; then
		return
	fi
	# readline has what stands before the last of these already.
	local breaks=${COMP_WORDBREAKS//[!=:]/}
	if [[ $breaks && $cur == *["$breaks"]* ]]; then
		local done=${cur%"${cur##*["$breaks"]}"}
		COMPREPLY=("${COMPREPLY[@]#"$done"}")
	fi
}

__relance_complete() {
	if ((last > 1)); then
		case ${words[1]} in
		run | exec | doctor | notify | gate | completion | status | restart | stop | events | ps)
			verb=${words[1]}
			i=2
			;;
		esac
	fi
	case $verb in
	run)
		flags='--help -h --version --rlimit= --memory-max= --swap-max= --pids-max= --cpu-max= --oom-policy= --memory-high= --memory-for= --memory-pressure= --max-open-files= --max-sockets= --max-tasks= --for= --cpu-time= --cpu-backstop --cpu-share= --watch= --memory-source= --output-silence= --count-lines= --count-stream= --every= --max-age= --at= --cron= --timezone= --jitter= --window= --idle-wait= --max-requests= --max-requests-jitter= --drain-timeout= --notify= --socket-dir= --handover --ready= --start-timeout= --workers= --max-unavailable= --total-memory-max= --prefix-output --stdio= --stdio-delimiter= --stdio-init= --on-lost= --lost-reply= --listen= --listen-as= --stop-signal= --stop-timeout= --rewrite= --restart= --backoff= --give-up= --restart-signal= --min-uptime= --oom-score-adj= --nice= --user= --groups= --ambient-caps= --no-new-privs --on-event= --on-event-filter= --after-up= --hook-timeout= --before-relaunch= --gate-timeout= --gate-policy= --observe --observe= --name= --log-format= --log-file= --control= --mail-to= --mail-from= --mail-on= --smtp-url= --smtp-password-file= --webhook= --webhook-on= --webhook-secret-file= --keep-stderr= --post-pause= --post-timeout= --config= --print-config'
		takers=' --rlimit --memory-max --swap-max --pids-max --cpu-max --oom-policy --memory-high --memory-for --memory-pressure --max-open-files --max-sockets --max-tasks --for --cpu-time --cpu-share --watch --memory-source --output-silence --count-lines --count-stream --every --max-age --at --cron --timezone --jitter --window --idle-wait --max-requests --max-requests-jitter --drain-timeout --notify --socket-dir --ready --start-timeout --workers --max-unavailable --total-memory-max --stdio --stdio-delimiter --stdio-init --on-lost --lost-reply --listen --listen-as --stop-signal --stop-timeout --rewrite --restart --backoff --give-up --restart-signal --min-uptime --oom-score-adj --nice --user --groups --ambient-caps --on-event --on-event-filter --after-up --hook-timeout --before-relaunch --gate-timeout --gate-policy --name --log-format --log-file --control --mail-to --mail-from --mail-on --smtp-url --smtp-password-file --webhook --webhook-on --webhook-secret-file --keep-stderr --post-pause --post-timeout --config '
		runs=1
		;;
	exec)
		flags='--help -h --rlimit= --listen= --listen-as= --oom-score-adj= --nice= --user= --groups= --ambient-caps= --no-new-privs'
		takers=' --rlimit --listen --listen-as --oom-score-adj --nice --user --groups --ambient-caps '
		runs=1
		;;
	doctor)
		flags='--help -h --json'
		takers='  '
		;;
	notify)
		flags='--help -h --request --request= --begin --begin= --end --end= --ready --reloading --stopping --status= --extend= --watchdog --trigger'
		takers=' --status --extend '
		;;
	gate)
		flags='--help -h'
		takers='  '
		;;
	completion)
		flags='--help -h'
		takers='  '
		args='bash zsh fish'
		;;
	status)
		flags='--help -h --json --watch -w --interval='
		takers=' --interval '
		;;
	restart)
		flags='--help -h --no-wait'
		takers='  '
		;;
	stop)
		flags='--help -h --no-wait'
		takers='  '
		;;
	events)
		flags='--help -h --follow -f --json'
		takers='  '
		;;
	ps)
		flags='--help -h --json'
		takers='  '
		;;
	esac
	while ((i < last)); do
		case ${words[i]} in
		--)
			if [[ $runs ]]; then
				__relance_command $((i + 1))
			fi
			return
			;;
		-?*)
			if [[ $takers == *" ${words[i]} "* ]] && ((++i == last)); then
				__relance_value "$verb" "${words[i - 1]}" "$cur"
				return
			fi
			;;
		*)
			if [[ $runs ]]; then
				__relance_command "$i"
				return
			fi
			;;
		esac
		((++i))
	done
	if [[ $cur == --*=* ]]; then
		__relance_value "$verb" "${cur%%=*}" "${cur#*=}"
	elif [[ $cur == -* ]]; then
		__relance_offer "$cur" $flags
	else
		if [[ $runs && $cur ]]; then
			__relance_command "$i"
		fi
		__relance_offer "$cur" $args
		if ((last == 1)); then
			__relance_offer "$cur" run exec doctor notify gate completion status restart stop events ps
		fi
	fi
}

complete -F _relance relance
