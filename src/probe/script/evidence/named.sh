
# The most files of a configuration that are read, and how far includes are followed.
MOST_READ=200
MOST_ROUNDS=8

# named_in_configuration: every path that its configuration names, with file and line; and the variables that it
# uses, as its process has them. It begins with the files that its command names, or else with those that were
# compiled in, and follows what they include. Comments count for nothing.
named_in_configuration() (
	set -f
	seen=' '
	next=$(first_files)
	round=0
	count=0
	while [ -n "$next" ] && [ $round -lt $MOST_ROUNDS ]; do
		round=$((round + 1))
		now=
		IFS='
'
		for file in $next; do
			case $seen in *" $file "*) continue ;; esac
			seen="$seen$file "
			count=$((count + 1))
			[ $count -le $MOST_READ ] || { echo 'cut	named'; break; }
			if ! may_read "$file" ''; then printf 'refused	%s\n' "$file"; continue; fi
			if ! [ -r "$file" ]; then printf 'unread	%s\n' "$file"; continue; fi
			printf 'config	%s\n' "$file"
			now="$now$file$IFS"
		done
		[ -n "$now" ] || break
		# shellcheck disable=SC2086 # one file a line
		told=$(environment | awk "$NAMED" - $now)
		unset IFS
		printf '%s\n' "$told" | sed -n '/^\(env\|secret\)	/p'
		printf '%s\n' "$told" | sed -n '/^\(about\|near\)	/p' | while IFS='	' read -r how where path; do
			if [ -f "$path" ] || [ "$how" = about ] && [ -e "$path" ]; then printf 'about	%s\n' "$where	$path"; fi
		done
		printf '%s\n' "$told" | sed -n 's/^odd	//p' | while IFS='	' read -r where path; do
			if [ -e "$path" ] || [ -d "${path%/*}" ]; then printf 'odd	%s\n' "$where	$path" | tr -c ' -~\t\n' '?'; fi
		done
		printf '%s\n' "$told" | sed -n 's/^named	//p' | while IFS='	' read -r where path; do
			# What is not there, and has no folder either, is no path of this host.
			folder=${path%/*}
			if [ -e "$path" ] || [ -n "$folder" ] && [ -d "$folder" ]; then printf 'named	%s\n' "$where	$path"; fi
		done
		next=$(printf '%s\n' "$told" | sed -n 's/^include	//p' | expanded)
	done | awk '!told[$0]++'
)

# The variables of the process. A pinned probe tells none of their values.
environment() {
	if [ -n "$pinned" ]; then return 0; fi
	tr '\000' '\n' <"/proc/$process/environ" 2>/dev/null | sed -n '/^[A-Za-z_][A-Za-z0-9_]*=[ -~]*$/p'
}

# Files of configuration that its command names, and without any, those that its executable knows, or that have
# its name in a folder that it knows.
first_files() {
	by_command=$(
		tr '\000' '\n' <"/proc/$process/cmdline" 2>/dev/null | tr ' ' '\n' | sed -n 's,^[^/]*\(/[!-~]*\)$,\1,p' |
			while IFS= read -r path; do
				case $path in /proc/* | /dev/* | /sys/* | /run/* | /var/run/* | /usr/bin/* | /usr/sbin/* | /bin/* | /sbin/* | "$exe") continue ;; esac
				if [ -f "$path" ]; then echo "$path"; fi
			done
	)
	if [ -n "$by_command" ]; then
		printf '%s\n' "$by_command"
		return
	fi
	# A title has taken the command's place where the unit still has it.
	units | sed -n 's/.*	ExecStart=//p' | tr ' ' '\n' | while IFS= read -r path; do
		case $path in /etc/*) if [ -f "$path" ]; then echo "$path"; fi ;; esac
	done
	printf '%s\n' "$compiled" | while IFS='	' read -r _ path _; do
		case $path in
			/etc/*/* | /usr/local/etc/* | /opt/*/etc/* | /etc/*.conf | /etc/*.cfg) ;;
			/etc/*) [ -d "$path" ] || continue ;;
			*) continue ;;
		esac
		if [ -f "$path" ]; then
			case $path in /etc/ssl/* | /etc/passwd | /etc/group | *.pem | *.key) ;; *) echo "$path" ;; esac
		else
			path=${path%/}
			for file in "$path/$name.conf" "$path/${exe##*/}.conf" "$path/$name.cfg" "$path/my.cnf"; do
				if [ -f "$file" ]; then echo "$file"; fi
			done
		fi
	done
	for file in "/etc/$name.conf" "/etc/$name/$name.conf" "/etc/${name%-server}/${name%-server}.conf"; do
		if [ -f "$file" ]; then echo "$file"; fi
	done
}

# expanded: the files that globs on standard input lead to, and folders that are included.
expanded() (
	while IFS= read -r pattern; do
		IFS=
		set +f
		for file in $pattern; do
			if [ -d "$file" ]; then
				for inner in "$file"/*; do if [ -f "$inner" ]; then echo "$inner"; fi; done
			elif [ -f "$file" ]; then
				echo "$file"
			fi
		done
		set -f
		unset IFS
	done | sed -n '/^[!-~]*$/p' | head -n $MOST_READ
)

# Variables come first, on standard input.
# shellcheck disable=SC2016 # awk's, not the shell's
NAMED='
function told_of(variable,   value) {
	if (variable in told) return
	told[variable]
	if (!(variable in value_of)) return
	value = value_of[variable]
	if (toupper(variable) ~ /PASS|SECRET|TOKEN|KEY|CRED|AUTH/ || value !~ /^[A-Za-z0-9_.,:\/@+=-]*$/ || value ~ /:\/\/[^\/]*@/ || length(value) > 200) print "secret\t" variable
	else print "env\t" variable "=" value
}
FILENAME == "-" || FILENAME == "" { at = index($0, "="); value_of[substr($0, 1, at - 1)] = substr($0, at + 1); next }
FNR > 20000 { next }
{
	if ($0 ~ /^[ \t]*([#;]|\/\/|--)/) next
	# A path with a blank in it, or with what is no ASCII, is told as what was not looked at.
	rest = $0
	line = ""
	odds = 0
	while (match(rest, /"\/[^"]*[^!-~"][^"]*"|\047\/[^\047]*[^!-~\047][^\047]*\047|\/[^ \t"\047;]*(\\ |[^ -~\t])([^ \t"\047;]|\\ )*/)) {
		path = substr(rest, RSTART, RLENGTH)
		if (path ~ /^["\047]/) path = substr(path, 2, length(path) - 2)
		gsub(/\\ /, " ", path); gsub(/\t/, " ", path)
		odd[++odds] = path
		# A command in quotes may begin with a path, too.
		line = line substr(rest, 1, RSTART - 1) (path ~ / [\/-]|[%$]/ ? " " path " " : " ")
		rest = substr(rest, RSTART + RLENGTH)
	}
	line = line rest
	gsub(/[^!-~]/, " ", line)
	sub(/^ +/, "", line)
	if (line == "") next
	sub(/ [#;] .*$/, "", line)
	directive = line; gsub(/[ "\047=;,(){}<>|]+/, " ", directive); sub(/^ /, "", directive); sub(/ .*/, "", directive)
	for (i = 1; i <= odds; i++) print "odd\t" FILENAME ":" FNR " " directive "\t" odd[i]
	# ${NAME} and $NAME in capitals are the environment of the process.
	rest = line
	while (match(rest, /\$\{?[A-Z_][A-Z0-9_]*\}?/)) {
		variable = substr(rest, RSTART, RLENGTH); gsub(/[${}]/, "", variable)
		told_of(variable)
		rest = substr(rest, RSTART + RLENGTH)
	}
	for (variable in value_of) if (index(line, "${" variable "}")) {
		at = index(line, "${" variable "}")
		line = substr(line, 1, at - 1) value_of[variable] substr(line, at + length(variable) + 3)
	}
	# Several may share a line: `server { listen 80; root /x; }`.
	statements = split(line, statement, /[;{}]/)
	for (nth = 1; nth <= statements; nth++) told_in(statement[nth])
}
function told_in(line,   includes, count, word, directive, i, path, folder) {
	sub(/^ +/, "", line)
	includes = tolower(line) ~ /^[<!@]?include(optional|_dir|_if_exists|dir|file)?[ =<"]/
	gsub(/[ "\047=,()<>|]+/, " ", line)
	sub(/^ /, "", line)
	count = split(line, word, " ")
	directive = word[1]
	for (i = 1; i <= count; i++) {
		path = word[i]
		sub(/^(unix|file|fd|pipe|sd|syslog:server|sock|socket|ipv4@|unix@)[:@]/, "", path)
		if (path ~ /^\/[A-Za-z0-9._@+%~*?\/:-]*$/ && path !~ /^\/\/|^\/$/) {
			sub(/[:.]+$/, "", path)
			if (path !~ /\/(ssl|private|pki)\/|\.(pem|key|crt|crl|p12|jks)$/ && (includes || path ~ /^\/etc\/.*\.[a-z0-9]+$/)) print "include\t" path
			if (path !~ /^\/(etc|usr|bin|sbin|lib|lib64|proc|sys|dev)\/|^\/dev$/ || path == "/dev/log") print "named\t" FILENAME ":" FNR " " directive "\t" path
			if (path !~ /^\/(proc|sys|dev|run|tmp|var\/run)(\/|$)/) print "about\t" FILENAME ":" FNR " " directive "\t" path
		} else if (includes && i > 1 && path ~ /^[A-Za-z0-9._@+*?\/-]+$/ && path !~ /^\//) {
			folder = FILENAME; sub(/\/[^\/]*$/, "", folder)
			print "include\t" folder "/" path
			# nginx begins at the folder of its first file.
			if (match(folder, /^\/etc\/[^\/]+\//)) print "include\t" substr(folder, 1, RLENGTH) path
		} else if (i > 1 && path ~ /^[A-Za-z0-9._@+-][A-Za-z0-9._@+\/-]*$/ && path ~ /[.\/]/ && path !~ /\.\./ && FILENAME ~ /^\/etc\//) {
			# One that is named from the folder of its file: `auth_basic_user_file .htpasswd`.
			folder = FILENAME; sub(/\/[^\/]*$/, "", folder)
			print "near\t" FILENAME ":" FNR " " directive "\t" folder "/" path
			if (match(folder, /^\/etc\/[^\/]+\//)) print "near\t" FILENAME ":" FNR " " directive "\t" substr(folder, 1, RLENGTH) path
		}
	}
}'
