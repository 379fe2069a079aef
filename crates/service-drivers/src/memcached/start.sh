# Becomes the server: $0 with the arguments. What is left of the memory is for connections and for the table
# of keys; without a limit the server takes 64 MiB.
if [ "$((${memory:-0} / 1048576))" -ge 16 ]; then set -- -m "$((memory / 1048576 * 3 / 4))" "$@"; fi
exec docker-entrypoint.sh "$0" "$@"
