#!/usr/bin/env bash
# Makes the base image from Debian's packages: debootstrap --variant=minbase, then `docker import`.
# For machines that reach a Debian mirror but no container registry. Needs root, debootstrap, docker.
#
# Inputs, all by environment:
#   WINDLASS_BASE_TAG            debian:bookworm-slim
#   WINDLASS_DEBIAN_SUITE        bookworm
#   WINDLASS_DEBIAN_MIRROR       debootstrap's own default
#   WINDLASS_EXTRA_CERTIFICATES  /usr/local/share/ca-certificates; its *.crt files are trusted in the image
#   WINDLASS_RECIPE              value for the label windlass.recipe (see images/README.md)
#   WINDLASS_WORK_DIR            /var/tmp; needs 600 MB, not mounted nodev or noexec
set -euo pipefail

tag=${WINDLASS_BASE_TAG:-debian:bookworm-slim}
suite=${WINDLASS_DEBIAN_SUITE:-bookworm}
mirror=${WINDLASS_DEBIAN_MIRROR:-}
certificates=${WINDLASS_EXTRA_CERTIFICATES:-/usr/local/share/ca-certificates}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

work=$(mktemp -d "${WINDLASS_WORK_DIR:-/var/tmp}/windlass-base.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root
# Named PATH: the machine's own may lack sbin, and its other settings must not leak into the image.
inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive \
        chroot "$root" "$@"
}

debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" ${mirror:+"$mirror"}

# Settings of an image that is built upon: no services started by packages, no documents, no caches.
cp -r --no-preserve=ownership "$here/files/." "$root/"
chmod 0755 "$root/usr/sbin/policy-rc.d"
find "$root/usr/share/doc" -mindepth 1 ! -type d ! -name copyright -delete
find "$root/usr/share/doc" -mindepth 1 -type d -empty -delete
rm -rf "$root"/usr/share/{man,info,groff,lintian}/* "$root"/usr/share/locale/*

changes=(
    --change 'CMD ["bash"]'
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
)
[[ -z ${WINDLASS_RECIPE:-} ]] || changes+=(--change "LABEL windlass.recipe=$WINDLASS_RECIPE")
extra=$(find "$certificates" -name '*.crt' 2>/dev/null | LC_ALL=C sort)
if [[ -n $extra ]]; then
    while read -r file; do
        install -D -m 0644 "$file" "$root/usr/local/share/ca-certificates/windlass/$(basename "$file")"
    done <<<"$extra"
    inside update-ca-certificates
    # Programs that bring certificates of their own (pip, npm, cargo...) are told of the system's; only
    # here, because a machine without an inspecting proxy should behave as these programs' users know.
    for name in SSL_CERT_FILE REQUESTS_CA_BUNDLE PIP_CERT NODE_EXTRA_CA_CERTS CURL_CA_BUNDLE \
        CARGO_HTTP_CAINFO GIT_SSL_CAINFO; do
        changes+=(--change "ENV $name=/etc/ssl/certs/ca-certificates.crt")
    done
fi

# debootstrap takes the release as it was; the security archive lies beside the main one.
used=$(awk '$1 == "deb" { print $2; exit }' "$root/etc/apt/sources.list")
cat >"$root/etc/apt/sources.list" <<LIST
deb $used $suite main
deb $used $suite-updates main
deb ${used%/}-security $suite-security main
LIST
inside apt-get update -q
inside apt-get dist-upgrade -y -q
inside apt-get clean

# What names this machine, and what differs between two runs for no reason.
rm -rf "$root"/etc/{hostname,resolv.conf} "$root"/var/lib/apt/lists/* "$root"/var/log/* \
    "$root"/var/cache/{apt,debconf,ldconfig}/*  "$root"/tmp/* "$root"/run/*

tar -C "$root" --numeric-owner --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -c . |
    docker import "${changes[@]}" - "$tag"
