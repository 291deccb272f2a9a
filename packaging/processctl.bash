# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Completion of processctl(1) in bash, with or without the package bash-completion.
#
# There is no second list of commands and options here: processctl's own --help is read, which names what each option and
# argument takes, as NAME, ID, FILE or one|another. Names of services and ids of runs come from the daemon. Where there is
# none, or it does not answer within two seconds, there is nothing to offer and nothing is said.

# _processctl_ask ARG…: what processctl prints, for the socket that the line names.
_processctl_ask()
{
	timeout 2 "$program" "${socket[@]}" "$@" </dev/null 2>/dev/null
}

# _processctl_read_help [COMMAND]: adds to the caller's commands, positionals, takes (option → what its value is, empty for
# none) and choices (option → values that its description lists, as "a, b or c").
_processctl_read_help()
{
	local line part='' option='^  ((-[A-Za-z]),)?(-[-a-z0-9]+)( ([^ :]+)[^ ]*)?( in \[[^]]*\])?( \.\.\.)?( |$)'
	local list='^([^,]*: )?([a-z_-]+(, [a-z_-]+)+( or [a-z_-]+)?)$' last
	while IFS= read -r line; do
		case $line in
		[A-Z]*:) part=$line ;;
		'') part='' ;;
		esac
		case $part in
		Subcommands:) [[ $line =~ ^\ \ ([a-z][a-z-]*) ]] && commands+=("${BASH_REMATCH[1]}") ;;
		Positionals:) [[ $line =~ ^\ \ ([A-Z]+)\  ]] && positionals+=("${BASH_REMATCH[1]}") ;;
		Options:)
			if [[ $line =~ $option ]]; then
				last=${BASH_REMATCH[3]}
				takes[$last]=${BASH_REMATCH[5]}
				[[ -z ${BASH_REMATCH[2]} ]] || takes[${BASH_REMATCH[2]}]=${BASH_REMATCH[5]}
				line=${line#"${BASH_REMATCH[0]}"}
			fi
			# Behind the option, or in the next line.
			line=${line#"${line%%[! ]*}"}
			if [[ -n $last && ${line%%;*} =~ $list ]]; then
				line=${BASH_REMATCH[2]//,/}
				choices[$last]=${line// or / }
			fi
			;;
		esac
	done < <("$program" "$@" --help </dev/null 2>/dev/null)
}

# _processctl_offer WORD…: replies are those that begin as the current word does and are not among the arguments yet.
_processctl_offer()
{
	local offered
	for offered; do
		[[ $offered == "$current"* && " ${given[*]} " != *" $offered "* ]] && COMPREPLY+=("$start$offered")
	done
}

# _processctl_offer_lines ARG…: the same for what compgen finds.
_processctl_offer_lines()
{
	local lines
	mapfile -t lines < <(compgen "$@" -- "$current")
	_processctl_offer "${lines[@]}"
}

# _processctl_offer_kind KIND: what --help calls by that word. Of a list with commas, the last part.
_processctl_offer_kind()
{
	local found
	if [[ $1 == *,... && $current == *,* ]]; then
		start+=${current%,*},
		current=${current##*,}
	fi
	case ${1%,...} in
	NAME)
		# In JSON a quote inside of a text has a backslash before it, so these are names and nothing else.
		local list=(status)
		[[ $command != job* ]] || list=(job list)
		mapfile -t found < <(_processctl_ask "${list[@]}" --json | grep -oE '"name":"[a-z0-9][a-z0-9_.@-]*"' | cut -d '"' -f 4)
		_processctl_offer "${found[@]}"
		[[ $command != job* ]] || return 0
		mapfile -t found < <(_processctl_ask groups --json | grep -oE '"name":"[a-z0-9][a-z0-9_.-]*"' | cut -d '"' -f 4)
		_processctl_offer "${found[@]/#/@}"
		;;
	ID)
		mapfile -t found < <(_processctl_ask runs --json -n 100 | grep -oE '[[,][{]"id":"[A-Za-z0-9._:-]+"' | cut -d '"' -f 4)
		_processctl_offer "${found[@]}"
		;;
	SIGNAL)
		# Those with a name of their own: bash also has SIGRTMIN+1 and, of what libc keeps for itself, SIGJUNK(32).
		mapfile -t found < <(compgen -A signal SIG | grep -xE 'SIG[A-Z0-9]+' | cut -c 4-)
		_processctl_offer "${found[@]}"
		;;
	USER) _processctl_offer_lines -u ;;
	GROUP) _processctl_offer_lines -g ;;
	FILE | PATH)
		compopt -o filenames 2>/dev/null
		_processctl_offer_lines -f
		;;
	DIR)
		compopt -o filenames 2>/dev/null
		_processctl_offer_lines -d
		;;
	*'|'*)
		IFS='|' read -ra found <<<"$1"
		_processctl_offer "${found[@]}"
		;;
	esac
}

# _processctl_offer_value OPTION: a value of it.
_processctl_offer_value()
{
	local found
	if [[ -z ${choices[$1]-} ]]; then
		_processctl_offer_kind "${takes[$1]}"
		return
	fi
	if [[ $current == *,* ]]; then
		start+=${current%,*},
		current=${current##*,}
	fi
	read -ra found <<<"${choices[$1]}"
	_processctl_offer "${found[@]}"
}

# The words up to the cursor as the shell will see them, while bash has cut COMP_WORDS at = : and @, too. Sets the caller's
# words, and places (of each in COMP_WORDS).
_processctl_split()
{
	local rest=${COMP_LINE:0:COMP_POINT} blanks i word
	for ((i = 0; i <= COMP_CWORD; i++)); do
		blanks=${rest%%[![:space:]]*}
		rest=${rest#"$blanks"}
		word=${COMP_WORDS[i]}
		[[ $rest == "$word"* && $i -lt $COMP_CWORD ]] || word=$rest
		if [[ $i -eq 0 || -n $blanks ]]; then
			words+=("$word")
			places+=("$i")
		else
			words[-1]+=$word
		fi
		rest=${rest#"$word"}
	done
}

# _processctl_shorten REPLACED: takes off the replies what bash keeps of the current word, as it replaces only REPLACED, which
# is behind a : or =, or begins with @. (Called through sudo it is the last of COMP_WORDS instead.)
_processctl_shorten()
{
	local word=${words[-1]} kept=''
	case $1 in
	[=:]) kept=$word ;;
	*) [[ $word != *"$1" ]] || kept=${word%"$1"} ;;
	esac
	kept=${kept%@}
	COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

# The command that `run` is to execute, from COMP_WORDS[$1] on.
_processctl_offer_command()
{
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [[ $COMP_CWORD -eq $1 && $current != */* ]]; then
		given=()
		_processctl_offer_lines -c
	else
		given=()
		compopt -o filenames 2>/dev/null
		_processctl_offer_lines -f
	fi
}

_processctl()
{
	local words=() places=() program socket=() commands=() positionals=() given=() start='' current
	local command='' word i wanted='' count=0 found
	local -A takes=() choices=()
	COMPREPLY=()
	_processctl_split
	current=${words[-1]}
	program=${words[0]/#\~/$HOME}
	_processctl_read_help
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [[ -n $wanted ]]; then
			[[ $wanted != --socket ]] || socket=("--socket=${word/#\~/$HOME}")
			wanted=''
		elif [[ $word == -- && ($command == run || $command == add) ]]; then
			_processctl_offer_command "${places[i + 1]}"
			return
		elif [[ $word == --socket=* ]]; then
			socket=("--socket=${word#*=}")
		elif [[ $word == -?* ]]; then
			[[ -z ${takes[$word]-} ]] || wanted=$word
		elif [[ -z $command || ${#commands[@]} -gt 0 ]]; then
			# One of several words, as long as the help for those so far lists what may follow.
			[[ " ${commands[*]} " == *" $word "* ]] || return 0
			command=${command:+$command }$word
			commands=()
			read -ra found <<<"$command"
			_processctl_read_help "${found[@]}"
		elif [[ $command == run ]]; then
			_processctl_offer_command "${places[i]}"
			return
		else
			given+=("$word")
			count=$((count + 1))
		fi
	done
	if [[ -n $wanted ]]; then
		_processctl_offer_value "$wanted"
	elif [[ $current == --*=* ]]; then
		start=${current%%=*}=
		current=${current#*=}
		_processctl_offer_value "${start%=}"
	elif [[ $current == -* ]]; then
		_processctl_offer "${!takes[@]}"
	elif [[ -z $command || ${#commands[@]} -gt 0 ]]; then
		_processctl_offer "${commands[@]}"
	elif [[ $command == run ]]; then
		_processctl_offer_command "${places[-1]}"
	elif ((${#positionals[@]})); then
		# The last one stands for all that follow.
		((count < ${#positionals[@]})) || count=$((${#positionals[@]} - 1))
		_processctl_offer_kind "${positionals[count]}"
	fi
	_processctl_shorten "$2"
}

complete -F _processctl processctl
