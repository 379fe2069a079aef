#!/usr/bin/env bash
# Makes sure that images are there: kept, pulled where a registry answers, else built from Debian's packages.
#   images/prepare.sh [--all | IMAGE...]  directories under images/, or tags such as postgres:17
# Without any: every recipe but those of servers that are made by a script first (they have a file `source`), which
# takes minutes; --all is those too.
# WINDLASS_PULL=never goes straight to building. See README.md beside this file for the steps and the label.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
certificates=${WINDLASS_EXTRA_CERTIFICATES:-/usr/local/share/ca-certificates}
base=${WINDLASS_BASE_TAG:-debian:bookworm-slim}
logs=${WINDLASS_CACHE:-$HOME/.cache/windlass}/images
mkdir -p "$logs"
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

prepare_base() {
    local digest paths=("$here/base")
    [[ ! -d $certificates ]] || paths+=("$certificates")
    digest=$(recipe "${paths[@]}")
    if keep "$base" "$digest"; then
        report "$base" present
    # A pulled base would not trust the operator's certificates, so with any of them it is made here.
    elif [[ -z $(find "$certificates" -name '*.crt' 2>/dev/null) ]] && pull "$base"; then
        report "$base" pulled
    else
        WINDLASS_RECIPE=$digest logged base bash "$here/base/prepare.sh"
        report "$base" "built with debootstrap"
    fi
}

# prepare_image DIRECTORY TAG yes|no: the third says whether a public registry has it.
prepare_image() {
    local directory=$1 tag=$2 public=$3 digest
    digest=$(printf '%s %s' "$(recipe "$here/$directory")" \
        "$(docker image inspect --format '{{.Id}}' "$base")" | sha256sum | cut -d' ' -f1)
    if keep "$tag" "$digest"; then
        report "$tag" present
    elif [[ $public == yes ]] && pull "$tag"; then
        report "$tag" pulled
    else
        logged "${directory//\//-}" docker build --force-rm --tag "$tag" \
            --label "windlass.recipe=$digest" "$here/$directory"
        report "$tag" "built from Debian's packages"
    fi
}

# prepare_made DIRECTORY: the same from a program that scripts/make-<name> makes once into the cache. The recipe's
# `source` says under which tag a registry has the image and what that program's file is; the script is beside this
# directory in the source tree, and not where the recipes were taken out of the binary.
prepare_made() {
    local directory=$1 name=${1%/*} version=${1#*/} tag made digest cache=${logs%/images} make context
    # shellcheck source=/dev/null
    source "$here/$directory/source"
    digest=$(printf '%s %s' "$(recipe "$here/$directory")" \
        "$(docker image inspect --format '{{.Id}}' "$base")" | sha256sum | cut -d' ' -f1)
    make=$here/../scripts/make-$name
    if keep "$tag" "$digest"; then
        report "$tag" present
    elif pull "$tag"; then
        report "$tag" pulled
    else
        if [[ ! -e $cache/$name-$version/$made && -x $make ]]; then "$make" "$version" >&2; fi
        [[ -e $cache/$name-$version/$made ]] || {
            printf 'error: %s cannot be pulled; scripts/make-%s of the source tree makes what it is built from\n' \
                "$tag" "$name" >&2
            return 1
        }
        context=$(mktemp -d)
        cp -r "$here/$directory/." "$context"
        cp -r "$cache/$name-$version/$made" "$context"
        logged "${directory//\//-}" docker build --force-rm --tag "$tag" \
            --label "windlass.recipe=$digest" "$context"
        rm -rf "$context"
        report "$tag" "built from what scripts/make-$name made"
    fi
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
        [[ -e $found/source && ${1:-} != --all ]] || services+=("${found#"$here/"}")
    done
    set -- base "${services[@]}" test-python
fi
[[ $1 == base ]] || set -- base "$@"
for wanted in "$@"; do
    directory=${wanted/:/\/}
    case $directory in
    base) prepare_base ;;
    test-python) prepare_image test-python windlass-test/python:1 no ;;
    */*)
        # A registry's tag of an image whose recipe has another name.
        for found in "$here"/*/*/source; do
            if grep -qxF "tag=$wanted" "$found"; then
                found=${found%/source}
                directory=${found#"$here/"}
            fi
        done
        if [[ -f $here/$directory/source ]]; then
            prepare_made "$directory"
        elif [[ -f $here/$directory/Dockerfile ]]; then
            prepare_image "$directory" "${directory/\//:}" yes
        else
            prepare_tag "$wanted"
        fi
        ;;
    *) printf 'error: no such image: %s\n' "$wanted" >&2 && exit 1 ;;
    esac
done
