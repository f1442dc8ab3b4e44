#!/bin/sh
# driftless probe, protocol 2.
#
# Read-only: it prints what it finds and changes nothing; no file, no cache, no log of its own.
# It is the only code of driftless that runs on an audited host, the same for every host and run.
#
# It is fed to `/bin/sh -s`, followed by a request: lines of plain words in the variable REQUEST, which
# say what is asked for, and lines of text in WANTED, which say of what: `file /etc/nginx/nginx.conf`.
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
WANTED=

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

# wanted KEYWORD: what the request says of that kind, one a line.
wanted() {
	[ -n "$WANTED" ] && printf '%s\n' "$WANTED" | sed -n "s/^$1 //p"
}

# within SECONDS COMMAND…: 124 if it takes longer, where the host can tell.
within() {
	if command -v timeout >/dev/null; then
		timeout "$@"
	else
		shift
		"$@"
	fi
}

section_os_release() { first_of /etc/os-release /usr/lib/os-release; }

section_hostname() { uname -n; }

# System, release and machine.
section_kernel() { uname -srm; }

# Seconds since the epoch, from the kernel.
section_boot() { sed -n '/^btime /p' /proc/stat; }
