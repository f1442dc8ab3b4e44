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

section_os_release() { first_of /etc/os-release /usr/lib/os-release; }

section_hostname() { uname -n; }

# System, release and machine.
section_kernel() { uname -srm; }

# Seconds since the epoch, from the kernel.
section_boot() { sed -n '/^btime /p' /proc/stat; }

# Where there is no dpkg-query, as in distroless images, each package has a file of its own.
section_dpkg() {
	if ! have dpkg-query; then
		[ -d /var/lib/dpkg/status.d ] || return 127
		find /var/lib/dpkg/status.d -type f ! -name '*.md5sums' -exec awk '
			function put() { if (name arch version != "") print name "\t" arch "\t" version "\tii "; name = arch = version = "" }
			FNR == 1 { put() }
			/^Package: / { name = $2 }
			/^Architecture: / { arch = $2 }
			/^Version: / { version = $2 }
			END { put() }' {} +
		return
	fi
	# shellcheck disable=SC2016 # dpkg-query expands these, not the shell
	dpkg-query -W -f '${Package}\t${Architecture}\t${Version}\t${db:Status-Abbrev}\n'
}

# What apt installed as a dependency; where the file is missing, apt regards everything as asked for.
section_apt_marks() {
	[ -d /var/lib/dpkg/status.d ] || have apt-get || return
	[ -e /var/lib/apt/extended_states ] || return 0
	first_of /var/lib/apt/extended_states
}

# rpm writes to its database even when it is only asked, where it may: root's question is a user's.
as_nobody() {
	if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# A database that does not exist would be made.
section_rpm() {
	have rpm || return
	db=$(rpm --eval '%{_dbpath}')
	if ! [ -e "$db/rpmdb.sqlite" ] && ! [ -e "$db/Packages" ] && ! [ -e "$db/Packages.db" ]; then
		echo "there is no rpm database in $db" >&2
		return 127
	fi
	label='(none)'
	case $(rpm --querytags) in *MODULARITYLABEL*) label='%{MODULARITYLABEL}' ;; esac
	as_nobody rpm -qa --qf "%{NAME}\\t%{EPOCH}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t$label\\n"
}

# What dnf and yum keep at its version.
section_rpm_locks() {
	every_of /etc/dnf/plugins/versionlock.list /etc/dnf/versionlock.toml /etc/yum/pluginconf.d/versionlock.list
}

# apk's database is read as a file: apk itself contacts its repositories whatever it is asked.
section_apk() {
	for db in /usr/lib/apk/db/installed /lib/apk/db/installed; do
		[ -e "$db" ] || continue
		[ -r "$db" ] || { echo "$db: not readable for this user" >&2; return 126; }
		awk '
			function put() { if (name arch version != "") print name "\t" arch "\t" version; name = arch = version = "" }
			/^P:/ { name = substr($0, 3) }
			/^A:/ { arch = substr($0, 3) }
			/^V:/ { version = substr($0, 3) }
			/^$/ { put() }
			END { put() }' "$db"
		return
	done
	echo 'there is no apk database' >&2
	return 127
}

# What was asked for, and at which version.
section_apk_world() { first_of /etc/apk/world; }

# 1 is a package that came as a dependency; an empty file is told by its path.
section_pacman() {
	if ! [ -d /var/lib/pacman/local ]; then
		echo 'there is no pacman database' >&2
		return 127
	fi
	find /var/lib/pacman/local -name desc -size 0
	find /var/lib/pacman/local -name desc -type f -exec awk '
		function put() { if (any) print name "\t" arch "\t" version "\t" (reason == "" ? 0 : reason); name = arch = version = reason = "" }
		FNR == 1 { put(); any = 1 }
		/^%.*%$/ { field = $0; next }
		$0 == "" { next }
		field == "%NAME%" { name = $0 }
		field == "%ARCH%" { arch = $0 }
		field == "%VERSION%" { version = $0 }
		field == "%REASON%" { reason = $0 }
		END { put() }' {} +
}

# What pacman passes by; files that pacman.conf includes are not followed.
section_pacman_ignored() {
	[ -d /var/lib/pacman/local ] || return 127
	[ -e /etc/pacman.conf ] || return 0
	[ -r /etc/pacman.conf ] || { echo '/etc/pacman.conf: not readable for this user' >&2; return 126; }
	sed -n 's/^[[:space:]]*IgnorePkg[[:space:]]*=//p' /etc/pacman.conf
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
		rpm) section_rpm ;;
		rpm-locks) section_rpm_locks ;;
		apk) section_apk ;;
		apk-world) section_apk_world ;;
		pacman) section_pacman ;;
		pacman-ignored) section_pacman_ignored ;;
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

probe
