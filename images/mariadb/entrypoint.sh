#!/usr/bin/env bash
# Prepares the data directory once, then becomes the server.
#
# A directory is initialised only when it is empty. The work happens in .windlass-init inside it, so that
# nothing but a finished data directory ever looks like one, whenever the container is killed:
#   no `complete` marker: the half-made files are thrown away and it begins again;
#   with the marker:      what is left is moved up, the system's own database last, and that makes it one.
# Anything else found there is refused: it may be somebody's data in a layout that we do not know.
set -euo pipefail

data=/var/lib/mysql
work=$data/.windlass-init

refuse() {
    printf 'windlass-mariadb: %s\n' "$*" >&2
    exit 1
}

if [[ ${1:-mariadbd} == -* ]]; then set -- mariadbd "$@"; fi
[[ $# -gt 0 ]] || set -- mariadbd
if [[ $1 == mysqld ]]; then set -- mariadbd "${@:2}"; fi
[[ $1 == mariadbd ]] || exec "$@"

if [[ $(id -u) == 0 ]]; then
    mkdir -p "$data" /run/mysqld
    # Only the directory itself: a volume is new and belongs to root, or it is ours already.
    chown mysql:mysql "$data" /run/mysqld
    chmod 0750 "$data"
    exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi

# Everything in the data directory but our own work and what mkfs makes, one name a line.
contents() { find "$data" -mindepth 1 -maxdepth 1 ! -name .windlass-init ! -name lost+found -printf '%f\n' | sort; }

# setting NAME: the value of MARIADB_NAME, or of the older MYSQL_NAME; of a file where _FILE names one.
setting() {
    local name file
    for name in "MARIADB_$1" "MYSQL_$1"; do
        file=${name}_FILE
        if [[ -n ${!file:-} ]]; then
            cat "${!file}"
            return
        elif [[ -n ${!name:-} ]]; then
            printf '%s' "${!name}"
            return
        fi
    done
}

# The session has NO_BACKSLASH_ESCAPES, so that a quote is all that must be doubled.
literal() { printf "'%s'" "${1//\'/\'\'}"; }

statements() {
    local password host database
    password=$(setting ROOT_PASSWORD)
    host=$(setting ROOT_HOST)
    host=${host:-%}
    database=$(setting DATABASE)
    # The bootstrap mode reads a statement a line, and has no users until it is told to read them.
    printf 'SET sql_mode=%s;\n' "'NO_BACKSLASH_ESCAPES'"
    printf 'FLUSH PRIVILEGES;\n'
    printf "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');\n"
    printf 'DROP DATABASE IF EXISTS test;\n'
    printf "DELETE FROM mysql.db WHERE Db = 'test' OR Db LIKE 'test%%';\n"
    printf 'FLUSH PRIVILEGES;\n'
    printf "ALTER USER 'root'@'localhost' IDENTIFIED BY %s;\n" "$(literal "$password")"
    if [[ $host != localhost ]]; then
        printf "CREATE USER 'root'@%s IDENTIFIED BY %s;\n" "$(literal "$host")" "$(literal "$password")"
        printf "GRANT ALL ON *.* TO 'root'@%s WITH GRANT OPTION;\n" "$(literal "$host")"
    fi
    # shellcheck disable=SC2016 # The backticks are SQL's quotes.
    if [[ -n $database ]]; then printf 'CREATE DATABASE `%s`;\n' "${database//\`/\`\`}"; fi
}

initialise() {
    local password
    password=$(setting ROOT_PASSWORD)
    [[ -n $password ]] || refuse "MARIADB_ROOT_PASSWORD is empty: the administrator of a new server needs one"
    [[ $password$(setting ROOT_HOST)$(setting DATABASE) != *$'\n'* ]] ||
        refuse "MARIADB_ROOT_PASSWORD, MARIADB_ROOT_HOST and MARIADB_DATABASE must not contain a line break"
    [[ -z $(setting USER) ]] || refuse "MARIADB_USER is not supported by this image"

    rm -rf "$work"
    mkdir -m 0750 "$work" "$work/data"
    # Its talk is shown only when it fails. One sync at the end instead of one for each table.
    mariadb-install-db --no-defaults --datadir="$work/data" --skip-test-db --skip-name-resolve \
        --auth-root-authentication-method=normal --skip-log-bin --innodb-flush-log-at-trx-commit=0 \
        >"$work/install.log" 2>&1 || refuse "mariadb-install-db failed: $(<"$work/install.log")"
    # No socket is opened, so that nobody can mistake a half-made server for a ready one.
    statements | mariadbd --no-defaults --bootstrap --datadir="$work/data" --skip-log-bin --skip-networking \
        >"$work/users.log" 2>&1 || refuse "setting the administrator's password failed: $(grep -v -i identified "$work/users.log")"
    sync -f "$work/data"
    : >"$work/complete"
    sync -f "$work"
}

finish() {
    local name
    local -a names
    mapfile -t names < <(find "$work/data" -mindepth 1 -maxdepth 1 ! -name mysql -printf '%f\n')
    for name in "${names[@]}"; do
        mv -T "$work/data/$name" "$data/$name"
    done
    if [[ -d $work/data/mysql ]]; then mv -T "$work/data/mysql" "$data/mysql"; fi
    sync -f "$data"
    rm -rf "$work"
}

[[ -w $data ]] || refuse "$data cannot be written by user id $(id -u)"

if [[ -e $work/complete ]]; then
    finish
elif [[ -z $(contents) ]]; then
    initialise
    finish
fi

[[ -d $data/mysql && -f $data/ibdata1 ]] ||
    refuse "$data is not empty and not a MariaDB data directory (found: $(contents | head -n 8 | tr '\n' ' ')): left as it is"
# Written by every version that ran on it; one of another series needs mariadb-upgrade, or may not be read.
for file in mariadb_upgrade_info mysql_upgrade_info; do
    [[ -f $data/$file ]] || continue
    version=$(<"$data/$file")
    [[ $version == "$MARIADB_SERIES".* ]] ||
        refuse "$data was made by MariaDB ${version%%-*} and this is $MARIADB_SERIES: left as it is. Use the image of that version, or dump and restore"
done
# Kept from a run that was killed right after it had finished.
rm -rf "$work"

# The administrator's password has done its work; the server need not carry it.
unset MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD
exec "$@"
