# shellcheck shell=bash
# Functions that quickstart, test and .ci/run share. Sourced, never run; needs `set -euo pipefail`.
#
# Everything that is downloaded, built as a tool, or logged lives outside the checkout, so that a
# fresh clone finds it again and `git status` stays clean.

WINDLASS_CACHE=${WINDLASS_CACHE:-$HOME/.cache/windlass}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

# headline TEXT: the start of a part; phase NAME COMMAND...: a headline, the command, its time.
headline() { printf '\n==> %s\n' "$*" >&2; }
phase() {
    local name=$1 started=$SECONDS
    shift
    headline "$name"
    # No `if "$@"`: inside a condition bash switches `set -e` off for everything the command calls.
    "$@"
    say "    $name: $((SECONDS - started)) s"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; fails after the deadline.
wait_for() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= deadline)); then
            say "gave up waiting: $what"
            return 1
        fi
        sleep 0.2
    done
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root: $* (run as root, or install sudo)"
    fi
}

# need_packages NAME...: installs those of Debian's packages that are not installed.
need_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q '^install ok installed$' ||
            missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null ||
        die "missing: ${missing[*]}. Only Debian's packages are installed for you; install these by hand"
    say "installing from Debian's packages: ${missing[*]}"
    mkdir -p "$WINDLASS_CACHE"
    local log=$WINDLASS_CACHE/apt.log
    {
        as_root apt-get update -q &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
    } </dev/null >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "apt-get could not install ${missing[*]} (whole output: $log)"
    }
}

# need_program PROGRAM PACKAGE: for what may also be there without the package (a docker or gcc of one's own).
need_program() { command -v "$1" >/dev/null || need_packages "$2"; }

need_rust() {
    command -v cargo >/dev/null && return 0
    [[ -x $HOME/.cargo/bin/cargo ]] || die "no cargo: install Rust 1.95 or newer first (see README)"
    PATH=$HOME/.cargo/bin:$PATH
}

docker_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# ensure_docker: a Docker daemon that answers; started by hand where no init system does it.
ensure_docker() {
    need_program docker docker.io
    docker_answers && return 0
    [[ -z ${DOCKER_HOST:-} ]] || die "no Docker daemon answers at DOCKER_HOST=$DOCKER_HOST"
    ((EUID == 0)) || die "no Docker daemon answers: start it, or see that you may use its socket"
    command -v dockerd >/dev/null || need_packages docker.io
    need_program iptables iptables
    if [[ -d /run/systemd/system ]]; then
        systemctl start docker
    else
        start_dockerd
    fi
    wait_for 60 "the Docker daemon to answer (log: $WINDLASS_CACHE/docker/dockerd.log)" docker_answers
}

# dockerd outlives this script: setsid keeps the terminal's signals from it, and no descriptor of ours
# stays open in it (a pipe to `tee` would never end).
start_dockerd() {
    local dir=$WINDLASS_CACHE/docker
    mkdir -p "$dir"
    mountpoint -q /sys/fs/cgroup || {
        need_packages cgroupfs-mount
        cgroupfs-mount
    }
    # A daemon that was killed leaves its pid file; dockerd refuses to start when that pid lives again.
    if [[ -f /var/run/docker.pid ]] && ! grep -qs dockerd "/proc/$(cat /var/run/docker.pid)/comm"; then
        rm -f /var/run/docker.pid
    fi
    say "starting dockerd (log: $dir/dockerd.log)"
    setsid --fork dockerd --pidfile /var/run/docker.pid </dev/null >>"$dir/dockerd.log" 2>&1
}

# need_cargo_tool NAME VERSION [ARGUMENT...]: installs a cargo tool into the cache, unoptimised: it
# runs for a second, and building it optimised takes several times as long.
need_cargo_tool() {
    local name=$1 version=$2 tools=$WINDLASS_CACHE/tools
    shift 2
    PATH=$tools/bin:$PATH
    [[ $("$name" --version 2>/dev/null) == "$name $version" ]] && return 0
    say "installing $name $version into $tools"
    CARGO_PROFILE_DEV_DEBUG=0 cargo install "$name" --version "$version" --locked --debug --quiet \
        --root "$tools" --target-dir "$tools/target" "$@" </dev/null
    rm -rf "$tools/target"
}

# The features of tests that take long, or need servers that are made from source first.
# shellcheck disable=SC2034
LONG=windlass/long,windlass-backups/long,windlass-service-drivers/long

# prepare_images NAME...: see images/README.md.
prepare_images() {
    need_packages debootstrap
    as_root env HOME="$HOME" "$ROOT/images/prepare.sh" "$@"
}
