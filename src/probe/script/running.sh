
# What manages services here, and the state of those that are wanted by name. systemctl makes `nginx.service`
# of `nginx` itself; what it prints is passed on as it is.
section_services() {
	if [ -d /run/systemd/system ] && have systemctl; then
		echo 'manager systemd'
		systemd_failed || return
		systemd_named
	elif [ -d /run/openrc/started ]; then
		echo 'manager openrc'
		each_service openrc_service
	elif [ -e /etc/inittab ] && [ -e /etc/rc2.d ] && [ "$(cat /proc/1/comm)" = init ]; then
		echo 'manager sysvinit'
		each_service sysvinit_service
	else
		echo 'manager none'
	fi
}

# The services that failed, one a line, their names first.
systemd_failed() {
	within 10 systemctl list-units --type=service --state=failed --plain --no-legend --no-pager --full
}

# One question for all services that are wanted, and one for what starts them on demand.
systemd_named() {
	wants service || return 0
	shown=$(systemd_show "$(wanted service)") || return
	printf '%s\n' "$shown"
	triggers=$(printf '%s\n' "$shown" | sed -n 's/^TriggeredBy=//p' | tr ' ' '\n' | sort -u | sed '/^$/d')
	[ -z "$triggers" ] || { echo; systemd_show "$triggers"; }
}

# systemd_show NAMES, one a line: none of them is an option, and none is a pattern.
systemd_show() (
	IFS='
'
	# shellcheck disable=SC2086 # one name a line
	[ -z "$1" ] || within 10 systemctl show --no-pager \
		--property=Id,Names,LoadState,ActiveState,SubState,UnitFileState,MainPID,TriggeredBy -- $1
)

# each_service COMMAND: runs it with the name of every service that is wanted.
each_service() {
	wants service || return 0
	wanted service | while IFS= read -r name; do
		case $name in */*) ;; *) "$1" "${name%.service}" ;; esac
	done
}

# A line `service NAME`, whether it was started, and whether it starts by itself.
openrc_service() (
	started=stopped enabled=disabled
	[ -e "/etc/init.d/$1" ] || started=not-found
	if [ -h "/run/openrc/started/$1" ]; then started=started; fi
	set +f
	for link in /etc/runlevels/*/"$1"; do
		if [ -h "$link" ]; then enabled=enabled; fi
	done
	printf 'service %s\n' "$1 $started $enabled"
)

# Links say whether it starts by itself; whether it runs, its processes alone.
sysvinit_service() (
	started=unknown enabled=disabled
	[ -e "/etc/init.d/$1" ] || started=not-found
	set +f
	for link in /etc/rc[2345].d/S[0-9][0-9]"$1"; do
		if [ -h "$link" ]; then enabled=enabled; fi
	done
	printf 'service %s\n' "$1 $started $enabled"
)

# Daemons: process, start, unit, name and executable of each; then, of the executables, when each was changed
# and made; then libraries that are gone. Kernel threads, what has a terminal, sessions of users and containers
# are left out.
#
# A start is measured from that of the awk that reads it, whose time is known: a clock that was set since the
# boot is in none of them. Executables of others are seen with privilege only; without it, a process may tell
# its own as an absolute path of its own name in its title, as nginx and sshd do, or has the name of a command.
section_processes() {
	[ -r /proc/self/stat ] || { echo '/proc is not there' >&2; return 127; }
	[ -r /proc/1/stat ] || { echo "other users' processes are hidden: hidepid" >&2; return 126; }
	ticks=$(getconf CLK_TCK 2>/dev/null) || ticks=100
	daemons=$(patiently daemons) || return
	(
		IFS='
'
		files=
		maps=
		for line in $daemons; do
			case $line in
				/proc/*) maps="$maps$line$IFS" ;;
				/*) files="$files$line$IFS" ;;
				search*)
					path=$(in_path "${line#search?}") || continue
					printf 'found\t%s\t%s\n' "${line#search?}" "$path"
					files="$files$path$IFS"
					;;
				*) printf '%s\n' "$line" ;;
			esac
		done
		# shellcheck disable=SC2086 # one path a line
		stamps %Z:%W $files
		# shellcheck disable=SC2086 # one path a line
		gone $maps
	)
}

daemons() { processes | awk -v now="$(date +%s)" -v ticks="$ticks" "$DAEMONS"; }

# patiently COMMAND: what it prints. Some awks end where a process is gone between the opening of its file and the
# reading (`read error (No such process)`): it is asked again.
patiently() {
	for _ in 1 2 3; do
		if told=$("$@" 2>/dev/null); then
			printf '%s\n' "$told"
			return
		fi
	done
	"$@"
}

# in_path NAME: where a shell would find it.
in_path() {
	IFS=:
	for folder in $PATH; do
		if [ -x "$folder/$1" ]; then
			echo "$folder/$1"
			return
		fi
	done
	return 1
}

# Every process, after the executables, which only a privileged user sees.
processes() (
	set +f
	if [ -r /proc/1/exe ]; then
		echo privileged
		ls -ln /proc/[0-9]*/exe 2>/dev/null
	fi
	printf '%s\n' /proc/[0-9]*
)

# gone MAPS…: the first library that is gone of each process that uses one.
gone() {
	[ $# -gt 0 ] || return 0
	grep -E '\.so[.0-9]* \(deleted\)$' /dev/null "$@" 2>/dev/null | awk '
		{
			process = $0; sub(/^\/proc\//, "", process); sub(/\/.*/, "", process)
			path = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ +/, "", path); sub(/ \(deleted\)$/, "", path)
			gsub(/[^!-~ ]/, "?", path)
			if (path ~ /^\// && path !~ /^\/(dev|memfd:|SYSV|tmp|run)/ && !(process in told)) { told[process]; print "gone\t" process "\t" path }
		}'
}

# stamps FORMAT FILE…: the times of files that exist, as stat(1) formats them, and their names.
stamps() {
	format=$1
	shift
	[ $# -gt 0 ] && have stat || return 0
	stat -L -c "file	$format	%n" -- "$@" 2>/dev/null || :
}

# shellcheck disable=SC2016 # awk's, not the shell's
DAEMONS='
function clean(text) { gsub(/[^!-~ ]/, "?", text); return text == "" ? "-" : substr(text, 1, 200) }
function read_stat(process,   file, line, text) {
	file = process "/stat"; text = ""
	while ((getline line < file) > 0) text = text line
	close(file)
	comm = text; sub(/^[0-9]+ \(/, "", comm); sub(/\) [A-Za-z] [-0-9 ]*$/, "", comm)
	sub(/^.*\) /, "", text)
	return split(text, field, " ") >= 20
}
function read_cgroup(process,   file, line, path) {
	file = process "/cgroup"; path = ""
	while ((getline line < file) > 0)
		if (line ~ /^0::\/./ && path == "" || line ~ /^[0-9]+:name=systemd:/) { path = line; sub(/^[0-9]+:[^:]*:/, "", path) }
	close(file)
	return path
}
# Whether it has another number inside a namespace of processes: a container, whatever its cgroup is called.
function nested(process,   file, line, told, id) {
	file = process "/status"; told = 0
	while (!told && (getline line < file) > 0) if (line ~ /^NSpid:/) told = split(line, id, "\t")
	close(file)
	return told > 2
}
# A path of its own name in a title: `nginx: master process /usr/sbin/nginx`.
function titled(process, name,   file, line, word, count, last, i) {
	file = process "/cmdline"; line = ""
	getline line < file
	close(file)
	gsub(/[^!-~]/, " ", line)
	title = line
	count = split(line, word, " ")
	for (i = 1; i <= count && i <= 20; i++) {
		last = word[i]; sub(/^.*\//, "", last)
		if (word[i] ~ /^\// && substr(last, 1, 15) == name) return word[i]
	}
	return ""
}
BEGIN {
	read_stat("/proc/self"); self = field[20]; session = field[4]
	base = read_cgroup("/proc/1"); sub(/\/init\.scope$/, "", base)
	printf "clock\t%s\n", now
}
/^l/ {
	at = index($0, " /proc/"); rest = substr($0, at + 7)
	process = rest; sub(/\/.*/, "", process)
	if (at && (to = index(rest, " -> "))) exe[process] = substr(rest, to + 4)
	next
}
/^privileged$/ { privileged = 1; print; next }
/^\/proc\/[0-9]+$/ {
	process = substr($0, 7)
	if (!read_stat($0)) next
	name[process] = comm; parent[process] = field[2]
	# Kernel threads; the dead; this probe; what has a terminal, unless it is what waits there for a login.
	if (process == 2 || field[2] == 2 || field[1] == "Z" || field[4] == session) next
	if (field[5] != 0 && !(field[2] == 1 && field[4] == process)) next
	list[++count] = process; started[process] = field[20]
}
END {
	for (i = 1; i <= count && printed < 500; i++) {
		process = list[i]; comm = name[process]; over = name[parent[process]]
		# Workers are what their master is; what sshd started is a session. Shims outlive what started them.
		if (parent[process] != 1 && (over == comm || over ~ /^sshd/)) continue
		if (comm ~ /^(containerd-shim|conmon|sshd-session|sshd-auth)/) continue
		group = read_cgroup("/proc/" process)
		if (base != "" && index(group, base) == 1) group = substr(group, length(base) + 1)
		if (group ~ /^\/user\.slice\/|[\/-](docker|libpod|crio|cri-containerd|lxc|kubepods)[-\/.]|\/machine\.slice\/|\/lxc\.payload/ && group !~ /\/(docker|crio|lxc)\.service/) continue
		if (nested("/proc/" process)) continue
		unit = "-"
		if (match(group, /\/[^\/]+\.service/)) { unit = group; sub(/\.service.*/, ".service", unit); sub(/^.*\//, "", unit) }
		path = titled("/proc/" process, comm)
		if (comm == "sshd" && title ~ /^sshd: [^\/]/) continue
		how = "titled"
		if (process in exe) { path = exe[process]; how = "seen" }
		if (path == "") how = "-"
		if (sub(/ \(deleted\)$/, "", path)) how = "deleted"
		if (path ~ /^\/memfd:/) { path = ""; how = "memory" }
		printf "daemon\t%s\t%.0f\t%s\t%s\t%s\t%s\n", process, now - (self - started[process]) / ticks, clean(unit), clean(comm), how, clean(path)
		printed++
		if (privileged) print "/proc/" process "/maps"
		if (how == "-" && length(comm) < 15 && comm ~ /^[A-Za-z0-9][A-Za-z0-9._+-]*$/ && !(comm in sought)) { sought[comm]; print "search " comm }
		if (path ~ /^\/[A-Za-z0-9+,.\/:=@_~-]+$/ && !(path in told)) { told[path]; print path }
	}
}'

# Kernels by their images and by their modules: when each was installed. What is a container has none.
section_kernels() (
	for sign in /run/systemd/container /run/.containerenv /.dockerenv; do
		if [ -e "$sign" ]; then echo container; fi
	done
	if [ -d /proc/vz ] && ! [ -d /proc/bc ]; then echo container; fi
	set +f
	set -- /boot/vmlinu[xz]-* /boot/Image-* /boot/kernel-* /lib/modules/*/vmlinuz /lib/modules/*/modules.builtin
	for file do
		shift
		if [ -e "$file" ]; then set -- "$@" "$file"; fi
	done
	stamps %Z "$@"
)

# What packages leave behind when the host must be booted, and which of them; first the times.
section_reboot() {
	for flag in /run/reboot-required /var/run/reboot-required /run/reboot-needed; do
		[ -e "$flag" ] || continue
		echo pending
		stamps %Y:%W "$flag"
		if [ -r "$flag.pkgs" ]; then sed 's/^/package	/' "$flag.pkgs"; fi
		return 0
	done
}
