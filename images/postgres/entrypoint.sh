#!/usr/bin/env bash
# Prepares the data directory once, then becomes the server.
#
# A directory is initialised only when it is empty. The work happens in .windlass-init inside it, so that
# nothing but a finished data directory ever looks like one, whenever the container is killed:
#   no `complete` marker: the half-made files are thrown away and it begins again;
#   with the marker:      what is left is moved up, PG_VERSION last, and that file makes it a data directory.
# Anything else found there is refused: it may be somebody's data in a layout that we do not know.
set -euo pipefail

refuse() {
    printf 'windlass-postgres: %s\n' "$*" >&2
    exit 1
}

if [[ ${1:-postgres} == -* ]]; then set -- postgres "$@"; fi
[[ $# -gt 0 ]] || set -- postgres
[[ $1 == postgres ]] || exec "$@"

if [[ $(id -u) == 0 ]]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    # Only the directory itself: a volume is new and belongs to root, or it is ours already.
    chown postgres:postgres "$PGDATA" /var/run/postgresql
    chmod 0700 "$PGDATA"
    chmod 3777 /var/run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

work=$PGDATA/.windlass-init

# Everything in the data directory but our own work and what mkfs makes, one name a line.
contents() { find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name .windlass-init ! -name lost+found -printf '%f\n' | sort; }

password() {
    if [[ -n ${POSTGRES_PASSWORD_FILE:-} ]]; then
        cat "$POSTGRES_PASSWORD_FILE"
    else
        printf '%s' "${POSTGRES_PASSWORD:-}"
    fi
}

initialise() {
    local user=${POSTGRES_USER:-postgres}
    local database=${POSTGRES_DB:-$user}
    [[ -n $(password) ]] || refuse "POSTGRES_PASSWORD is empty: the superuser of a new server needs one"
    [[ $database != *$'\n'* ]] || refuse "POSTGRES_DB must not contain a line break"

    rm -rf "$work"
    mkdir -m 0700 "$work" "$work/data"
    # Local connections come from inside this container only; everyone else proves the password. One
    # sync at the end instead of initdb's own and another after the database is made.
    local -a options
    read -ra options <<<"${POSTGRES_INITDB_ARGS:-}"
    # Its talk is shown only when it fails: "might become corrupt" is about the sync that follows below.
    initdb --pgdata="$work/data" --username="$user" --pwfile=<(password) --encoding=UTF8 --data-checksums \
        --auth-local=trust --auth-host=scram-sha-256 --no-sync --no-instructions "${options[@]}" \
        >"$work/initdb.log" 2>&1 || refuse "initdb failed: $(<"$work/initdb.log")"
    printf '\nhost all all all scram-sha-256\n' >>"$work/data/pg_hba.conf"
    printf "\nlisten_addresses = '*'\n" >>"$work/data/postgresql.conf"

    if [[ $database != postgres ]]; then
        # Single-user mode: no socket is opened, so nobody can mistake a half-made server for a ready one.
        printf 'CREATE DATABASE "%s"\n' "${database//\"/\"\"}" |
            postgres --single -F -D "$work/data" -c exit_on_error=true -c log_min_messages=warning postgres >/dev/null
    fi
    sync -f "$work/data"
    : >"$work/complete"
    sync -f "$work"
}

finish() {
    local name
    local -a names
    mapfile -t names < <(find "$work/data" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -printf '%f\n')
    for name in "${names[@]}"; do
        mv -T "$work/data/$name" "$PGDATA/$name"
    done
    if [[ -f $work/data/PG_VERSION ]]; then mv -T "$work/data/PG_VERSION" "$PGDATA/PG_VERSION"; fi
    sync -f "$PGDATA"
    rm -rf "$work"
}

[[ -w $PGDATA ]] || refuse "$PGDATA cannot be written by user id $(id -u)"

if [[ -e $work/complete ]]; then
    finish
elif [[ -z $(contents) ]]; then
    # A volume mounted one level too high, or made by another major version's image, must not be hidden
    # behind a new empty server.
    other=$(find /var/lib/postgresql -maxdepth 3 -name PG_VERSION ! -path '*/.windlass-init/*' -print -quit 2>/dev/null || true)
    [[ -z $other ]] || refuse "$PGDATA is empty, but there is a data directory at $(dirname "$other"): not initialising beside it. Set PGDATA, or mount the volume at $PGDATA"
    initialise
    finish
fi

[[ -f $PGDATA/PG_VERSION && -f $PGDATA/global/pg_control ]] ||
    refuse "$PGDATA is not empty and not a PostgreSQL data directory (found: $(contents | head -n 8 | tr '\n' ' ')): left as it is"
version=$(<"$PGDATA/PG_VERSION")
[[ $version == "$PG_MAJOR" ]] ||
    refuse "$PGDATA was made by PostgreSQL $version and this is $PG_MAJOR: left as it is. Use the image of version $version, or dump and restore"
# Kept from a run that was killed right after it had finished.
rm -rf "$work"

# The superuser's password has done its work; the server and its children need not carry it.
unset POSTGRES_PASSWORD
exec "$@"
