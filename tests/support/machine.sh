#!/bin/sh
# machine.sh FOLDER PATHS COMMAND…: run COMMAND as the first process of a machine of its own.
#
# It sees a copy of this machine's files, in which what is written is forgotten at the end, with what
# lies below FOLDER/files put over it, and PATHS (separated by colons) as they are here. It has processes and
# control groups of its own, and a user "zoobridge"; the network is this machine's. Needs root.
set -eu
folder=$1 paths=$2
shift 2
if [ "${MACHINE_STAGE:-}" = "" ]; then
    export MACHINE_STAGE=groups
    exec unshare --mount "$0" "$folder" "$paths" "$@"
fi
groups=$folder/groups
group=$groups/machine-$$
if [ "$MACHINE_STAGE" = groups ]; then
    mkdir "$groups"
    mount -t cgroup -o none,name=systemd cgroup "$groups"
    mkdir "$group"
    (
        sh -c 'echo $PPID' >"$group/cgroup.procs"
        export MACHINE_STAGE=files
        exec unshare --fork --pid --uts --ipc --cgroup --mount --kill-child "$0" "$folder" "$paths" "$@"
    ) || true
    find "$group" -depth -type d -exec rmdir {} \;
    exit 0
fi
machine=$folder/machine
mkdir "$machine"
mount -t tmpfs -o mode=755 tmpfs "$machine"
mkdir "$machine/written" "$machine/work" "$machine/root"
mount -t overlay -o "lowerdir=/,upperdir=$machine/written,workdir=$machine/work" overlay "$machine/root"
root=$machine/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mkdir "$root/sys/fs/cgroup/systemd"
mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
mount -t tmpfs tmpfs "$root/run"
# The interpreter may lie in the home of root, which is closed to others.
chmod 755 "$root/root"
IFS=:
for path in $paths; do
    mkdir -p "$root$path"
    mount --rbind "$path" "$root$path"
done
unset IFS MACHINE_STAGE
chroot "$root" useradd --create-home --uid 10001 zoobridge
cp -a "$folder/files/." "$root/"
cd "$root"
exec chroot "$root" "$@"
