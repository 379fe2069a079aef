#!/usr/bin/env bash
# Makes sure that images are there: kept, pulled where a registry answers, else built from Debian's packages.
#   images/prepare.sh [--all | IMAGE...]  directories under images/, or tags such as postgres:17
# Without any: every recipe of a service that is made from the default base and Debian's packages alone. --all is also
# those from another base, and those of servers that are made by a script first, which takes minutes.
# WINDLASS_PULL=never goes straight to building. See README.md beside this file for the steps and the label.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
certificates=${WINDLASS_EXTRA_CERTIFICATES:-/usr/local/share/ca-certificates}
default=debian:bookworm-slim
base=${WINDLASS_BASE_TAG:-$default}
logs=${WINDLASS_CACHE:-$HOME/.cache/windlass}/images
mkdir -p "$logs"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOCKER_BUILDKIT=0 # the same builder on every version of Docker; buildx may not be installed

# Two of these at once (two test runs on one machine) would only do the same work twice.
exec 9>"$logs/lock"
flock 9

# recipe DIRECTORY...: one digest over the contents and the names, below each directory, of its files.
recipe() {
    local directory
    for directory in "$@"; do
        (cd "$directory" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum)
    done | sha256sum | cut -d' ' -f1
}

label() { docker image inspect --format '{{index .Config.Labels "windlass.recipe"}}' "$1" 2>/dev/null; }

# keep TAG RECIPE: true when the image stays as it is. An image without our label was pulled, or is the
# operator's own: not ours to replace. One with another label was made by an older recipe.
keep() {
    local found
    found=$(label "$1") || return 1
    [[ -z $found || $found == "$2" ]]
}

pull() {
    [[ ${WINDLASS_PULL:-auto} != never ]] || return 1
    # Long enough for a slow line; without a registry the name does not resolve and it fails at once.
    timeout 300 docker pull --quiet "$1" >"$logs/pull.log" 2>&1
}

report() { printf '%-24s %s\n' "$1" "$2"; }

# logged NAME COMMAND...: the output goes to a file, and to the reader only when the command fails.
logged() {
    local name=$1 log=$logs/$1.log
    shift
    "$@" </dev/null >"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        printf 'error: the image in %s could not be built; whole output: %s\n' "$name" "$log" >&2
        return 1
    }
}

# base_of DIRECTORY: the base image that a recipe is made from.
base_of() { awk '$1 == "FROM" { print $2; exit }' "$here/$1/Dockerfile"; }

# prepare_base TAG: the default base, or that of another of Debian's suites.
prepare_base() {
    local tag=$1 digest paths=("$here/base")
    [[ ! -d $certificates ]] || paths+=("$certificates")
    digest=$(recipe "${paths[@]}")
    if keep "$tag" "$digest"; then
        report "$tag" present
    # A pulled base would not trust the operator's certificates, so with any of them it is made here.
    elif [[ -z $(find "$certificates" -name '*.crt' 2>/dev/null) ]] && pull "$tag"; then
        report "$tag" pulled
    else
        # The operator's choice of a suite is one for the default base.
        if [[ $tag != "$base" ]]; then
            local -x WINDLASS_BASE_TAG=$tag WINDLASS_DEBIAN_SUITE=${tag#debian:}
            WINDLASS_DEBIAN_SUITE=${WINDLASS_DEBIAN_SUITE%-slim}
        fi
        WINDLASS_RECIPE=$digest logged base bash "$here/base/prepare.sh"
        report "$tag" "built with debootstrap"
    fi
}

# has_base TAG: prepares a base once, when the first recipe needs it.
declare -A bases=()
has_base() {
    [[ -z ${bases[$1]:-} ]] || return 0
    prepare_base "$1"
    bases[$1]=yes
}

# prepare_image DIRECTORY yes|no: the second says whether a public registry has it.
# The recipe's `source`, if any, says under which tag, and what the file of its program is called that
# scripts/make-<name> makes once into the cache; the script is beside this directory in the source tree, and not where
# the recipes were taken out of the binary. Files in the directory above are those that all versions share.
prepare_image() {
    local directory=$1 public=$2 tag=${1/\//:} made='' from context=$work/context digest how="built from Debian's packages"
    # shellcheck source=/dev/null
    [[ ! -f $here/$directory/source ]] || source "$here/$directory/source"
    from=$(base_of "$directory")
    has_base "$from"
    mkdir "$context"
    if [[ $directory == */* ]]; then
        find "$here/${directory%/*}" -maxdepth 1 -type f -exec cp -t "$context" '{}' +
    else
        tag=windlass-test/${directory#test-}:1
    fi
    cp -r "$here/$directory/." "$context"
    digest=$(printf '%s %s' "$(recipe "$context")" \
        "$(docker image inspect --format '{{.Id}}' "$from")" | sha256sum | cut -d' ' -f1)
    if keep "$tag" "$digest"; then
        how=present
    elif [[ $public == yes ]] && pull "$tag"; then
        how=pulled
    else
        if [[ -n $made ]]; then
            add_made "$directory" "$made" "$tag" "$context"
            how="built from what scripts/make-${directory%/*} made"
        fi
        logged "${directory//\//-}" docker build --force-rm --tag "$tag" --label "windlass.recipe=$digest" "$context"
    fi
    rm -rf "$context"
    report "$tag" "$how"
}

# add_made DIRECTORY FILE TAG CONTEXT: the program that a script makes, made if it is not there.
add_made() {
    local name=${1%/*} version=${1#*/} file=$2 tag=$3 context=$4 cache make=$here/../scripts/make-${1%/*}
    cache=${logs%/images}/$name-$version
    if [[ ! -e $cache/$file && -x $make ]]; then "$make" "$version" >&2; fi
    [[ -e $cache/$file ]] || {
        printf 'error: %s cannot be pulled; scripts/make-%s of the source tree makes what it is built from\n' \
            "$tag" "$name" >&2
        return 1
    }
    cp -r "$cache/$file" "$context"
}

# prepare_tag TAG: an image without a recipe, which only a registry has.
prepare_tag() {
    if docker image inspect "$1" >/dev/null 2>&1; then
        report "$1" present
    elif pull "$1"; then
        report "$1" pulled
    else
        printf 'error: %s cannot be pulled, and there is no recipe for it under images/; load it into Docker by hand\n' \
            "$1" >&2
        return 1
    fi
}

# Without a choice: the base, every service's recipe, and the tests' own.
if [[ $# == 0 || $1 == --all ]]; then
    services=()
    for found in "$here"/*/*/Dockerfile; do
        found=${found%/Dockerfile}
        found=${found#"$here/"}
        if [[ ${1:-} == --all || (! -e $here/$found/source && $(base_of "$found") == "$default") ]]; then
            services+=("$found")
        fi
    done
    set -- base "${services[@]}" test-python
fi
has_base "$base"
for wanted in "$@"; do
    directory=${wanted/:/\/}
    case $directory in
    base) ;;
    test-python) prepare_image test-python no ;;
    */*)
        # A registry's tag of an image whose recipe has another name.
        for found in "$here"/*/*/source; do
            if grep -qxF "tag=$wanted" "$found"; then
                found=${found%/source}
                directory=${found#"$here/"}
            fi
        done
        if [[ -f $here/$directory/Dockerfile ]]; then
            prepare_image "$directory" yes
        else
            prepare_tag "$wanted"
        fi
        ;;
    *) printf 'error: no such image: %s\n' "$wanted" >&2 && exit 1 ;;
    esac
done
