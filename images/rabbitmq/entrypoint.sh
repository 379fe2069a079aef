#!/usr/bin/env bash
# Prepares the data directory, then becomes the server, as the user `rabbitmq`.
#
# The default user is made by the server itself at its first start, when its database is empty. A start that
# is killed before that leaves an empty database behind, and the next one makes the user.
set -euo pipefail

refuse() {
    printf 'windlass-rabbitmq: %s\n' "$*" >&2
    exit 1
}

if [[ ${1:-rabbitmq-server} == -* ]]; then set -- rabbitmq-server "$@"; fi
[[ $# -gt 0 ]] || set -- rabbitmq-server

if [[ $(id -u) == 0 && $1 == rabbitmq* ]]; then
    mkdir -p "$RABBITMQ_DATA_DIR"
    # Only the directory itself: a volume is new and belongs to root, or it is ours already.
    chown rabbitmq:rabbitmq "$RABBITMQ_DATA_DIR"
    chmod 0700 "$RABBITMQ_DATA_DIR"
    exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$0" "$@"
fi

[[ $1 == rabbitmq-server ]] || exec "$@"
[[ -w $RABBITMQ_DATA_DIR ]] || refuse "$RABBITMQ_DATA_DIR cannot be written by user id $(id -u)"

# Who knows the cookie may run code in the server. One that Erlang makes itself is guessable in old versions.
cookie=$RABBITMQ_DATA_DIR/.erlang.cookie
if [[ -n ${RABBITMQ_ERLANG_COOKIE:-} && ! -s $cookie ]]; then
    new=$RABBITMQ_ERLANG_COOKIE
elif [[ ! -s $cookie ]]; then
    new=$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')
else
    new=
fi
if [[ -n $new ]]; then
    rm -f "$cookie.new" "$cookie"
    (umask 0377 && printf '%s' "$new" >"$cookie.new")
    mv -T "$cookie.new" "$cookie"
fi
unset RABBITMQ_ERLANG_COOKIE new

exec "$@"
