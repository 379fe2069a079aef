# The container's limit of memory in bytes, as $memory; empty without one.
memory=
for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    if [ -r "$file" ]; then
        memory=$(cat "$file")
        break
    fi
done
case $memory in *[!0-9]*) memory= ;; esac
# The older kernel interface says "none" as a number near 2^63.
if [ "${#memory}" -gt 15 ]; then memory=; fi
