
# The most files and folders that are looked at for who brought them along.
MOST_PARTS=400

# parts: what its configuration and its command name and what is there: for files of the configuration the package
# that has each, and of every other one who names it, its path, its package, and what it is. Without a package, and
# with `~PACKAGE` where an install script of that one speaks of it, an image of packages alone may lack it.
parts() (
	candidates=$(
		{
			printf '%s\n' "$told" | sed -n 's/^about	//p'
			printf '%s\n' "$told" | sed -n 's/^config	/-	/p'
			named_by_command
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
						for inner in "${path%/}"/*; do if [ -f "$inner" ]; then printf '%s\n' "$where	$inner"; fi; done | head -n 20
						set -f
						;;
				esac
			fi
		done | awk -F '\t' '{ sub(/\/+$/, "", $2); gsub(/\/\/+/, "/", $2) } $2 != "" && !told[$2]++ { print $1 "\t" $2 }' | head -n $MOST_PARTS
	)
	[ -n "$candidates" ] || return 0
	paths=$(printf '%s\n' "$candidates" | sed 's/.*	//')
	# A link may be of no package, and lead to a file that is.
	led=$(printf '%s\n' "$paths" | while IFS= read -r path; do if [ -h "$path" ]; then printf '%s\n' "$path	$(readlink -f -- "$path")"; fi; done)
	owned=$({ printf '%s\n' "$paths"; printf '%s\n' "$led" | sed 's/.*	//; /^$/d'; } | owners_of)
	spoken=$(printf '%s\n' "$told" | sed -n -e 's/^package	//p' -e 's/^shipped	.*	//p'; printf '%s\n' "$owned" | sed 's/.*	//')
	{
		printf '%s\n' "$owned" | sed 's/^/owned	/'
		printf '%s\n' "$led" | sed '/^$/d; s/^/led	/'
		printf '%s\n' "$told" | sed -n 's/^config	/config	/p'
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
		printf '%s\n' "$led" | sed 's/.*	//; /^$/d' | while IFS= read -r target; do
			[ ! -r "$target" ] || sed -n 's/^# *Depends: *\(.*\)/needs	\1/p' "$target"
		done
		printf '%s\n' "$candidates" | sed 's/^/part	/'
	} | awk -F '\t' -v number="$number" '
		function index_of(text, word) { gsub(/[^A-Za-z0-9_-]/, ".", word); return text ~ "[ \"\047;,]" word "[ \"\047;,]" }
		$1 == "owned" { owner[$2] = $3; next }
		$1 == "led" { leads[$2] = $3; next }
		$1 == "config" { config[$2]; next }
		$1 == "folder" { folder[$2]; next }
		$1 == "needs" { needed = needed " " $2 " "; next }
		$1 == "script" {
			at = index($0, "\t"); line = substr($0, at + 1 + length($2) + 1)
			script[$2] = script[$2] " " line " "
			next
		}
		{
			path = $3; what = path in folder ? "folder" : path in leads ? "link" : "file"
			own = "-"
			if (path in owner) own = owner[path]
			else for (package in script) {
				stem = path; sub(/.*\//, "", stem); sub(/\.[a-z]+$/, "", stem)
				# `a2enmod alias`: the script speaks of it by its name.
				if (index(script[package], path) || length(stem) > 11 && index(script[package], stem) || path in leads && leads[path] in owner && index_of(script[package] needed, stem)) own = "~" package
			}
			if (path in config && own !~ /^[-~]/) print "etc\t" number "\t" path "\t" own
			else print "part\t" number "\t" $2 "\t" path "\t" own "\t" what
		}'
)

# named_by_command: the files that the words of its command name, from where it stands.
named_by_command() {
	stands=$(readlink "/proc/$process/cwd")
	{
		printf '%s\n' "$told" | sed -n 's/^word	//p' | sed 1d
		printf '%s\n' "$told" | sed -n 's/^unit	.*	ExecStart=//p' | tr ' ' '\n'
	} | while IFS= read -r word; do
		case $word in
			-*/*) printf 'command	/%s\n' "${word#*/}" ;;
			*=/*) printf 'command	/%s\n' "${word#*=/}" ;;
			/*) printf 'command	%s\n' "$word" ;;
			-* | '') ;;
			*) if [ -f "$stands/$word" ]; then printf 'command	%s\n' "${stands%/}/$word"; fi ;;
		esac
	done
	printf '%s\n' "$told" | sed -n 's/^unit	.*	EnvironmentFile=-*\(\/.*\)/unit	\1/p'
}
