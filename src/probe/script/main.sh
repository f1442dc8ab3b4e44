
# One section's answer; 255 is a section that this probe does not have.
section() {
	case $1 in
		os-release) section_os_release ;;
		hostname) section_hostname ;;
		kernel) section_kernel ;;
		boot) section_boot ;;
		dpkg) section_dpkg ;;
		apt-marks) section_apt_marks ;;
		rpm) section_rpm ;;
		rpm-locks) section_rpm_locks ;;
		apk) section_apk ;;
		apk-world) section_apk_world ;;
		pacman) section_pacman ;;
		pacman-ignored) section_pacman_ignored ;;
		sudo) section_sudo ;;
		docker) section_docker ;;
		podman) section_podman ;;
		cri) section_cri ;;
		sources) section_sources ;;
		candidates) section_candidates ;;
		upgrade) section_upgrade ;;
		files) section_files ;;
		conffiles) section_conffiles ;;
		sysctl) section_sysctl ;;
		services) section_services ;;
		processes) section_processes ;;
		kernels) section_kernels ;;
		reboot) section_reboot ;;
		evidence) section_evidence ;;
		*) return 255 ;;
	esac
}

# by_root SECTION: whether it sees more as root.
by_root() {
	case $1 in
		processes | docker | podman | cri | files | evidence | sudo) return 0 ;;
		*) return 1 ;;
	esac
}

# What --sudo asks for: whether this user may have the pinned probe read as root. It is asked for by name, so
# that no rule of sudo needs a wildcard.
section_sudo() {
	[ -z "$root" ] || return 0
	wants sudo || return 127
	[ -x "$PINNED" ] || { echo "$PINNED is not there: pin it with driftless probe --install" >&2; return 127; }
	have sudo || return
	echo "sudo -n $PINNED SECTION was refused: driftless probe --sudoers prints the rule" >&2
	return 126
}

answer() {
	mark "begin $1"
	if [ "$root" = sudo ] && by_root "$1"; then
		printf "WANTED='\n%s\n'\n" "$WANTED" | sudo -n "$PINNED" "$1"
	else
		section "$1"
	fi
	status=$?
	[ "$status" != 255 ] || status=unknown
	mark "end $1 $status"
}

# Every line of a request is a keyword and one word; anything else is refused before it is printed.
serve() {
	nonce=
	for line do
		word=${line#* }
		case $word in
			'' | *[!0-9a-z-]*) echo 'driftless probe: malformed request' >&2; exit 64 ;;
		esac
		case $line in
			"nonce "*) nonce=$word; mark 'driftless 2' ;;
			"section "*)
				# Without a nonce nobody could tell an answer from noise.
				[ -n "$nonce" ] || { echo 'driftless probe: a request begins with its nonce' >&2; exit 64; }
				answer "$word"
				;;
			*) echo 'driftless probe: unknown request' >&2; exit 64 ;;
		esac
	done
	mark 'done'
}

# block NAME: the lines of a variable, out of bytes that are data and nothing else.
block() { printf '%s\n' "$input" | sed -n "/^$1='\$/,/^'\$/{ /'/!p; }"; }

# Whether there is more to see: as root, or by way of sudo where the request allows it.
find_root() {
	root=
	if [ "$(id -u)" = 0 ]; then
		root=self
	elif wants sudo && [ -x "$PINNED" ] && within 10 sudo -n "$PINNED" sudo >/dev/null 2>&1; then
		root=sudo
	fi
}

# printable TEXT: whether it is, with its lines; a quote would end it where it is fed to a shell.
printable() {
	case $1 in
		*[!\ -~'
']*) return 1 ;;
	esac
}

# proper: whether what is wanted is made of the names and numbers that it should be: none is an option, a pattern
# or a way out of a folder. What later versions may want is passed by.
proper() {
	set -f
	IFS='
'
	for line in $WANTED; do
		text=${line#* }
		case $line in
			'package '*) case $text in [!A-Za-z0-9_]* | *[!A-Za-z0-9_.+@-]*) return 1 ;; esac ;;
			'upgrade '*)
				case ${text%% *} in [!A-Za-z0-9_]* | *[!A-Za-z0-9_.+@-]*) return 1 ;; esac
				case ${text#* } in
					candidate) ;;
					'exact '* | 'prefix '*) case ${text#* * } in [!A-Za-z0-9]* | *[!A-Za-z0-9.+~:^_-]*) return 1 ;; esac ;;
					'range '*) case ${text#* * } in [!0-9]* | *[!0-9.\ -]*) return 1 ;; esac ;;
					*) return 1 ;;
				esac
				;;
			'service '*) case $text in [!A-Za-z0-9_]* | *[!A-Za-z0-9_.:@\\-]*) return 1 ;; esac ;;
			'sysctl '*) case $text in [!A-Za-z0-9_]* | *[!A-Za-z0-9_./:@+-]* | *..*) return 1 ;; esac ;;
			'file '*) case $text in [!/]*) return 1 ;; esac ;;
			'key '* | 'nonce '*) case $text in *[!0-9a-f]*) return 1 ;; esac ;;
			'show '* | 'normalise '*) case ${text%% *} in *[!0-9]*) return 1 ;; esac ;;
		esac
	done
	unset IFS
}

# probe [SECTION]: serves the request; or, where sudo runs the pinned probe, answers one section.
probe() {
	pinned=
	lists=
	if [ -z "$REQUEST" ]; then
		pinned=yes
		lists=$(cat "$ALLOWED" "$ALLOWED.local" 2>/dev/null)
		# No request is longer, and whoever sends more fills no memory.
		input=$(within 60 head -c 1048576 | sed -n -e "/^REQUEST='\$/,/^'\$/p" -e "/^WANTED='\$/,/^'\$/p")
		REQUEST=$(block REQUEST)
		WANTED=$(block WANTED)
		unset input
	fi
	exec </dev/null
	if ! printable "$WANTED" || ! proper; then
		echo 'driftless probe: malformed request' >&2
		exit 64
	fi
	find_root
	if [ $# -gt 0 ]; then
		section "$1"
		exit
	fi
	if [ -z "$REQUEST" ]; then
		echo 'driftless probe: no request on standard input' >&2
		exit 64
	fi
	# What the host is for comes first.
	renice -n 10 -p $$ >/dev/null 2>&1 || :
	IFS='
'
	set -f
	# shellcheck disable=SC2086 # one argument a line is what is wanted
	set -- $REQUEST
	unset IFS
	if [ $# -gt 100 ]; then
		echo 'driftless probe: too much at once' >&2
		exit 64
	fi
	serve "$@"
}
