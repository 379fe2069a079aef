# Becomes the server whose program is $0, with the arguments as its options.
#
# The users are in a file on the volume, which the server writes itself (ACL SAVE). At each start the
# administrator is set again to the password that the container was given, so that a volume cannot be
# locked against us; `default` begins switched off, and without a line it would be open to everybody.
# The password gets no further than this: not to a command line, not into the server's environment.
users=/data/users.acl
umask 077
hash=$(printf %s "$WINDLASS_ADMINISTRATOR_PASSWORD" | sha256sum | cut -d ' ' -f 1)
unset WINDLASS_ADMINISTRATOR_PASSWORD
{
    printf 'user windlass on #%s ~* &* +@all\n' "$hash"
    if [ -f "$users" ]; then
        sed '/^user windlass /d' "$users"
    fi
    if ! grep -q '^user default ' "$users" 2>/dev/null; then
        echo 'user default off'
    fi
} >"$users.new"
mv "$users.new" "$users"
if [ "$(id -u)" = 0 ]; then
    # The server replaces the file, for which it needs the directory; the image names both after itself.
    name=${0%-server}
    chown "$name:$name" /data "$users"
fi
# What is left is for the copy of changed pages while the append-only file is rewritten, and for buffers.
if [ -n "$memory" ]; then set -- --maxmemory "$((memory / 4 * 3))" "$@"; fi
exec docker-entrypoint.sh "$0" "$@"
