
# What the upgrades that the playbook asks about would do here, told by the host's own solver. Nothing is fetched,
# locked, written or run. Lines of fields parted by tabs; the last one is `done`.
section_upgrade() {
	wants upgrade || return 0
	if command -v apt-get >/dev/null; then
		upgrade_apt
	elif command -v dnf >/dev/null || command -v yum >/dev/null || command -v microdnf >/dev/null || command -v zypper >/dev/null; then
		upgrade_dnf
	elif command -v apk >/dev/null; then
		upgrade_apk
	elif command -v pacman >/dev/null; then
		upgrade_pacman
	else
		echo 'there is no package manager' >&2
		return 127
	fi
	echo 'done'
}

# said FIELD…: one line of the answer.
said() {
	line=$1
	shift
	for field do line="$line	$field"; done
	printf '%s\n' "$line"
}

# upgrades: the requests, one a line: NAME KIND WORDS.
upgrades() { wanted upgrade; }

# space_of PATH…: what is free on the mount of each, or of the nearest folder above it that is there.
space_of() {
	for path do
		at=$path
		while ! [ -d "$at" ] && [ -n "$at" ]; do at=${at%/*}; done
		within 10 df -Pk "${at:-/}" 2>/dev/null | awk -v path="$path" '
			NR == 2 {
				mount = $6
				for (field = 7; field <= NF; field++) mount = mount " " $field
				if ($4 ~ /^[0-9]+$/) print "space\t" path "\t" mount "\t" $4
			}'
	done
}

# locks_of FILE…: which of them somebody holds, told by the kernel: an ordinary user may not open them. A file system
# of several devices, as btrfs, has another number there than for its files: then it is the holder's name that tells.
locks_of() {
	for file do
		[ -e "$file" ] || continue
		id=$(stat -c '%D %i' "$file" 2>/dev/null) || continue
		holder=$(awk -v dev="${id% *}" -v inode="${id#* }" '
			function number(hex, at, value) {
				hex = tolower(hex)
				for (at = 1; at <= length(hex); at++) value = value * 16 + index("0123456789abcdef", substr(hex, at, 1)) - 1
				return value
			}
			BEGIN {
				dev = number(dev)
				major = int(dev / 256) % 4096
				minor = dev % 256 + int(dev / 1048576) * 256
			}
			$2 != "->" && split($6, part, ":") == 3 && part[3] == inode && number(part[1]) == major {
				if (number(part[2]) == minor) { print $5, "same"; exit }
				if (major == 0) print $5, "like"
			}' /proc/locks 2>/dev/null | head -n 1)
		[ -n "$holder" ] || continue
		command=$(tr -d '\n\t' 2>/dev/null <"/proc/${holder% *}/comm")
		case $holder:$command in
			*' same':* | *:apt* | *:dpkg* | *:unattended* | *:packagekit* | *:dnf* | *:yum* | *:rpm* | *:apk* | *:pacman*)
				said lock "$file" "${holder% *}" "${command:--}"
				;;
		esac
	done
}
