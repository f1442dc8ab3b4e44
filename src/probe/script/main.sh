
answer() {
	mark "begin $1"
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
		services) section_services ;;
		processes) section_processes ;;
		kernels) section_kernels ;;
		reboot) section_reboot ;;
		*) mark "end $1 unknown"; return ;;
	esac
	mark "end $1 $?"
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

probe() {
	if [ -z "$REQUEST" ]; then
		input=$(sed -n -e "/^REQUEST='\$/,/^'\$/p" -e "/^WANTED='\$/,/^'\$/p")
		REQUEST=$(block REQUEST)
		WANTED=$(block WANTED)
		unset input
	fi
	if [ -z "$REQUEST" ]; then
		echo 'driftless probe: no request on standard input' >&2
		exit 64
	fi
	case $WANTED in
		# Printable, and lines; a quote would end the text where it is fed to a shell.
		*[!\ -~'
']*) echo 'driftless probe: malformed request' >&2; exit 64 ;;
	esac
	exec </dev/null
	# What the host is for comes first.
	renice -n 10 -p $$ >/dev/null 2>&1 || :
	IFS='
'
	set -f
	# shellcheck disable=SC2086 # one argument a line is what is wanted
	set -- $REQUEST
	unset IFS
	serve "$@"
}
