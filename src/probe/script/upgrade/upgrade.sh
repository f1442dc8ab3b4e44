
# What the upgrades that the playbook asks about would do here, told by the host's own solver. Nothing is fetched,
# locked, written or run. Lines of fields parted by tabs; the last one is `done`.
section_upgrade() {
	wants upgrade || return 0
	if [ "$(upgrades | sed -n '$=')" -gt 50 ]; then
		echo 'more than 50 upgrades are asked about at once' >&2
		return 64
	fi
	can_kill
	deadline=$(($(date +%s) + 50))
	# shellcheck disable=SC2046 # one name a word
	manager=$(manager_of $(cat /etc/os-release /usr/lib/os-release 2>/dev/null |
		awk -F= '$1 == "ID" { id = id " " $2 } $1 == "ID_LIKE" { like = like " " $2 } END { print id like }' | tr -cd 'a-z0-9. -'))
	case $manager in
		apt) upgrade_apt | without_secrets ;;
		dnf) upgrade_dnf | without_secrets ;;
		apk) upgrade_apk | without_secrets ;;
		pacman) upgrade_pacman | without_secrets ;;
		*)
			echo 'there is no package manager' >&2
			return 127
			;;
	esac
	echo 'done'
}

# manager_of ID…: the package manager that the host's packages are of: that of its distribution, by the words of
# os-release; else the first that has a database; else the first that is there.
manager_of() {
	for name do
		case $name in
			debian | ubuntu) name=apt ;;
			rhel | fedora | centos | rocky | almalinux | ol | amzn | suse | opensuse | sles | mageia | openeuler | azurelinux | \
				mariner | photon) name=dnf ;;
			alpine | wolfi | chainguard | postmarketos) name=apk ;;
			arch | archlinux | manjaro) name=pacman ;;
			*) continue ;;
		esac
		! is_there "$name" || { echo "$name"; return; }
	done
	for name in apt dnf apk pacman; do
		! is_there $name || ! has_packages $name || { echo $name; return; }
	done
	for name in apt dnf apk pacman; do
		! is_there $name || { echo $name; return; }
	done
}

is_there() {
	case $1 in
		apt) command -v apt-get ;;
		dnf) command -v dnf || command -v yum || command -v microdnf || command -v zypper ;;
		*) command -v "$1" ;;
	esac >/dev/null
}

has_packages() {
	case $1 in
		apt) [ -s /var/lib/dpkg/status ] ;;
		dnf)
			for file in rpmdb.sqlite Packages Packages.db; do
				! [ -s /var/lib/rpm/$file ] && ! [ -s /usr/lib/sysimage/rpm/$file ] || return 0
			done
			return 1
			;;
		apk) [ -s /usr/lib/apk/db/installed ] || [ -s /lib/apk/db/installed ] ;;
		pacman) [ -d /var/lib/pacman/local ] ;;
	esac
}

# in_time SECONDS COMMAND…: as `within`, and all of them together take no longer than the section may: what would begin
# after that is not begun.
in_time() {
	limit=$1
	shift
	if [ -n "$deadline" ]; then
		left=$((deadline - $(date +%s)))
		[ $left -gt 0 ] || return 124
		[ "$limit" -le $left ] || limit=$left
	fi
	within "$limit" "$@"
}

# in_time_as_nobody SECONDS COMMAND…: the same, by nobody where root asks.
in_time_as_nobody() {
	most=$1
	shift
	if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
		in_time "$most" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		in_time "$most" "$@"
	fi
}

# hidden PATH…: prints the first that is there and may not be read, which also is what leads into a folder that may not
# be entered; fails if there is none.
hidden() {
	for path do
		if [ -d "$path" ]; then
			! [ -r "$path" ] || ! [ -x "$path" ] || continue
		elif [ -r "$path" ]; then
			continue
		elif ! [ -e "$path" ]; then
			[ -L "$path" ] || continue
			case $(cat -- "$path" 2>&1) in *denied*) ;; *) continue ;; esac
		fi
		printf '%s\n' "$path"
		return 0
	done
	return 1
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

# space_of PATH…: what is free on the mount of each, or of the nearest folder above it that is there; and which of them
# nobody can write to.
space_of() {
	paths=$*
	for path do
		shift
		while ! [ -d "$path" ] && [ -n "$path" ]; do path=${path%/*}; done
		set -- "$@" "${path:-/}"
	done
	sealed "$@"
	free=$(in_time 5 df -Pk -- "$@" 2>/dev/null)
	case $? in
		0) ;;
		124)
			said cannot timed-out 'df, which tells what is free'
			return
			;;
		*)
			said cannot failed 'df does not tell what is free'
			return
			;;
	esac
	printf '%s\n' "$free" | awk -v paths="$paths" '
		BEGIN { count = split(paths, path, " ") }
		NR == 1 { next }
		{
			mount = $6
			for (field = 7; field <= NF; field++) mount = mount " " $field
			# What only root may use up can be overdrawn.
			if ($4 ~ /^-[0-9]+$/) $4 = 0
			if ($4 !~ /^[0-9]+$/ || mount !~ /^\//) next
			print "space\t" path[NR - 1] "\t" mount "\t" $4
			told++
		}
		END { if (told != count || NR != count + 1) print "cannot\tfailed\tdf does not tell what is free" }'
}

# sealed FOLDER…: says which mounts of them are read-only. A hook may remount them: so it is not known what comes of it.
sealed() {
	if ! [ -r "$MOUNTS" ]; then
		said cannot failed "$MOUNTS cannot be read"
		return
	fi
	for path do (cd "$path" 2>/dev/null && pwd -P) || printf '%s\n' "$path"; done | awk '
		FILENAME != "-" && NR == FNR {
			gsub(/\\040/, " ", $2)
			mount[NR] = $2
			only[NR] = $4 ~ /^ro(,|$)/
			mounts = NR
			next
		}
		{
			best = 0
			for (nth = 1; nth <= mounts; nth++) {
				if (mount[nth] != "/" && index($0 "/", mount[nth] "/") != 1) continue
				if (!best || length(mount[nth]) >= length(mount[best])) best = nth
			}
			if (best && only[best] && !seen[mount[best]]++) print "cannot\tfailed\t" mount[best] " is mounted read-only"
		}' "$MOUNTS" -
}

# Where the kernel tells what is mounted, and who holds a lock.
MOUNTS=/proc/self/mounts
LOCKS=/proc/locks

# Where nobody holds any lock, one of our own has to be seen: a kernel that hides them shows none either.
kernel_locks() {
	told=$(cat "$LOCKS" 2>/dev/null) || return
	[ -n "$told" ] || [ -n "$(within 5 flock -n -s "$LOCKS" cat "$LOCKS" 2>/dev/null)" ] || return
	printf '%s\n' "$told"
}

# locks_of FILE…: which of them somebody holds, told by the kernel: an ordinary user may not open them. A file system
# of several devices, as btrfs, has another number there than for its files: then it is the holder's name that tells.
locks_of() {
	for file do
		shift
		[ ! -e "$file" ] || set -- "$@" "$file"
	done
	[ $# != 0 ] || return 0
	if ! held=$(kernel_locks); then
		said cannot failed "$LOCKS does not tell who holds a lock"
		return
	fi
	for file do
		if ! id=$(stat -c '%D %i' "$file" 2>/dev/null); then
			said cannot failed "whether somebody holds $file: stat does not tell"
			continue
		fi
		holder=$(printf '%s\n' "$held" | awk -v dev="${id% *}" -v inode="${id#* }" '
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
			}' | head -n 1)
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
