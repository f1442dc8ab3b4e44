#!/bin/sh
# driftless probe, protocol 1.
#
# Read-only: it prints what it finds and changes nothing; no file, no cache, no log of its own.
# It is the only code of driftless that runs on an audited host, the same for every host and run.
#
# It is fed to `/bin/sh -s`, followed by a request: lines of plain words in the variable REQUEST.
# Pinned on a host as a forced command it reads the same bytes from its standard input and takes
# the request out of them; nothing that arrives there is ever run.
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

have() {
	command -v "$1" >/dev/null && return
	echo "$1 is not installed" >&2
	return 127
}

section_os_release() { first_of /etc/os-release /usr/lib/os-release; }

section_hostname() { uname -n; }

# System, release and machine.
section_kernel() { uname -srm; }

# Seconds since the epoch, from the kernel.
section_boot() { sed -n '/^btime /p' /proc/stat; }

section_dpkg() {
	have dpkg-query || return
	# shellcheck disable=SC2016 # dpkg-query expands these, not the shell
	dpkg-query -W -f '${Package}\t${Architecture}\t${Version}\t${db:Status-Abbrev}\n'
}

# What apt installed as a dependency; where the file is missing, apt regards everything as asked for.
section_apt_marks() {
	have apt-get || return
	[ -e /var/lib/apt/extended_states ] || return 0
	first_of /var/lib/apt/extended_states
}

answer() {
	mark "begin $1"
	case $1 in
		os-release) section_os_release ;;
		hostname) section_hostname ;;
		kernel) section_kernel ;;
		boot) section_boot ;;
		dpkg) section_dpkg ;;
		apt-marks) section_apt_marks ;;
		*) mark "end $1 unknown"; return ;;
	esac
	mark "end $1 $?"
}

# Every line of a request is a keyword and one word; anything else is refused before it is printed.
serve() {
	nonce=
	for line do
		word=${line#* }
		case $word in
			'' | *[!0-9a-z-]*) echo 'driftless probe: malformed request' >&2; exit 64 ;;
		esac
		case $line in
			"nonce "*) nonce=$word; mark 'driftless 1' ;;
			"section "*)
				# Without a nonce nobody could tell an answer from noise.
				[ -n "$nonce" ] || { echo 'driftless probe: a request begins with its nonce' >&2; exit 64; }
				answer "$word"
				;;
			*) echo 'driftless probe: unknown request' >&2; exit 64 ;;
		esac
	done
	mark 'done'
}

probe() {
	[ -n "$REQUEST" ] || REQUEST=$(sed -n "/^REQUEST='\$/,/^'\$/{ /'/!p; }")
	if [ -z "$REQUEST" ]; then
		echo 'driftless probe: no request on standard input' >&2
		exit 64
	fi
	exec </dev/null
	# What the host is for comes first.
	renice -n 10 -p $$ >/dev/null 2>&1 || :
	IFS='
'
	set -f
	# shellcheck disable=SC2086 # one argument a line is what is wanted
	set -- $REQUEST
	unset IFS
	serve "$@"
}
