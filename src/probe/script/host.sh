#!/bin/sh
# driftless probe, protocol 2.
#
# Read-only: it prints what it finds and changes nothing; no file, no cache, no log of its own.
# It is the only code of driftless that runs on an audited host, the same for every host and run.
#
# It is fed to `/bin/sh -s`, followed by a request: lines of plain words in the variable REQUEST, which
# say what is asked for, and lines of text in WANTED, which say of what: `file /etc/nginx/nginx.conf`.
# Pinned on a host as a forced command it reads the same bytes from its standard input and takes
# the request out of them; nothing that arrives there is ever run. Of files it then reads those alone that
# the host's own list allows, one path or glob a line; whoever holds the audit key can ask for no other.
#
# Every section is framed by lines that carry the request's nonce, on stdout and on stderr alike,
# so that a motd or an rc file's chatter cannot be taken for an answer:
#
#     @NONCE begin dpkg
#     ...what the tool printed...
#     @NONCE end dpkg 0
#
# The last word is the exit status: 126 needs privilege, 127 not installed, `unknown` a section
# that this probe does not have.

LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
unset LANGUAGE DPKG_ROOT CDPATH ENV
REQUEST=
WANTED=
kills=
deadline=

# Where it is pinned, and the list of files that it may read there; a second list, ending in `.local`, adds to it.
PINNED=/usr/local/libexec/driftless/probe
ALLOWED=/etc/driftless/allow

mark() {
	printf '\n@%s %s\n' "$nonce" "$*"
	printf '\n@%s %s\n' "$nonce" "$*" >&2
}

# Prints the first of the files that exists.
first_of() {
	for file do
		if [ -r "$file" ]; then
			cat "$file"
			return
		elif [ -e "$file" ]; then
			echo "$file: not readable for this user" >&2
			return 126
		fi
	done
	echo "none of these exists: $*" >&2
	return 127
}

# Prints all of the files that exist.
every_of() {
	for file do
		[ -e "$file" ] || continue
		first_of "$file" || return
	done
}

have() {
	command -v "$1" >/dev/null && return
	echo "$1 is not installed" >&2
	return 127
}

# wants KEYWORD: whether the request says anything of that kind.
wants() {
	case "
$WANTED" in
		*"
$1 "*) return 0 ;;
		*) return 1 ;;
	esac
}

# wanted KEYWORD: what the request says of that kind, one a line.
wanted() {
	wants "$1" && printf '%s\n' "$WANTED" | sed -n "s/^$1 //p"
}

# parts PATH: sets `parts` to how many folders deep it is.
parts() {
	IFS=/
	set -f
	# shellcheck disable=SC2086 # parted at every slash
	set -- $1
	unset IFS
	parts=$#
}

# listed PATH [show]: whether the host's list has a path, or a glob as it stands; with `show`, whether the list
# lets the content be shown. A star of the list does not reach into folders.
listed() {
	case $1/ in *//* | */./* | */../*) return 1 ;; esac
	parts "$1"
	depth=$parts
	asked=$1
	how=$2
	set -f
	IFS='
'
	# shellcheck disable=SC2086 # one a line
	set -- $lists
	unset IFS
	for allowed do
		case $allowed in
			'show '*) allowed=${allowed#show } ;;
			/*) [ -z "$how" ] || continue ;;
			*) continue ;;
		esac
		[ "$asked" != "$allowed" ] || return 0
		# shellcheck disable=SC2254 # it is a pattern
		case $asked in
			*[*?[]*) ;;
			$allowed) parts "$allowed"; [ "$parts" != "$depth" ] || return 0 ;;
		esac
	done
	return 1
}

# may_read PATH [show]: whether the probe may look for a file, or for files, that a request names. Unpinned, it
# runs with no more rights than whoever sent it has in any case.
may_read() {
	[ -n "$pinned" ] || return 0
	listed "$1" "$2"
}

# may_leave_out PATTERN: whether lines may be left out by it. Whoever could choose it would learn from a hash which
# lines there are.
may_leave_out() {
	[ -n "$pinned" ] || return 0
	case "
$lists
" in
		*"
normalise $1
"*) return 0 ;;
		*) return 1 ;;
	esac
}

# can_kill: sets `kills` to how timeout ends a program that ignores what it is told; `none` where there is no timeout.
can_kill() {
	[ -z "$kills" ] || return 0
	if ! command -v timeout >/dev/null; then
		kills=none
	elif timeout -k 1 1 true 2>/dev/null; then
		kills='-k 2'
	else
		kills=' '
	fi
}

# within SECONDS COMMAND…: 124 if it takes longer, where the host can tell.
within() {
	can_kill
	if [ "$kills" = none ]; then
		shift
		"$@"
		return
	fi
	# shellcheck disable=SC2086 # an option and its value
	timeout $kills "$@"
	ended=$?
	# busybox tells by the signal that ended it, and so does whoever had to kill.
	case $ended in 137 | 143) return 124 ;; esac
	return $ended
}

# Takes what may be a secret off addresses: users and passwords, and what follows a question mark.
without_secrets() { sed -e '/:\//{' -e 's,://[^ 	]*@,://,g' -e 's/[?&][^ 	,]*//g' -e '}'; }

section_os_release() { first_of /etc/os-release /usr/lib/os-release; }

section_hostname() { uname -n; }

# System, release and machine.
section_kernel() { uname -srm; }

# Seconds since the epoch, from the kernel.
section_boot() { sed -n '/^btime /p' /proc/stat; }
