
# Runs a tool of apt, whose settings come first, on standard input: no list of them can be emptied by an option.
# shellcheck disable=SC2016 # expanded by the shell that it starts
APT_RUN='settings=$1; shift; tool=$1; shift; printf "%s\n" "$settings" | "$tool" -c /proc/self/fd/0 "$@"'

# The solver of apt, by its simulation. Its caches are used where they are fresh, and none is written.
upgrade_apt() {
	said system "$(apt-get --version | awk '{ print $1 " " $2; exit }')"
	apt_as
	apt_settings
	apt_state
	apt_readable || return 0
	apt_targets || return 0
	[ -n "$chosen" ] || return 0
	asked=
	refused=
	rough=
	# shellcheck disable=SC2086 # one a word
	apt_ask $chosen || return 0
	case $rough$chosen in
		yes*' '*) for target in $chosen; do apt_ask "$target" || return 0; done ;;
	esac
	apt_files
	[ -z "$refused" ] || apt_records
}

# What apt may write as root, it may not as nobody, and then it uses the caches that are there. Where nobody may not
# read all that counts, it is asked as root, and told to keep no cache.
apt_as() {
	apt_user=self
	keep=
	[ "$(id -u)" = 0 ] || return 0
	if command -v setpriv >/dev/null &&
		[ -z "$(setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$APT_SECRETS" 2>&1)" ]; then
		apt_user=nobody
	else
		keep='Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";'
	fi
}

# Prints the first file of those that decide what apt does which may not be read: apt itself passes them by.
# shellcheck disable=SC2016 # expanded by the shell that it starts
APT_SECRETS='
	for folder in /etc/apt /etc/apt/sources.list.d /etc/apt/preferences.d /etc/apt/apt.conf.d /var/lib/apt/lists; do
		if [ -e "$folder" ] && ! { [ -r "$folder" ] && [ -x "$folder" ]; }; then echo "$folder"; exit; fi
	done
	for file in /etc/apt /etc/apt/sources.list.d /etc/apt/preferences.d /etc/apt/apt.conf.d /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
		/etc/apt/preferences /etc/apt/preferences.d/* /etc/apt/apt.conf /etc/apt/apt.conf.d/* \
		/var/lib/apt/extended_states /var/lib/apt/lists/*Packages* /var/lib/apt/lists/*Release /var/lib/dpkg/status; do
		[ ! -r "$file" ] || continue
		if [ -e "$file" ]; then echo "$file"; exit; fi
		[ -L "$file" ] || continue
		# It leads to nothing, or into a folder that may not be entered.
		case $(cat "$file" 2>&1) in *denied*) echo "$file"; exit ;; esac
	done'

apt_readable() {
	[ "$apt_user" = self ] || return 0
	secret=$(sh -c "$APT_SECRETS" 2>/dev/null)
	[ -n "$secret" ] || return 0
	said cannot needs-privilege "$secret"
	return 1
}

# The host's own settings stand, but for what would run or write something. Architectures are told, since it is
# dpkg that knows them. Whoever assumes yes is refused a hold and a downgrade without being told what else there is.
apt_settings() {
	host_settings=$(in_time 10 apt-config dump 2>/dev/null) || said cannot failed 'apt-config does not tell the settings of apt'
	architectures=$(printf '%s\n' "$host_settings" | sed -n '/^APT::Architectures::[^ ]* "[a-z0-9-]*";$/p')
	native=$(printf '%s\n' "$architectures" | sed -n 's/.*"\(.*\)";$/\1/p' | head -n 1)
	settings="#clear AptCli::Hooks;
#clear APT::Install;
#clear APT::Update;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Architectures;
$architectures
APT::Get::Assume-Yes \"false\";
Debug::NoLocking \"1\";
Dir::Bin::dpkg \"/bin/true\";
Dir::Log::Planner \"/dev/null\";
$keep"
}

# apt_run TOOL ARGUMENT…
apt_run() {
	if [ "$apt_user" = nobody ]; then
		in_time 30 setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$APT_RUN" sh "$settings" "$@"
	else
		in_time 30 sh -c "$APT_RUN" sh "$settings" "$@"
	fi
}

# apt_failed STATUS TEXT: why there is no answer.
apt_failed() {
	case $1 in
		124) said cannot timed-out "$2" ;;
		*) said cannot failed "$2" ;;
	esac
	return 1
}

# What would stand in the way of any installation.
apt_state() {
	set +f
	set -- /var/lib/apt/lists/*_Packages*
	set -f
	[ -e "$1" ] || shift
	count=$#
	said lists $count "$(stat -c %Y /var/lib/apt/lists /var/lib/apt/periodic/update-success-stamp 2>/dev/null |
		awk '$1 > last { last = $1 } END { print last == "" ? "-" : last }')"
	[ $count != 0 ] || said cannot failed 'no list of packages lies on this host'
	locks_of /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/cache/apt/archives/lock
	apt_interrupted /var/lib/dpkg/updates
	apt_option /etc/dpkg
	sealed /var/lib/dpkg
	space_of /var/cache/apt/archives /usr /var /boot /
}

# apt_interrupted FOLDER: whether a dpkg that was interrupted left its journal there, files of digits: apt then does
# nothing before that is mended.
apt_interrupted() {
	if hidden "$1" >/dev/null; then
		said cannot needs-privilege "$1"
		return
	fi
	set +f
	for file in "$1"/[0-9]*; do
		[ -e "$file" ] || continue
		case ${file##*/} in *[!0-9]*) continue ;; esac
		said interrupted
		break
	done
	set -f
}

# apt_option FOLDER: what dpkg is told to do with configuration files that were edited. By default, it keeps them.
apt_option() {
	set +f
	set -- "$1/dpkg.cfg" "$1"/dpkg.cfg.d/*
	set -f
	for file do
		shift
		# It reads no other names.
		case ${file##*/} in dpkg.cfg) ;; *[!0-9A-Za-z_-]*) continue ;; esac
		set -- "$@" "$file"
	done
	! secret=$(hidden "$@") || said cannot needs-privilege "$secret"
	told=$({
		printf '%s\n' "$host_settings" | sed -n 's/^DPkg::Options::[^ ]* "--\(.*\)";$/\1/Ip'
		cat "$@" 2>/dev/null
	} | sed -n 's/^force[-=]//p')
	case $told in
		*confdef*) said option confold ;;
		*confnew*) said option confnew ;;
		*confold*) said option confold ;;
	esac
}

# What is on offer of the targets, and which version of each is asked for: `chosen`, as apt-get takes it.
apt_targets() {
	chosen=
	# shellcheck disable=SC2046 # one a line
	told=$(apt_run apt-cache policy -- $(upgrades | awk '!seen[$1]++ { print $1 }') 2>&1)
	status=$?
	if [ $status != 0 ]; then
		apt_failed $status "$(printf '%s\n' "$told" | apt_complaint)"
		return 1
	fi
	told=$(printf '%s\n' "$told" | apt_offers | targets apt)
	printf '%s\n' "$told"
	chosen=$(printf '%s\n' "$told" | awk -F '\t' '
		$1 == "target" && $5 != "-" { printf "%s", (nth++ ? " " : "") $2 "=" $5 }')
}

# The first line in which apt says what is wrong.
apt_complaint() {
	awk '/^E: /  && !any { print substr($0, 4); any = 1 } END { if (!any) print "apt says nothing" }' | tr '\t' ' ' | cut -c1-300
}

# Whether what apt says with status 100 is of packages, and all of it: any other error ends with the same status.
apt_refuses() {
	awk '
		/^E: (Unable to correct problems|Unmet dependencies|Broken packages|Error, pkgProblemResolver::Resolve generated breaks)/ { of = 1; next }
		/^E: (Unable to satisfy dependencies|The following information from --solver|Unsatisfiable|Conflict: |Internal Error, problem resolver broke)/ { of = 1; next }
		/^E: (Could not (configure|perform immediate configuration|unpack)|Couldn.t configure|This installation run will require temporarily removing)/ { of = 1; next }
		/^E: (Packages were downgraded|Held packages were changed|Packages need to be removed|Essential packages were removed|Removing essential)/ { of = 1; next }
		/^E: / { other = 1 }
		/^ [^ ]+ : / { of = 1 }
		END { exit !of || other }'
}

# The version table of apt-cache policy, which apt sorts, as the chooser takes it.
apt_offers() {
	awk '
		/^[^ ].*:$/ { name = substr($0, 1, length($0) - 1); next }
		name == "" { next }
		/^  Candidate: / { if ($2 != "(none)") print "candidate\t" name "\t" $2; next }
		/^ (\*\*\*|   ) [^ ]/ {
			version = $1 == "***" ? $2 : $1
			if ($1 == "***") print "installed\t" name "\t" version
			next
		}
		/^        / && $2 != "/var/lib/dpkg/status" {
			sub(/^ *-?[0-9]+ /, "")
			gsub(/\t/, " ")
			print "offer\t" name "\t" version "\t" $0
		}'
}

# apt_ask NAME=VERSION…: what apt-get would do, told apart by the words that begin its lines. Sets `asked`, all that was
# told so far; `refused`; and `rough`, where it does not go smoothly. The complaint is quoted and nothing more.
apt_ask() {
	told=$(apt_run apt-get -s install -- "$@" 2>&1)
	status=$?
	case $status in
		0) ;;
		100)
			if ! printf '%s\n' "$told" | apt_refuses; then
				apt_failed $status "$(printf '%s\n' "$told" | apt_complaint)"
				return 1
			fi
			refused=yes
			rough=yes
			;;
		*) apt_failed $status "$(printf '%s\n' "$told" | apt_complaint)"; return 1 ;;
	esac
	# shellcheck disable=SC2046 # one a word
	had=$(apt_had $(printf '%s\n' "$told" | sed -n 's/^\(Inst\|Remv\) \([^ ]*\) \[.*/\2/p'))
	told=$(
		printf 'ask\t%s%s\n' "$status" "$(names_of "$@")"
		{ printf '%s\n' "$had"; printf '%s\n' "$told"; } | apt_steps "$native"
	)
	printf '%s\n' "$told"
	asked="$asked$told
"
	[ -z "$rough" ] || return 0
	case $had in *' held'*) rough=yes ;; esac
	case $told in *'
remv	'*) rough=yes ;; esac
	old=$(printf '%s\n' "$told" | awk -F '\t' '$1 == "inst" && $5 != "-" { print $5 " " $4 }' | while read -r old new; do
		! dpkg --compare-versions "$old" gt "$new" || echo older
	done)
	[ -z "$old" ] || rough=yes
}

# apt_had NAME…: the architectures of what would change, and whether it is on hold.
apt_had() {
	[ $# != 0 ] || return 0
	# shellcheck disable=SC2016 # dpkg-query expands these, not the shell
	dpkg-query -W -f '= ${Package} ${Architecture} ${db:Status-Abbrev}\n' -- "$@" 2>/dev/null | sed 's/ h..$/ held/'
}

# `Inst libc6:i386 [1.0] (2.0 Debian:13/stable [i386]) []`; before that, the architectures of what would be removed,
# which apt does not name where they are the host's own.
apt_steps() {
	awk -v native="$1" '
		function named(text) { sub(/:[a-z0-9-]+$/, "", text); return text }
		/^= / { if (!($2 in has) || $3 == native) has[$2] = $3; next }
		/^Inst / && match($0, /\([^ ]+ /) {
			version = substr($0, RSTART + 1, RLENGTH - 2)
			old = $3 ~ /^\[.+\]$/ ? substr($3, 2, length($3) - 2) : "-"
			arch = match($0, /\[[a-z0-9-]+\]\)/) ? substr($0, RSTART + 1, RLENGTH - 3) : "-"
			print "inst\t" named($2) "\t" arch "\t" version "\t" old
			next
		}
		/^Remv / {
			arch = match($2, /:[a-z0-9-]+$/) ? substr($2, RSTART + 1) : ($2 in has ? has[$2] : native)
			old = $3 ~ /^\[.+\]$/ ? substr($3, 2, length($3) - 2) : "-"
			print "remv\t" named($2) "\t" arch "\t" old
			next
		}
		/^E: / { complains = 1 }
		/^[A-Z]/ && !/^E: / { complains = 0 }
		/^ [^ ]+ : / || /^ .*(Depends|PreDepends|Conflicts|Breaks): / || complains {
			gsub(/\t/, " ")
			if (++quoted <= 40) print "said\t" substr($0, 1, 500)
		}'
}

# What the asks would fetch, with its source, and what they would replace, all of it once.
apt_files() {
	# shellcheck disable=SC2046 # one a word
	set -- $(printf '%s' "$asked" | awk -F '\t' '
		$1 == "inst" && !seen[$2, $3, $4]++ { print $2 ($3 == "all" || $3 == "-" ? "" : ":" $3) "=" $4 }')
	if [ $# != 0 ]; then
		{
			echo '= show'
			apt_run apt-cache show -- "$@" 2>/dev/null || echo '= failed apt-cache show'
			echo '= targets'
			# shellcheck disable=SC2016 # apt-get expands these, not the shell
			apt_run apt-get indextargets --format '$(TRUSTED) $(DESCRIPTION)' 'Created-By: Packages' 2>/dev/null ||
				echo '= failed apt-get indextargets'
			echo '= policy'
			for package do
				shift
				set -- "$@" "${package%%=*}"
			done
			apt_run apt-cache policy -- "$@" 2>/dev/null || echo '= failed apt-cache policy'
			echo '= asked'
			printf '%s' "$asked"
		} | apt_fetched
	fi
	# shellcheck disable=SC2046 # one a word
	set -- $(printf '%s' "$asked" | awk -F '\t' '
		($1 == "inst" && $5 != "-" || $1 == "remv") && !seen[$2]++ { print $2 }')
	[ $# != 0 ] || return 0
	# shellcheck disable=SC2016 # dpkg-query expands these, not the shell
	dpkg-query -W -f '${Package}\t${Architecture}\t${Version}\t${db:Status-Abbrev}\t${Installed-Size}\t${Essential}${Protected}${Important}\n' \
		-- "$@" 2>/dev/null | awk -F '\t' '$3 != "" && $4 !~ /^.[nc]/ {
			print "had\t" $1 "\t" $2 "\t" $3 "\t" ($5 ~ /^[0-9]+$/ ? $5 : "-") "\t" ($6 ~ /yes/ ? "essential" : "-") }'
	apt_edited "$@"
}

# Out of what apt-cache show, apt-get indextargets and apt-cache policy say. Files of this host need not be fetched.
apt_fetched() {
	awk '
		function put() {
			if (package != "" && !((package, version, arch) in size)) {
				size[package, version, arch] = bytes
				kept[package, version, arch] = installed
			}
			package = version = arch = bytes = installed = ""
		}
		/^= failed / { print "cannot\tfailed\t" substr($0, 10) " tells nothing of what would be fetched"; next }
		/^= / { put(); part = $2; next }
		part == "show" && $0 == "" { put(); next }
		part == "show" && /^Package: / { put(); package = $2 }
		part == "show" && /^Version: / { version = $2 }
		part == "show" && /^Architecture: / { arch = $2 }
		part == "show" && /^Size: [0-9]+$/ { bytes = $2 }
		part == "show" && /^Installed-Size: [0-9]+$/ { installed = $2 }
		part == "targets" { checked[substr($0, index($0, " ") + 1)] = $1 == "yes" ? "yes" : "no" }
		part == "policy" && /^[^ ].*:$/ { name = substr($0, 1, length($0) - 1); sub(/:[a-z0-9-]+$/, "", name); next }
		part == "policy" && /^ (\*\*\*|   ) [^ ]/ { version = $1 == "***" ? $2 : $1; next }
		part == "policy" && /^        / && $2 != "/var/lib/dpkg/status" && !((name, version) in source) {
			sub(/^ *-?[0-9]+ /, "")
			gsub(/\t/, " ")
			source[name, version] = $0
		}
		part == "asked" && /^inst\t/ {
			split($0, field, "\t")
			if (seen[field[2], field[3], field[4]]++) next
			from = source[field[2], field[4]]
			bytes = size[field[2], field[4], field[3]]
			if (from ~ /^file:/) bytes = 0
			installed = kept[field[2], field[4], field[3]]
			print "file\t" field[2] "\t" field[3] "\t" field[4] "\t" (bytes == "" ? "-" : bytes) "\t" \
				(installed == "" ? "-" : installed) "\t" (from in checked ? checked[from] : "-") "\t" (from == "" ? "-" : from)
			if (!(from in checked)) print "cannot\tfailed\twhether the source of " field[2] " is authenticated is not known"
		}'
}

# Configuration files that dpkg would ask about: those that were edited or deleted. It asks where the new package
# brings another one, which nobody can tell before it is fetched.
apt_edited() {
	# shellcheck disable=SC2016 # dpkg-query expands these, not the shell
	shipped=$(dpkg-query -W -f '${Package}\n${Conffiles}\n' -- "$@" 2>/dev/null | shipped_conffiles)
	[ -n "$shipped" ] || return 0
	compared=$(printf '%s\n' "$shipped" | conffiles_by md5sum 2>/dev/null)
	printf '%s\n' "$compared" | while IFS='	' read -r state package _ file; do
		case $state in
			edited | deleted) said edited "$package" "$file" ;;
			unreadable) said cannot needs-privilege "$file" ;;
		esac
	done
	{ printf '%s\n' "$compared"; echo 'what there is'; printf '%s\n' "$shipped"; } | awk -F '\t' '
		/^what there is$/ { stage = 1; next }
		!stage { seen[$4]; next }
		!($3 in seen) && !any++ { print "cannot\tfailed\twhether " $3 " was edited: md5sum does not tell" }'
}
