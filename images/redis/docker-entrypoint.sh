#!/bin/sh
# Becomes the server, as the user redis when started as root.
set -eu

# Options or a file of settings alone are the server's.
case ${1:-} in
'' | -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis:redis '{}' +
    exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi

# What the server writes is read by nobody else.
[ "$(umask)" != 0022 ] || umask 0077
exec "$@"
