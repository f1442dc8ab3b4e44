
# The most files and folders that are looked at for who brought them along.
MOST_PARTS=300

# named_and_there: what its configuration and its command name and what is there: for files of the configuration the package
# that has each, and of every other one who names it, its path, its package, and what it is. Without a package, and
# with `~PACKAGE` where an install script of that one speaks of it, an image of packages alone may lack it.
named_and_there() (
	evidence=$(cat)
	all=$(
		{
			printf '%s\n' "$evidence" | sed -n 's/^about	//p'
			printf '%s\n' "$evidence" | sed -n 's/^config	/-	/p'
			printf '%s\n' "$evidence" | named_by_command
		} | while IFS='	' read -r where path; do
			case $path in
				*[!A-Za-z0-9._@+%~:,/=-]* | /proc/* | /sys/* | /dev/* | /run/* | /var/run/* | /tmp/* | "$exe") continue ;;
			esac
			if [ -f "$path" ]; then
				printf '%s\n' "$where	$path"
			elif [ -d "$path" ]; then
				printf '%s\n' "$where	$path"
				# What a folder of the configuration holds is what is meant.
				case $path in
					/etc/ssl/*) ;;
					/etc/*/*)
						set +f
						for inner in "${path%/}"/*; do if [ -f "$inner" ]; then printf '%s\n' "$where	$inner"; fi; done | head -n 100
						set -f
						;;
				esac
			fi
		done | awk -F '\t' '{ sub(/\/+$/, "", $2); gsub(/\/\/+/, "/", $2) } $2 != "" && !told[$2]++ { print $1 "\t" $2 }'
	)
	candidates=$(printf '%s\n' "$all" | head -n $MOST_PARTS)
	[ "$all" = "$candidates" ] || printf 'cut	%s	part\n' "$number"
	[ -n "$candidates" ] || return 0
	paths=$(printf '%s\n' "$candidates" | sed 's/.*	//')
	# A link may be of no package, and lead to a file that is.
	led=$(printf '%s\n' "$paths" | while IFS= read -r path; do if [ -h "$path" ]; then printf '%s\n' "$path	$(readlink -f -- "$path")"; fi; done)
	owned=$({ printf '%s\n' "$paths"; printf '%s\n' "$led" | sed 's/.*	//; /^$/d'; } | owners_of)
	spoken=$(printf '%s\n' "$evidence" | sed -n -e 's/^package	//p' -e 's/^shipped	.*	//p'; printf '%s\n' "$owned" | sed 's/.*	//')
	{
		printf '%s\n' "$owned" | sed 's/^/owned	/'
		printf '%s\n' "$led" | sed '/^$/d; s/^/led	/'
		printf '%s\n' "$evidence" | sed -n 's/^config	/config	/p'
		printf '%s\n' "$paths" | while IFS= read -r path; do
			[ ! -d "$path" ] || printf 'folder	%s\n' "$path"
		done
		printf '%s\n' "$spoken" | sed '/^$/d' | sort -u | head -n 50 | while IFS= read -r package; do
			set +f
			for script in "/var/lib/dpkg/info/$package.postinst" "/var/lib/dpkg/info/$package":*.postinst; do
				if [ -r "$script" ]; then tr -c '!-~\n' ' ' <"$script" | sed "s/^/script	$package	/"; fi
			done
			set -f
		done
		# What is enabled with another file, because that depends on it.
		printf '%s\n' "$led" | sed '/^$/d' | while IFS='	' read -r path target; do
			[ ! -r "$target" ] || sed -n "s,^# *Depends: *\\(.*\\),needs	$path	\\1,p" "$target"
		done
		printf '%s\n' "$candidates" | sed 's/^/part	/'
	} | awk -F '\t' -v number="$number" '
		# `a2enmod alias`: a script speaks of a link to a file of a package by its name.
		function speaks(text, word) { gsub(/[^A-Za-z0-9_-]/, ".", word); return text ~ "[ \"\047;,]" word "[ \"\047;,]" }
		function stem(text) { sub(/.*\//, "", text); sub(/\.[a-z]+$/, "", text); return text }
		function is_enabled(one) { return one in leads && leads[one] in owner }
		$1 == "owned" { owner[$2] = $3; next }
		$1 == "led" { leads[$2] = $3; next }
		$1 == "config" { config[$2]; next }
		$1 == "folder" { folder[$2]; next }
		$1 == "needs" { needs[$2] = needs[$2] " " $3 " "; next }
		$1 == "script" {
			at = index($0, "\t"); line = substr($0, at + 1 + length($2) + 1)
			script[$2] = script[$2] " " line " "
			next
		}
		{ path[++count] = $3; who[count] = $2 }
		END {
			for (i = 1; i <= count; i++) {
				one = path[i]; own[one] = "-"
				if (one in owner) own[one] = owner[one]
				else for (package in script) if (index(script[package], one) || length(stem(one)) > 11 && index(script[package], stem(one)) || is_enabled(one) && speaks(script[package], stem(one))) own[one] = "~" package
			}
			# Each may depend on more.
			for (round = 1; round <= 5; round++) for (one in needs) if (own[one] ~ /^~/)
				for (i = 1; i <= count; i++) if (own[path[i]] == "-" && is_enabled(path[i]) && speaks(needs[one], stem(path[i]))) own[path[i]] = own[one]
			for (i = 1; i <= count; i++) {
				one = path[i]; what = one in folder ? "folder" : one in leads ? "link" : "file"
				if (one in config && own[one] !~ /^[-~]/) print "etc\t" number "\t" one "\t" own[one]
				else print "part\t" number "\t" who[i] "\t" one "\t" own[one] "\t" what
			}
		}'
)

# named_by_command: the files that the words of its command name, from where it stands.
named_by_command() {
	stands=$(readlink "/proc/$process/cwd")
	awk -F '\t' '
		$1 == "word" && words++ { print $2 }
		$1 == "unit" && sub(/^ExecStart=/, "", $3) { count = split($3, word, " "); for (i = 1; i <= count; i++) print word[i] }
		$1 == "unit" && sub(/^EnvironmentFile=-*\//, "/", $3) { print "unit\t" $3 }
	' | while IFS= read -r word; do
		case $word in
			unit'	'*) printf '%s\n' "$word" ;;
			-*/*) printf 'command	/%s\n' "${word#*/}" ;;
			*=/*) printf 'command	/%s\n' "${word#*=/}" ;;
			/*) printf 'command	%s\n' "$word" ;;
			-* | '') ;;
			*) if [ -f "$stands/$word" ]; then printf 'command	%s\n' "${stands%/}/$word"; fi ;;
		esac
	done
}
