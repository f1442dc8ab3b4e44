
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

# Chooses the versions: an awk program. In: the requests as they came, then lines of tabs, of each package the newest
# version first: `installed NAME VERSION`, `offer NAME VERSION SOURCE`, and `candidate NAME VERSION`. Out: `unknown`, or
# `target` and its offers. What it cannot map as src/version maps it, it passes by.
# shellcheck disable=SC2016 # awk expands these, not the shell
CHOOSER='
	function upstream(text) {
		if (system_ == "apk") {
			sub(/-r[0-9]+$/, "", text)
			sub(/~.*/, "", text)
			return text
		}
		if (system_ == "pacman") sub(/^[0-9]*:/, "", text)
		else sub(/^[^:]*:/, "", text)
		sub(/-[^-]*$/, "", text)
		if (system_ == "apt") while (index(text, "+really")) text = substr(text, index(text, "+really") + 7)
		return text
	}
	function without(text, marks, each, count, nth, at, next_, cut) {
		count = split(marks, each, " ")
		cut = length(text) + 1
		for (nth = 1; nth <= count; nth++) {
			at = 0
			while (next_ = index(substr(text, at + 1), each[nth])) at += next_
			if (at && at < cut && substr(text, at + length(each[nth])) !~ /[^0-9.u+~]/) cut = at
		}
		return substr(text, 1, cut - 1)
	}
	# Sets three[1] to three[3]; a pre-release has none, and neither has what does not begin with a number.
	function maps(text, word, count) {
		text = upstream(text)
		if (system_ == "apt") {
			text = without(text, "~deb ~bpo +deb ~ubuntu +ubuntu +b")
			text = without(text, "+dfsg ~dfsg .dfsg +ds ~ds +repack ~repack")
		}
		word = text
		sub(/^[0-9.]*/, "", word)
		if (system_ == "apk" ? text ~ /_(alpha|beta|pre|rc)/ : system_ == "pacman" ? word ~ /^(alpha|beta|pre|rc)/ : text ~ /~/) return 0
		if (text ~ /[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]/) return 0
		three[1] = three[2] = three[3] = 0
		while (match(text, /^[0-9]+/)) {
			three[++count] = substr(text, 1, RLENGTH) + 0
			text = substr(text, RLENGTH + 1)
			if (text !~ /^\.[0-9]/) break
			text = substr(text, 2)
		}
		return count > 0
	}
	function below(bound, part, nth) {
		split(bound, part, ".")
		for (nth = 1; nth <= 3; nth++) if (three[nth] != part[nth] + 0) return three[nth] < part[nth] + 0
		return 0
	}
	function fits(version, name, rest) {
		if (kind[name] == "candidate") return 1
		if (kind[name] == "exact") {
			rest = version
			sub(/^[^:]*:/, "", rest)
			return version == from[name] || rest == from[name]
		}
		if (kind[name] == "prefix") {
			rest = upstream(version)
			if (index(rest, from[name]) != 1) return 0
			rest = substr(rest, length(from[name]) + 1)
			return rest !~ /^[0-9~]/ && (rest !~ /^\./ || rest ~ /^\.[0-9]/)
		}
		return kind[name] == "range" && maps(version) && !below(from[name]) && (to[name] == "-" || below(to[name]))
	}
	function or_none(text) { return text == "" ? "-" : text }
	BEGIN { FS = "\t" }
	/^upgrade / {
		split($0, word, " ")
		if (word[2] in kind) next
		names[++wanted] = word[2]
		kind[word[2]] = word[3]
		from[word[2]] = word[4]
		to[word[2]] = word[5]
		next
	}
	!($2 in kind) { next }
	$1 == "candidate" { candidate[$2] = $3; next }
	$1 == "installed" && !($2 in installed) { installed[$2] = $3 }
	$1 == "offer" && !(($2, $3, $4) in seen) && count[$2] < 50 {
		seen[$2, $3, $4] = 1
		offers[$2, ++count[$2]] = "offer\t" $2 "\t" $3 "\t" or_none($4)
	}
	($1 == "installed" || $1 == "offer") && !($2 in chosen) && fits($3, $2) { chosen[$2] = $3 }
	END {
		for (nth = 1; nth <= wanted; nth++) {
			name = names[nth]
			if (!(name in installed) && !count[name]) { print "unknown\t" name; continue }
			choice = chosen[name]
			if (kind[name] == "candidate" || (candidate[name] != "" && fits(candidate[name], name))) choice = candidate[name]
			print "target\t" name "\t" or_none(installed[name]) "\t" or_none(candidate[name]) "\t" or_none(choice)
			for (each = 1; each <= count[name]; each++) print offers[name, each]
		}
	}'

# targets SYSTEM: what is chosen of the versions that come in. SYSTEM is apt, dnf, apk or pacman.
targets() { { printf '%s\n' "$WANTED"; cat; } | awk -v system_="$1" "$CHOOSER"; }

# newest_first TOOL [first]: the lines for the chooser in the order that the package manager's own tool gives them, and
# with the candidate: the newest, or with `first` what the first repository has, unless what is installed is newer.
newest_first() {
	awk -v tool="$1" -v first="$2" '
		function older(one, other, answer, command) {
			if (one == other) return 0
			command = tool " \"" one "\" \"" other "\""
			command | getline answer
			close(command)
			return answer == "<" || answer == "-1"
		}
		BEGIN { FS = "\t" }
		# What is no version is not put before a shell.
		$3 == "" || $3 ~ /[^A-Za-z0-9.+~:_^-]/ || $3 ~ /^-/ || count[$2] > 50 { next }
		{
			if (!count[$2]) names[++known] = $2
			at = ++count[$2]
			if (at > 1 && older(version[$2, 1], $3)) to = 1
			else for (to = at; to > 1 && older(version[$2, to - 1], $3);) to--
			for (; at > to; at--) {
				line[$2, at] = line[$2, at - 1]
				version[$2, at] = version[$2, at - 1]
			}
			line[$2, to] = $0
			version[$2, to] = $3
			if ($1 == "installed") here[$2] = $3
			else if (!($2 in there)) there[$2] = $3
		}
		END {
			for (nth = 1; nth <= known; nth++) {
				name = names[nth]
				for (at = 1; at <= count[name]; at++) print line[name, at]
				best = version[name, 1]
				if (first != "" && name in there) best = name in here && older(there[name], here[name]) ? here[name] : there[name]
				print "candidate\t" name "\t" best
			}
		}'
}

# together SOLVER NAME=VERSION…: asks for all of them, and for each alone where together that is not plain.
together() {
	solver=$1
	shift
	[ $# -gt 0 ] || return 0
	"$solver" "$@" && return
	[ $# -eq 1 ] || for target do "$solver" "$target"; done
}

# names_of NAME=VERSION…: what was asked for, as fields.
names_of() {
	for target do printf '\t%s' "${target%%=*}"; done
}

# with_arch ANSWERS ABOUT: the answers of a solver that names no architecture, with that of the packages that they
# speak of, and then what is known of these.
with_arch() {
	{ printf '%s\n' "$2"; echo 'the answers'; printf '%s\n' "$1"; echo 'all of it'; printf '%s\n' "$2"; } | awk -v machine="$(uname -m)" '
		function arch_of(name, version) {
			return (name, version) in arch ? arch[name, version] : name in had ? had[name] : machine
		}
		BEGIN { FS = OFS = "\t" }
		/^the answers$/ || /^all of it$/ { stage++; next }
		!stage && $1 == "had" { had[$2] = $3 }
		!stage && $1 == "file" && $3 != "-" { arch[$2, $4] = $3 }
		stage && $3 == "-" && $1 ~ /^(inst|remv|file|had)$/ { $3 = arch_of($2, $4) }
		stage && $0 != ""'
}
