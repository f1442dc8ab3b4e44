# The most files that one entry may lead to, the largest that is read, and the largest that is shown.
MOST_FILES=200
LARGEST_READ=1048576
LARGEST_SHOWN=262144

# The files that are asked for, each with a hash that nobody can repeat who does not have the asker's key.
# What is said of an entry stands before it: lines that do not count, and whether its content may be shown.
section_files() {
	wants file || return 0
	if ! command -v sha256sum >/dev/null; then
		have openssl || { echo 'sha256sum is not installed' >&2; return 127; }
	fi
	key=
	entry=0
	forget
	IFS='
'
	# shellcheck disable=SC2086 # one argument a line is what is wanted
	set -- $WANTED
	unset IFS
	for line do
		case $line in
			'key '*) key=${line#key } ;;
			'normalise '*)
				line=${line#normalise }
				may_leave_out "${line#* }" || unlisted=yes
				normalise="$normalise${normalise:+
}${line#* }"
				;;
			'show '*) show=yes ;;
			'file '*)
				[ -n "$key" ] || { echo 'no key came before the files' >&2; return 1; }
				entry=$((entry + 1))
				files_of "${line#file }"
				printf '%s\n' "$entry	done"
				forget
				;;
		esac
	done
}

forget() {
	unlisted=
	normalise=
	show=no
}

# files_of PATTERN: the files that the shell finds for it.
files_of() {
	if [ -n "$unlisted" ] || ! may_read "$1" ''; then
		printf '%s\n' "$entry	refused	$1"
		return
	fi
	blocked "$1" && return
	IFS=
	set +f
	# shellcheck disable=SC2086 # this is how a shell finds files; without IFS it splits nothing
	set -- $1
	set -f
	unset IFS
	if [ $# -gt $MOST_FILES ]; then
		printf '%s\n' "$entry	many	$#"
		return
	fi
	for file do
		shift
		case $file in
			*[!\ -~]*) printf '%s\n' "$entry	odd	$(printf '%s' "$file" | tr -c ' -~' '?')"; continue ;;
		esac
		if ! may_read "$file" ''; then printf '%s\n' "$entry	refused	$file"
		elif [ -d "$file" ]; then printf '%s\n' "$entry	directory	$file"
		elif [ -f "$file" ] && [ -r "$file" ]; then set -- "$@" "$file"
		elif [ -f "$file" ]; then printf '%s\n' "$entry	unreadable	$file"
		elif [ -e "$file" ]; then printf '%s\n' "$entry	special	$file"
		elif [ -h "$file" ]; then printf '%s\n' "$entry	dangling	$file"
		fi
	done
	[ $# -eq 0 ] || described "$@" | hashed
}

# The first folder on the way to PATTERN that may not be searched, or not be listed where a glob needs it: what
# is behind it cannot be told from what is not there.
blocked() {
	rest=${1#/}
	way=
	while [ -n "$rest" ]; do
		part=${rest%%/*}
		IFS=
		set +f
		# shellcheck disable=SC2086 # as above
		set -- $way/
		set -f
		unset IFS
		for folder do
			[ -d "$folder" ] || continue
			case $part in
				*[*?[]*) [ -x "$folder" ] && [ -r "$folder" ] && continue ;;
				*) [ -x "$folder" ] && continue ;;
			esac
			case $folder in *[!\ -~]*) folder=$way ;; esac
			printf '%s\n' "$entry	blocked	$folder"
			return 0
		done
		way=$way/$part
		case $rest in
			*/*) rest=${rest#*/} ;;
			*) rest= ;;
		esac
	done
	return 1
}

# Mode, owner, size and path of files, links followed.
described() {
	stat -L -c '%a	%U:%G	%s	%n' "$@" 2>/dev/null && return
	for file do
		printf '%s\n' "-	-	$(wc -c <"$file" | tr -d ' ')	$file"
	done
}

# What normalising leaves of the file that is open as 4; no line at all is no failure. It is read by way of /proc,
# which leads to the file that was opened, whatever has taken its name since.
content() {
	if [ -z "$normalise" ]; then
		within 10 cat /proc/self/fd/4
		return
	fi
	(
		# shellcheck disable=SC3045 # where a shell has no such limit, there is none
		ulimit -v 1000000 2>/dev/null
		within 10 grep -avE -e "$normalise" /proc/self/fd/4
	)
	status=$?
	[ $status -le 1 ] || return $status
}

digest() {
	if command -v sha256sum >/dev/null; then sha256sum; else openssl dgst -sha256 -r; fi
}

# salted SALT: the hash of a salt and the open file, and nothing but the failure where it could not be read.
salted() {
	{ { printf '%s' "$1"; content || echo "failed $?" >&3; } | digest; } 3>&1
}

# may_tell [show]: whether the open file is one that the host's list has: a link counts as what it leads to.
may_tell() {
	[ -n "$pinned" ] || return 0
	target=$(readlink /proc/self/fd/4) && { [ "$target" = "$file" ] || listed "$target" "$1"; }
}

hashed() {
	while IFS='	' read -r mode owner size file; do
		if [ "$size" -gt $LARGEST_READ ]; then
			printf '%s\n' "$entry	large	$file"
			continue
		fi
		opened=
		{
			opened=yes
			hash_open
		} 4<"$file"
		[ -n "$opened" ] || printf '%s\n' "$entry	failed	$file"
	done 2>/dev/null
}

# Whether the open file is the one that was named, or one below the same folder of /etc to which a link of root's
# leads, as from sites-enabled. Content that somebody else could put behind the path is not shown.
leads_home() {
	target=$(readlink /proc/self/fd/4) || return 1
	[ "$target" != "$file" ] || return 0
	[ -h "$file" ] && [ "$(stat -c %u -- "$file" 2>/dev/null)" = 0 ] || return 1
	top=${file#/etc/}
	[ "$top" != "$file" ] || return 1
	case $target in "/etc/${top%%/*}/"*) return 0 ;; esac
	return 1
}

hash_open() {
	show_it=$show
	if ! may_tell ''; then
		printf '%s\n' "$entry	refused	$file"
		return
	fi
	sum=$(salted "$key")
	case $sum in
		*failed*) printf '%s\n' "$entry	failed	$file"; return ;;
	esac
	link=-
	[ ! -h "$file" ] || link='link'
	leads_home || show_it=no
	printf '%s\n' "$entry	file	$mode	$owner	$size	$link	${sum%% *}	$file"
	if [ "$show_it" = yes ] && [ "$size" -le $LARGEST_SHOWN ] && may_read "$file" show && may_tell show; then
		content | head -c $((2 * LARGEST_SHOWN)) | awk '{ print "\t" $0 }'
	fi
}

# What the configuration files that came with the named packages are now, compared here: a digest that anybody
# could look up does not leave the host. Lines of PACKAGE, DIGEST, PATH come in.
section_conffiles() {
	wants package || return 0
	set -f
	IFS='
'
	# shellcheck disable=SC2046 # one argument a line
	set -- $(wanted package)
	unset IFS
	if command -v dpkg-query >/dev/null; then
		# shellcheck disable=SC2016 # dpkg-query expands these, not the shell
		dpkg-query -W -f '${Package}\n${Conffiles}\n' -- "$@" 2>/dev/null | shipped_conffiles | conffiles_by md5sum
	elif command -v rpm >/dev/null; then
		as_nobody rpm -q --qf '[%{=NAME}\t%{FILEDIGESTS}\t%{=FILEDIGESTALGO}\t%{FILEFLAGS:fflags}\t%{FILENAMES}\n]' -- "$@" 2>/dev/null |
			awk -F '\t' 'NF == 5 && $3 == 8 && $4 ~ /c/ && $4 !~ /g/ && $2 != "" { print $1 "\t" $2 "\t" $5 }' | conffiles_by sha256sum
	elif [ -d /var/lib/pacman/local ]; then
		for name do
			for folder in $(set +f; echo /var/lib/pacman/local/"$name"-[0-9]*); do
				[ -r "$folder/files" ] && [ -r "$folder/desc" ] && awk -v name="$name" '
					FNR == 1 { field = "" }
					/^%.*%$/ { field = $0; next }
					field == "%NAME%" && $0 != "" { same = $0 == name }
					field == "%BACKUP%" && same && split($0, part, "\t") == 2 { print name "\t" part[2] "\t/" part[1] }
				' "$folder/desc" "$folder/files"
			done
		done | conffiles_by md5sum
	else
		echo 'no package system here tells what its configuration files were' >&2
		return 127
	fi
}

# Lines of PACKAGE, DIGEST, PATH out of packages and their `${Conffiles}`.
shipped_conffiles() {
	awk '
		/^[^ ]/ { package = $0 }
		/^ \// && !/ (obsolete|remove-on-upgrade)$/ && !/ newconffile/ {
			at = match($0, / [0-9a-f]+$/)
			if (at > 2) print package "\t" substr($0, at + 1) "\t" substr($0, 2, at - 2)
		}'
}

# conffiles_by TOOL: each of them with what became of it.
conffiles_by() {
	have "$1" || return
	tool=$1
	entry=-
	list=$(cat)
	[ -n "$list" ] || return 0
	set --
	IFS='
'
	for line in $list; do
		file=${line##*	}
		if [ -f "$file" ] && [ -r "$file" ]; then set -- "$@" "$file"
		elif [ -e "$file" ] || blocked "$file" >/dev/null; then printf '%s\n' "unreadable	${line%%	*}	-	$file"
		else printf '%s\n' "deleted	${line%%	*}	-	$file"
		fi
	done
	unset IFS
	[ $# -gt 0 ] || return 0
	forget
	{ printf '%s\n' "$list"; "$tool" -- "$@" 2>/dev/null; } | awk -F '\t' '
		NF == 3 { package[$3] = $1; shipped[$3] = $2; next }
		{
			at = index($0, "  ")
			path = substr($0, at + 2)
			print (substr($0, 1, at - 1) == shipped[path] ? "shipped" : "edited") "\t" package[path] "\t" path
		}' | while IFS='	' read -r state package file; do
		sum=-
		[ "$state" = shipped ] || { sum=$(salted "$nonce" | awk '{ print $1; exit }'); } 4<"$file"
		printf '%s\n' "$state	$package	$sum	$file"
	done
}

# Kernel parameters: every line that configures one, in the order of systemd-sysctl's and procps' folders, and
# what runs of those that are configured or asked for by name.
section_sysctl() {
	if ! [ -d /proc/sys/kernel ]; then
		echo 'there is no /proc/sys' >&2
		return 127
	fi
	[ ! -d /run/systemd/system ] || echo systemd
	set +f
	set -- /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf \
		/lib/sysctl.d/*.conf /etc/sysctl.conf
	set -f
	for file do
		shift
		[ -e "$file" ] || continue
		# The same folder by another name, since /usr was merged.
		case $file in *[!\ -~]*) continue ;; /lib/*) [ ! -h /lib ] || continue ;; esac
		if [ -r "$file" ]; then
			printf '%s\n' "file	$file"
			set -- "$@" "$file"
		else
			printf '%s\n' "unreadable	$file"
		fi
	done
	lines=$(awk '
		FILENAME == "/proc/self/mounts" { if ($2 == "/proc/sys" && $4 ~ /^ro(,|$)/) print "read-only"; next }
		{ sub(/\r$/, "") }
		!/^[ \t]*([#;]|$)/ { print "line\t" FILENAME "\t" $0 }' /proc/self/mounts "$@" /dev/null)
	[ -z "$lines" ] || printf '%s\n' "$lines"
	# As paths below /proc/sys: where a dot comes first, dots and slashes have changed places, sysctl.d(5).
	paths=$({ printf '%s\n' "$lines"; [ -z "$WANTED" ] || printf '%s\n' "$WANTED"; } | awk '
		/^line\t/ { sub(/^line\t[^\t]*\t/, ""); sub(/=.*/, ""); sub(/^[ \t]*-?[ \t]*/, ""); sub(/[ \t]+$/, "") }
		!/^line\t/ && /^sysctl / { sub(/^sysctl /, "") }
		/[^-A-Za-z0-9_.\/:@*?+]/ || $0 == "" { next }
		{
			if (match($0, /[.\/]/) && substr($0, RSTART, 1) == ".") { gsub(/\//, "\t"); gsub(/\./, "/"); gsub(/\t/, ".") }
			if ($0 !~ /(^|\/)\.\.?(\/|$)/ && !seen[$0]++) print "/proc/sys/" $0
		}')
	IFS='
'
	set +f
	# shellcheck disable=SC2086 # one path a line, and globs are what is configured
	set -- $paths
	set -f
	unset IFS
	for file do
		shift
		# What a glob has found may lead elsewhere: to some shells `..` is a file like any other.
		case $file in */./* | */../* | */. | */..) continue ;; esac
		[ -f "$file" ] || continue
		if [ -r "$file" ]; then set -- "$@" "$file"; else printf '%s\n' "denied	${file#/proc/sys/}"; fi
	done
	[ $# -eq 0 ] || awk 'BEGIN {
		for (at = 1; at < ARGC; at++) {
			name = substr(ARGV[at], 11)
			value = ""
			while ((got = (getline line < ARGV[at])) > 0) value = value (value == "" ? "" : " ") line
			close(ARGV[at])
			gsub(/\t/, " ", value)
			if (got < 0) print "denied\t" name
			else print "value\t" name "\t" value
		}
	}' "$@"
}

