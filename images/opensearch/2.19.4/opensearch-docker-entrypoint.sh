#!/bin/bash
# Becomes the server, or any other program that is named.
set -eu
if [ $# = 0 ] || [ "${1:0:1}" = - ]; then
    set -- opensearch "$@"
fi
if [ "$1" = opensearch ]; then
    umask 0002
    # A container's own control group is at the root of what it sees of them.
    export OPENSEARCH_JAVA_OPTS="-Dopensearch.cgroups.hierarchy.override=/ ${OPENSEARCH_JAVA_OPTS:-}"
    while IFS='=' read -r name value; do
        if [[ $name =~ ^[a-z0-9_]+\.[a-z0-9_]+ && -n $value ]]; then
            set -- "$@" "-E$name=$value"
        fi
    done < <(env)
    if [ "${DISABLE_SECURITY_PLUGIN:-}" = true ]; then
        set -- "$@" -Eplugins.security.disabled=true
    fi
fi
exec "$@"
