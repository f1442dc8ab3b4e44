
# How docker and podman describe a container, and where its image came from. Its environment and its command
# line hold secrets: they are not asked for; of its labels those are that say what it stands in for.
# shellcheck disable=SC2016 # the tools expand these, not the shell
LABELS='{{$labels := .Config.Labels}}{{$path := .Path}}{{with index $labels "io.driftless.cluster"}},"path":{{json $path}},"labels":{"cluster":{{json .}}{{with index $labels "io.driftless.service"}},"service":{{json .}}{{end}}{{with index $labels "io.driftless.program"}},"program":{{json .}}{{end}}{{with index $labels "io.driftless.command"}},"command":{{json .}}{{end}}{{with index $labels "io.driftless.packages"}},"packages":{{json .}}{{end}}{{with index $labels "io.driftless.files"}},"files":{{json .}}{{end}}}{{end}}'
CONTAINER='{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Config.Image}},"image_id":{{json .Image}},"user":{{json .Config.User}},"read_only":{{json .HostConfig.ReadonlyRootfs}},"privileged":{{json .HostConfig.Privileged}},"added":{{json .HostConfig.CapAdd}},"mounts":{{json .Mounts}},"tmpfs":{{json .HostConfig.Tmpfs}}'$LABELS
IMAGE='{"of":{{json .ID}},"digests":{{json .RepoDigests}}}'

# A tool asks this host, whatever the audit user's environment says.
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG CONTAINER_HOST CONTAINER_CONNECTION

# crictl's templates know no `json` in every version, and are given one container or an array of several. What
# a runtime does not tell is left out.
# shellcheck disable=SC2016 # crictl expands these, not the shell
CRI_CONTAINER='{{define "container"}}{"id":{{printf "%q" .status.id}},"name":{{printf "%q" .status.metadata.name}}
{{- with index .status "image"}},"image":{{printf "%q" .image}}{{end}}
{{- with index .status "imageRef"}},"image_id":{{printf "%q" .}}{{end}}
{{- with index .status "labels"}}
{{- with index . "io.kubernetes.pod.namespace"}},"namespace":{{printf "%q" .}}{{end}}
{{- with index . "io.kubernetes.pod.name"}},"pod":{{printf "%q" .}}{{end}}
{{- end}}
{{- with index .status "mounts"}},"mounts":[{{range $nth, $mount := .}}{{if $nth}},{{end}}{"Source":{{printf "%q" .hostPath}},"Destination":{{printf "%q" .containerPath}},"RW":{{if index . "readonly"}}false{{else}}true{{end}}}{{end}}]{{end}}
{{- with index . "info"}}
{{- with index . "runtimeSpec"}}
{{- with index . "root"}},"read_only":{{if index . "readonly"}}true{{else}}false{{end}}{{end}}
{{- with index . "process"}}{{with index . "user"}},"user":"{{.uid}}"{{end}}{{end}}
{{- end}}
{{- $config := index . "config"}}{{$told := index . "privileged"}}
{{- if $config}},"privileged":{{with index $config "linux"}}{{with index . "security_context"}}{{if index . "privileged"}}true{{else}}false{{end}}{{else}}false{{end}}{{else}}false{{end}}
{{- else if eq (printf "%T" $told) "bool"}},"privileged":{{$told}}{{end}}
{{- end}}}{{"\n"}}{{end}}
{{- if eq (printf "%.1s" (printf "%T" .)) "["}}{{range .}}{{template "container" .}}{{end}}{{else}}{{template "container" .}}{{end}}'

# Every tool of containers is run through this. None is run that would be the first since the host was booted:
# it would make folders, start a service, or set its state up anew.
runtime() { within 10 "$@"; }

# Looks once for the processes that run containers: `/proc/PID/comm:NAME`, one a line; 126 where those of other
# users cannot be seen.
scan_runtimes() {
	if ! [ -r /proc/1/comm ]; then
		echo 'processes of other users are hidden here (hidepid)' >&2
		return 126
	fi
	[ -n "$runtimes_scanned" ] || runtimes=$(set +f; grep -sxE 'dockerd|conmon' /dev/null /proc/[0-9]*/comm)
	runtimes_scanned=yes
}
runtimes_scanned=

# describe_containers TOOL FORMAT CHANGES ID…: what docker or podman says of them, and what differs from their
# images, as far as a bounded number of questions goes.
describe_containers() {
	tool=$1
	format=$2
	changes=$3
	shift 3
	echo "listed $#"
	[ $# -gt 0 ] || return 0
	[ $# -le 200 ] || { echo 'more than 200 containers run here' >&2; return 1; }
	# One that ended in the meantime fails the command, and is missed where the answer is read.
	told=$("$tool" container inspect --format "$format" "$@")
	failed=$?
	case $told in
		'{'*) printf '%s\n' "$told" ;;
		*) return "$failed" ;;
	esac
	images=$(printf '%s\n' "$told" | sed -n 's/^.*"image_id":"\([0-9a-z:]*\)".*$/\1/p' | sort -u)
	# shellcheck disable=SC2086 # one argument a word is what is wanted
	"$tool" image inspect --format "$IMAGE" $images 2>/dev/null
	for id in $(printf '%s\n' "$told" | sed -n 's/^{"id":"\([0-9a-f]*\)".*"read_only":false.*$/\1/p' | sed 10q); do
		"$changes" "$id" || break
	done
}

docker_() { runtime docker --host "unix://$socket" "$@"; }

# `A /path`, `C /path` or `D /path`: how many there are, and the first of them.
docker_changes() {
	told=$(docker_ diff "$1") || return
	printf '%s\n' "$told" | awk -v id="$1" '
		$0 == "" { next }
		++count <= 200 { lines = lines "\n" $0 }
		END { print "changes " id " " count + 0 lines }'
}

# The daemon of the system, or the user's own. A socket without a daemon may start one.
section_docker() {
	have docker || return
	scan_runtimes || return
	case $runtimes in
		*:dockerd*) ;;
		*) echo 'no docker daemon runs' >&2; return 127 ;;
	esac
	for socket in "/run/user/$(id -u)/docker.sock" /run/docker.sock; do
		[ -S "$socket" ] && break
	done
	[ -S "$socket" ] || { echo 'the docker daemon has no socket of its usual name' >&2; return 1; }
	[ -w "$socket" ] || { echo "$socket is not for this user" >&2; return 126; }
	case $runtimes in *:dockerd*:dockerd*) echo others ;; esac
	ids=$(docker_ ps -q --no-trunc) || return
	# shellcheck disable=SC2086 # one argument a word is what is wanted
	describe_containers docker_ "$CONTAINER}" docker_changes $ids
}

podman_() { runtime podman --remote=false "$@"; }

# The same as JSON, an element a line: those beyond the first are counted and left out.
podman_changes() {
	told=$(podman_ diff --format json "$1") || return
	printf '%s\n' "$told" | awk -v id="$1" '
		/^ *"\// && ++count > 200 { next }
		{ text = text $0 }
		END { if (count > 200) gsub(/",[ \t]*\]/, "\"]", text); print "changes " id " " count + 0 " " text }'
}

# podman_owners FOLDER…: whose the monitors of podman are, of those of /proc; CRI-O has such monitors too.
podman_owners() {
	# shellcheck disable=SC2046 # one argument a word is what is wanted
	grep -hs '^Uid:' /dev/null $(grep -ls podman /dev/null $(printf '%s/cmdline\n' "$@") | sed 's,cmdline$,status,') |
		sed 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/' | sort -u
}

# podman shows each user the own containers alone. Each that runs has its conmon; without one of this user
# podman is not asked, since it would make its folders.
section_podman() {
	have podman || return
	scan_runtimes || return
	case $runtimes in
		*:conmon*) monitors=$(printf '%s\n' "$runtimes" | sed -n 's,/comm:conmon$,,p') ;;
		*) return 127 ;;
	esac
	me=$(id -u)
	case $me in
		0) alive=/run/libpod/alive ;;
		*) alive=/run/user/$me/libpod/tmp/alive ;;
	esac
	own=
	others=
	# shellcheck disable=SC2086 # one argument a word is what is wanted
	for uid in $(podman_owners $monitors); do
		if [ "$uid" = "$me" ] && [ -e "$alive" ]; then own=yes; else others=yes; fi
	done
	if [ -z "$own" ]; then
		[ -n "$others" ] || return 127
		echo 'other users run containers: podman shows each user the own ones alone' >&2
		return 126
	fi
	[ -z "$others" ] || echo others
	ids=$(podman_ ps -q --no-trunc) || return
	# shellcheck disable=SC2086 # one argument a word is what is wanted
	describe_containers podman_ "$CONTAINER,\"infra\":{{json .IsInfra}}}" podman_changes $ids
}

crictl_() {
	# A configured endpoint is the one that its administrator uses.
	if grep -qs '^runtime-endpoint:' /etc/crictl.yaml; then
		runtime crictl "$@"
	else
		runtime crictl --runtime-endpoint "unix://$socket" "$@"
	fi
}

# What the interface of Kubernetes shows; it does not tell what changed in a container.
section_cri() {
	if ! command -v crictl >/dev/null; then
		[ -d /var/lib/kubelet/pods ] || return 127
		echo 'Kubernetes runs containers here, and crictl is not installed' >&2
		return 1
	fi
	for socket in /run/crio/crio.sock /run/containerd/containerd.sock /run/k3s/containerd/containerd.sock; do
		[ -S "$socket" ] && break
	done
	[ -S "$socket" ] || { echo 'no runtime of containers has a socket here' >&2; return 127; }
	[ -w "$socket" ] || { echo "$socket is not for this user" >&2; return 126; }
	ids=$(crictl_ ps -q) || return
	# shellcheck disable=SC2086 # one argument a word is what is wanted
	set -- $ids
	echo "listed $#"
	[ $# -gt 0 ] || return 0
	[ $# -le 200 ] || { echo 'more than 200 containers run here' >&2; return 1; }
	crictl_ inspect --output go-template --template "$CRI_CONTAINER" "$@"
}
