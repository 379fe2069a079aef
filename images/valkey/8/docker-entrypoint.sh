#!/bin/sh
# Becomes the server, as the user valkey when started as root.
set -eu

# Options or a file of settings alone are the server's.
case ${1:-} in
'' | -* | *.conf) set -- valkey-server "$@" ;;
esac

if [ "$1" = valkey-server ] && [ "$(id -u)" = 0 ]; then
    find . ! -user valkey -exec chown valkey:valkey '{}' +
    exec setpriv --reuid=valkey --regid=valkey --init-groups "$0" "$@"
fi

# What the server writes is read by nobody else.
[ "$(umask)" != 0022 ] || umask 0077
exec "$@"
