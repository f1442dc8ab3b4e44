
# as_it_runs: the words of its command, its users, what it may do, and where it stands.
as_it_runs() {
	tr '\000' '\n' <"/proc/$process/cmdline" 2>/dev/null | tr -c ' -~\n' '?' | head -n 100 | with_marks | sed -n 's/^..*/word	&/p'
	users=$(
		for one in $process $tree; do
			awk '$1 == "Uid:" { uid = $3 } $1 == "Gid:" { gid = $3 } END { if (uid != "") print uid ":" gid }' "/proc/$one/status" 2>/dev/null
		done | awk '!seen[$0]++'
	)
	for user in $users; do
		printf 'user	%s	%s	%s\n' "$user" "$(name_of passwd "${user%:*}")" "$(name_of group "${user#*:}")"
	done
	# shellcheck disable=SC2013 # a number a word
	for gid in $(sed -n 's/^Groups:[	 ]*//p' "/proc/$process/status" 2>/dev/null); do
		printf 'group	%s	%s\n' "$gid" "$(name_of group "$gid")"
	done
	sed -n 's/^CapEff:[	 ]*/caps	/p' "/proc/$process/status" 2>/dev/null
	printf 'cwd	%s\n' "$(readlink "/proc/$process/cwd" | tr -c ' -~\n' '?')"
}

# with_marks: standard input without the passwords and the queries of addresses; a mark says where one was.
with_marks() {
	sed -e '/:\//{' -e 's,://[^ 	]*@,://DRIFTLESS_SECRET_@,g' -e 's/?[^ 	,"]*=[^ 	,"]*/?DRIFTLESS_SECRET_/g' -e 's/&[^ 	,"]*=[^ 	,"]*//g' -e '}'
}

# name_of passwd|group NUMBER
name_of() { awk -F: -v id="$2" '$3 == id { print $1; exit }' "/etc/$1" 2>/dev/null | tr -c ' -~\n' '?'; }

# brought_along: the packages of its executable and of what it has mapped; and what the first brought along where
# servers write, folders and files.
brought_along() {
	mapped=$(awk '$6 ~ /^\// && $2 ~ /x/ { print $6 }' "/proc/$process/maps" 2>/dev/null | grep -v ' (deleted)' | sort -u | head -n 200)
	# A link may have another owner than what it leads to.
	called=$(tr '\000' '\n' <"/proc/$process/cmdline" 2>/dev/null | sed -n -e 's/ .*//' -e '1s,^/[!-~]*$,&,p')
	[ -n "$called" ] && [ "$(readlink -f -- "$called")" = "$exe" ] || called=$exe
	owners=$(printf '%s\n' "$called" "$exe" "$mapped" | sed -n '/^\//p' | owners_of)
	printf '%s\n' "$owners" | awk -F '\t' 'NF == 2 && !told[$2]++ { print "uses\t" $2 "\t" $1 }'
	own=$(printf '%s\n' "$owners" | awk -F '\t' -v exe="$called" '$1 == exe { print $2; exit }')
	[ -n "$own" ] || return 0
	printf 'package	%s\n' "$own"
	# What belongs to it and is packaged apart: `apache2` of `apache2-bin`, `postgresql-common` of `postgresql-15`.
	family=$own
	for other in "${own%-bin}" "${own%-core}" "${own%-server}" "${own%-[0-9]*}-common" "$own-common"; do
		case " $family " in *" $other "*) ;; *) family="$family $other" ;; esac
	done
	for one in $family; do
		files_brought "$one" | awk -v package="$one" '
			{ gsub(/[^!-~ ]/, "?") }
			/^\/(var|run|srv)\/[^\/]+\/?[^\/]*/ && !/^\/var\/(lib|cache|log|run|lock|spool|tmp|mail|opt)$/ { print "shipped\t" $0 "\t" package }'
	done
}

# owners_of: which package each of the files on standard input belongs to.
owners_of() {
	if command -v dpkg-query >/dev/null; then
		# What was merged into /usr is known by its older name.
		sed -e p -e 's,^/usr/\(s\?bin\|lib[^/]*\)/,/\1/,' | sort -u | xargs dpkg-query -S -- 2>/dev/null |
			awk '{ at = index($0, ": "); package = substr($0, 1, at - 1); sub(/,.*/, "", package); sub(/:.*/, "", package)
				path = substr($0, at + 2); print path "\t" package; if (path !~ /^\/usr\//) print "/usr" path "\t" package }'
	elif command -v rpm >/dev/null; then
		while IFS= read -r path; do rpm -qf --qf "$path	%{NAME}\n" -- "$path" 2>/dev/null; done
	elif command -v pacman >/dev/null; then
		while IFS= read -r path; do printf '%s	%s\n' "$path" "$(pacman -Qqo -- "$path" 2>/dev/null)"; done
	elif command -v apk >/dev/null; then
		while IFS= read -r path; do
			printf '%s	%s\n' "$path" "$(apk info --no-network -qW "$path" 2>/dev/null | sed 's/-[0-9][^-]*-r[0-9]*$//')"
		done
	fi | awk -F '\t' 'NF == 2 && $2 ~ /^[A-Za-z0-9_][A-Za-z0-9_.+@-]*$/ && !seen[$0]++'
}

# files_brought PACKAGE
files_brought() {
	if command -v dpkg-query >/dev/null; then dpkg-query -L "$1" 2>/dev/null
	elif command -v rpm >/dev/null; then rpm -ql "$1" 2>/dev/null
	elif command -v pacman >/dev/null; then pacman -Qlq "$1" 2>/dev/null | sed 's,/$,,'
	elif command -v apk >/dev/null; then apk info --no-network -qL "$1" 2>/dev/null | sed 's,^,/,'
	fi
}

# units: what its unit says, drop-ins last: by the name that the kernel knows of it, or by one of its own names.
units() (
	template=${unit%@*}
	case $unit in
		-) set -- "$name.service" "${exe##*/}.service" "${own:--}.service" ;;
		*@*) set -- "$unit" "$template@.service" ;;
		*) set -- "$unit" ;;
	esac
	told=
	for one do
		case "$told" in *" $one "*) continue ;; esac
		told="$told $one "
		for folder in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
			[ -f "$folder/$one" ] || continue
			directives "$folder/$one"
			break
		done
		for folder in /usr/lib/systemd/system /run/systemd/system /etc/systemd/system; do
			set +f
			for file in "$folder/$one.d"/*.conf; do
				if [ -f "$file" ]; then directives "$file"; fi
			done
			set -f
		done
	done
)

# directives FILE: those that say where a service writes, as whom and how it is started.
directives() {
	with_marks <"$1" | awk -v file="$1" '
		{ gsub(/[^!-~ ]/, "?") }
		# A line may go on in the next one.
		{ if (sub(/\\$/, "")) { held = held $0 " "; next } line = held $0; held = "" }
		# Of an environment the names alone, and the files that it comes from.
		line ~ /^[ ]*Environment[ ]*=/ {
			sub(/^[ ]*Environment[ ]*=[ ]*/, "", line); gsub(/["\047]/, "", line)
			count = split(line, word, " ")
			for (i = 1; i <= count; i++) if (word[i] ~ /^[A-Za-z_][A-Za-z0-9_]*=/) { sub(/=.*/, "", word[i]); print "unit\t" file "\tEnvironment=" word[i] }
		}
		line ~ /^[ ]*(Type|EnvironmentFile|User|Group|DynamicUser|ExecStart|PIDFile|RuntimeDirectory|StateDirectory|CacheDirectory|LogsDirectory|ReadWritePaths|ReadWriteDirectories|WorkingDirectory|CapabilityBoundingSet|AmbientCapabilities|KillSignal|RootDirectory)[ ]*=/ {
			sub(/^ +/, "", line); sub(/ *= */, "=", line)
			print "unit\t" file "\t" substr(line, 1, 500)
		}'
}

# temporary_files: lines of tmpfiles.d about its users, its package and its name.
temporary_files() (
	names=" $(printf '%s\n' "$users" | while IFS=: read -r uid _; do [ "$uid" = 0 ] || name_of passwd "$uid"; done | tr '\n' ' ')"
	set +f
	cat_named /usr/lib/tmpfiles.d/*.conf /run/tmpfiles.d/*.conf /etc/tmpfiles.d/*.conf | awk -F '\t' -v names="$names" -v name="$name" -v own="$own" '
		{
			split($2, word, " ")
			if (word[1] !~ /^[dDvqQCfFLp]/ || word[2] !~ /^\//) next
			user = word[4]
			part = name ~ /^(run|var|lib|log|tmp|etc|srv|lock|cache|spool|usr|opt)$/ ? "\001" : "/" name "/"
			if ((user != "" && user != "-" && index(names, " " user " ")) || index(word[2] "/", part) || (own != "" && index(word[2] "/", "/" own "/")))
				print "tmpfiles\t" $1 "\t" word[1] "\t" word[2] "\t" word[3] "\t" word[4] "\t" word[5]
		}'
)

# cat_named FILE…: their lines, each after its file's name.
cat_named() {
	for file do
		[ -r "$file" ] && awk -v file="$file" '{ gsub(/[^!-~ ]/, " "); print file "\t" $0 }' "$file"
	done
	:
}

# compiled_in: paths that stand in the executable, where servers write; and the options it was built with that name one.
compiled_in() {
	[ -r "/proc/$process/exe" ] || return 0
	within 10 tr -c ' -~' '\n' <"/proc/$process/exe" 2>/dev/null | awk '
		length($0) < 6 || length($0) > 8192 { next }
		/--[a-z0-9-]+=\// {
			count = split($0, word, " ")
			for (i = 1; i <= count; i++) {
				gsub(/\047/, "", word[i])
				if (word[i] ~ /^--[a-z0-9-]+=\/[A-Za-z0-9._\/@+-]+$/) { at = index(word[i], "="); option[substr(word[i], at + 1)] = substr(word[i], 3, at - 3) }
			}
			next
		}
		/^\/(var|run|srv|tmp|etc|usr\/local\/etc|opt)\/[A-Za-z0-9._\/@+-]+$/ { found[$0] }
		END {
			for (path in option) { print "compiled\t" path "\t" option[path]; delete found[path] }
			for (path in found) print "compiled\t" path "\t-"
		}' | sort | while IFS='	' read -r kind path option; do
		[ ! -e "$path" ] || printf '%s	%s	%s\n' "$kind" "$path" "$option"
	done
}

# changed_lately: folders in which something changed since it was started, that belongs to a user of its own.
changed_lately() (
	if find / -maxdepth 0 -newermt @0 >/dev/null 2>&1; then
		lately="-newermt @$((since - 1))"
	else
		lately="-mmin -$((($(date +%s) - since) / 60 + 1))"
	fi
	for user in $users; do
		uid=${user%:*}
		[ "$uid" != 0 ] || continue
		left=$((deadline - $(date +%s)))
		[ "$left" -gt 0 ] || { echo 'late	changed'; break; }
		# shellcheck disable=SC2086 # an option and its value
		within "$left" find /var /run /srv /opt /home /tmp -xdev -user "$uid" $lately ! -type l 2>/dev/null | head -n 5000
		[ $? -ne 124 ] || echo 'late	changed'
	done | while IFS= read -r path; do
		# A folder that changed is told itself, and of a file its folder.
		case $path in
			late*) ;;
			*[!\ -~]*) continue ;;
			*) [ -d "$path" ] || path=${path%/*} ;;
		esac
		printf '%s\n' "$path"
	done | awk '
		/^late\t/ { print; next }
		{ path = $0; if (!(path in count)) order[++n] = path; count[path]++ }
		END { for (i = 1; i <= n; i++) print "changed\t" order[i] "\t" count[order[i]] }'
)
