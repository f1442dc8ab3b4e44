
# The most services of a host that are looked at, and the most lines that one kind of evidence may have.
MOST_SERVICES=20
MOST_LINES=300

# Where the daemons that listen write, and what tells so: what each of them has open, what its unit and tmpfiles.d
# say, which paths stand in its executable and in its configuration, what packages brought along, and what changed
# lately. Nothing of it is run; its lines say what was seen, and whoever asked draws the conclusions.
section_evidence() {
	wants evidence || return 0
	[ -n "$root" ] || { echo 'which files a daemon has open is seen by root alone' >&2; return 126; }
	[ -r /proc/1/stat ] || { echo '/proc is not there' >&2; return 127; }
	ls /proc/1/fd >/dev/null 2>&1 || { echo '/proc/1/fd may not be listed, though this is root' >&2; return 126; }
	deadline=$(($(date +%s) + 40))
	found=$(patiently daemons_that_listen) || return
	printf '%s\n' "$found" | sed -n '/^tree/!p'
	for number in $(printf '%s\n' "$found" | sed -n 's/^service	\([0-9]*\).*/\1/p'); do
		service=$(printf '%s\n' "$found" | sed -n "s/^service	$number	//p")
		tree=$(printf '%s\n' "$found" | sed -n "s/^tree	$number	//p")
		evidence_of "$number" "$service" "$tree"
	done
}

# Every process that listens, under the daemon that it belongs to; and what each of these has open for writing.
daemons_that_listen() {
	ticks=$(getconf CLK_TCK 2>/dev/null) || ticks=100
	{
		daemons | sed -n '/^daemon	/p'
		for file in /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 /proc/net/unix; do
			[ -r "$file" ] && sed "s,^,${file#/proc/net/}	," "$file"
		done
		(
			set +f
			ls -ln /proc/[0-9]*/fd 2>/dev/null
		)
	} | awk -v most=$MOST_SERVICES -v lines=$MOST_LINES "$LISTENING"
}

# shellcheck disable=SC2016 # awk's, not the shell's
LISTENING='
function clean(text) { gsub(/[^!-~ ]/, "?", text); return text }
function number(hex,   i, value) {
	value = 0; hex = tolower(hex)
	for (i = 1; i <= length(hex); i++) value = value * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return value
}
# Addresses stand there word by word in the byte order of the machine.
function scope(hex) {
	if (hex ~ /^0+$/) return "any"
	if (length(hex) == 32) {
		if (hex ~ /^0+1(000000)?$/) return "loopback"
		if (hex !~ /^0+FFFF/) return "one"
		hex = substr(hex, 25)
	}
	return hex ~ /^7F|7F$/ ? "loopback" : "one"
}
function parent_of(process,   file, text, field) {
	if (process in parents) return parents[process]
	file = "/proc/" process "/stat"; text = ""
	while ((getline line < file) > 0) text = text line
	close(file)
	sub(/^.*\) /, "", text); split(text, field, " ")
	return parents[process] = field[2] + 0
}
function daemon_of(process,   steps) {
	for (steps = 0; process > 1 && steps < 20; steps++) {
		if (process in daemon) return process
		process = parent_of(process)
	}
	return 0
}
BEGIN { FS = "\t" }
$1 == "daemon" { daemon[$2] = $4 "\t" $5 "\t" $6 "\t" $7; started[$2] = $3; order[++daemons] = $2; next }
$1 ~ /^(tcp|udp)6?$/ {
	split($2, field, " ")
	if (field[4] != ($1 ~ /^tcp/ ? "0A" : "07")) next
	split(field[2], address, ":")
	socket[field[10]] = substr($1, 1, 3) "\t" scope(address[1]) "\t" number(address[2]) "\t" field[8]
	next
}
$1 == "unix" {
	if (split($2, field, " ") >= 8 && field[4] == "00010000" && field[8] ~ /^\//) socket[field[7]] = "unix\t" clean(field[8]) "\t-\t-"
	next
}
/^\/proc\/[0-9]+\/fd:$/ { process = $0; gsub(/[^0-9]/, "", process); next }
/^[l]/ {
	at = index($0, " -> ")
	if (!at || process == "") next
	target = substr($0, at + 4)
	if (target ~ /^socket:/) {
		gsub(/[^0-9]/, "", target)
		if (target in socket) { owner = daemon_of(process); if (owner) heard[owner, socket[target]] = owner }
	} else if (substr($0, 3, 1) == "w" && target ~ /^\// && target !~ /^\/(dev|proc|sys)\//) {
		link = substr($0, 1, at - 1); sub(/^.* /, "", link)
		open[++opened] = process "\t" link "\t" target
	}
	next
}
END {
	for (key in heard) {
		split(key, part, SUBSEP)
		# A daemon that is heard on a socket of a file alone serves this host, and not others.
		if (part[2] !~ /^unix/) serves[part[1]]
	}
	for (i = 1; i <= daemons && told < most; i++) if (order[i] in serves) {
		n[order[i]] = ++told
		print "service\t" told "\t" order[i] "\t" started[order[i]] "\t" daemon[order[i]]
	}
	for (key in heard) {
		split(key, part, SUBSEP)
		if (part[1] in n) print "listen\t" n[part[1]] "\t" part[2]
	}
	for (i = 1; i <= opened; i++) {
		split(open[i], part, "\t"); owner = daemon_of(part[1])
		if (!(owner in n)) continue
		file = "/proc/" part[1] "/fdinfo/" part[2]; how = "write"
		while ((getline line < file) > 0) if (line ~ /^flags:/) {
			sub(/^flags:[ \t]*/, "", line)
			if (substr(line, length(line) - 3, 1) ~ /[2367]/) how = "append"
		}
		close(file)
		path = clean(part[3]); gone = sub(/ \(deleted\)$/, "", path)
		key = n[owner] "\t" (gone ? "deleted" : how) "\t" path
		if (!(key in seen) && ++count[owner] <= lines) { seen[key]; print "open\t" key }
	}
	for (process in parents) { owner = daemon_of(process); if (owner in n) print "tree\t" n[owner] "\t" process }
	for (process in n) print "tree\t" n[process] "\t" process
}'

# evidence_of NUMBER SERVICE TREE: what is told of one service; its paths come last, each as it is.
evidence_of() {
	number=$1
	tree=$3
	# The words of the service's line: process, start, unit, name, how its executable is known, that.
	IFS='	'
	set -f
	# shellcheck disable=SC2086 # a word a column
	set -- $2
	set +f
	process=$1 since=$2 unit=$3 name=$4 exe=$6
	unset IFS
	[ -e "/proc/$process/stat" ] || return 0
	compiled=$(compiled_in)
	told=$(
		as_it_runs
		brought_along
		units
		temporary_files
		printf '%s\n' "$compiled"
		named_in_configuration
		changed_lately
	)
	printf '%s\n' "$told" | sed '/^$/d; /^about	/d' | awk -v n="$number" -v lines="$MOST_LINES" '
		# No kind takes the room of another.
		{ kind = $1; sub(/\t.*/, "", kind); if (++count[kind] <= lines) print kind "\t" n substr($0, length(kind) + 1); else cut[kind] }
		END { for (kind in cut) print "cut\t" n "\t" kind }'
	printf '%s\n' "$told" | named_and_there
	{
		printf '%s\n' "$found" | sed -n "s/^open	$number	[a-z]*	//p"
		printf '%s\n' "$found" | sed -n "s/^listen	$number	unix	\([^	]*\)	.*/\1/p"
		printf '%s\n' "$told" | sed -n -e 's/^\(compiled\|shipped\|changed\|folder\)	\([^	]*\).*/\2/p' -e 's/^named	[^	]*	//p' \
			-e 's/^tmpfiles	[^	]*	[^	]*	\([^	]*\).*/\1/p' -e 's,^unit	[^	]*	\(PIDFile\|ReadWritePaths\|ReadWriteDirectories\)=-*\(/[^ ]*\)$,\2,p'
		printf '%s\n' "$told" | sed -n 's/^cwd	//p'
		printf '%s\n' "$told" | sed -n 's/^\(word\|env\)	//p' | sed 's,^[^/]*/,/,' | sed -n '/^\//p'
	} | sed -e p -e 's,/[^/]*$,,' | sed '/^$/d' | sort -u | head -n 2000 | as_they_are
}

# as_they_are: of each path on standard input, what it is, its mode, its owner and since when.
as_they_are() (
	there=
	while IFS= read -r path; do
		case $path in
			*[!!-~]* | /proc/* | /sys/* | /dev/*) continue ;;
			*[*?[]*) continue ;;
		esac
		if [ -e "$path" ] || [ -h "$path" ]; then
			there="$there$path
"
		else
			printf 'path	%s	absent\n' "$number	$path"
		fi
	done
	IFS='
'
	set -f
	# shellcheck disable=SC2086 # one path a line
	[ -z "$there" ] || stat -L -c "path	$number	%n	%F	%a	%u	%g	%U	%G	%Y" -- $there 2>/dev/null
)
