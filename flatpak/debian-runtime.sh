#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes a Flatpak runtime and its SDK out of Debian 12's packages and installs both for the user,
# for machines that cannot have GNOME's:
#
#   io.github.sagebrush.DebianPlatform//12   GTK 4, libadwaita, oneDNN, XGBoost, Open MPI …
#   io.github.sagebrush.DebianSdk//12        the same with compilers, meson and headers
#
# mmdebstrap makes one root for each, in which all maintainer scripts run, so that schemas, pixbuf
# loaders, GIO modules and caches are right. The root's /usr becomes the runtime's, its /etc becomes
# /usr/etc, from where Flatpak takes the sandbox's /etc. "flatpak build-export --runtime" commits
# that to a local repository.
#
#   debian-runtime.sh         make what is missing or has changed, then install
#   debian-runtime.sh clean   uninstall both, drop the repository and every file made
#
# Package sources and proxies come from this machine's apt. FORCE=1 makes both again, as for newer
# packages; WORK names the folder of its files (1 GB, 4 GB while it works); SOURCES holds "deb"
# lines for a machine that is no Debian 12.
set -euo pipefail
export LC_ALL=C.UTF-8

branch=12
suite=bookworm
remote=sagebrush-debian
work=${WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/sagebrush-flatpak/runtime}
platform=io.github.sagebrush.DebianPlatform
sdk=io.github.sagebrush.DebianSdk
# Without the user's own locale the application is not translated.
locales=(en_US en_GB de_DE es_ES fr_FR it_IT pt_BR)

# "Recommends" are not followed: plug-ins, icons, GL drivers and fonts have to be named. No package
# pulls libgl1 in, yet libepoxy aborts without it. GNOME's runtime has Python, too.
platform_packages=(
    libgtk-4-1 libgtk-4-common libgtk-4-bin libadwaita-1-0 libgtksourceview-5-0
    libsoup-3.0-0 libjson-glib-1.0-0 libsecret-1-0 glib-networking
    libgdk-pixbuf-2.0-0 librsvg2-common webp-pixbuf-loader libxml2 libsqlite3-0 libssl3 libarchive13
    adwaita-icon-theme hicolor-icon-theme shared-mime-info
    gsettings-desktop-schemas fontconfig fonts-cantarell fonts-dejavu
    libgl1 libopengl0 libegl1 libgles2 libgl1-mesa-dri
    libxgboost0 libdnnl2 libopenmpi3 openmpi-bin libgomp1
    ca-certificates locales libc-bin tzdata xkb-data python3
)
sdk_packages=(
    gcc g++ libc6-dev binutils make meson ninja-build cmake pkg-config
    gettext desktop-file-utils appstream appstream-util
    libxml2-utils file patch xz-utils git gdb
    libglib2.0-dev libglib2.0-dev-bin libgtk-4-dev libadwaita-1-dev libgtksourceview-5-dev
    libsoup-3.0-dev libjson-glib-dev libsecret-1-dev libgdk-pixbuf-2.0-dev
    librsvg2-dev libxml2-dev libsqlite3-dev libssl-dev zlib1g-dev libarchive-dev
    libxgboost-dev libdnnl-dev libopenmpi-dev
)

say() { printf '\033[1m[%4ds] %s\033[0m\n' "$SECONDS" "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

clean() {
    flatpak --user uninstall -y --noninteractive "$platform//$branch" "$sdk//$branch" || true
    flatpak --user remote-delete --force "$remote" || true
    rm -rf "$work"
}

# Debian's entries in this machine's apt lists, as lines of the old format.
sources() {
    if [ -n "${SOURCES:-}" ]; then
        printf '%s\n' "$SOURCES"
        return
    fi
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | sort -u |
        awk -v suite="$suite" '$2 ~ "^" suite "(-updates|-security)?$" { print "deb", $0 }'
}

# The proxy of this machine's apt and how it looks at dates belong to its sources.
apt_options() {
    apt-config dump |
        sed -nE 's/^(Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) .*);$/--aptopt=\1/p'
}

# What makes a Debian root a runtime; $1 is the root, chroot works in it.
write_hook() {
    cat >"$work/finish.sh" <<'HOOK'
#!/usr/bin/env bash
set -euo pipefail
root=$1

# glibc has only C, POSIX and C.UTF-8 built in.
for locale in $LOCALES; do
    chroot "$root" localedef -i "$locale" -f UTF-8 "$locale.UTF-8"
done

# The fonts of application and host count, too. /var is no part of a runtime, so the cache of its
# own fonts lies in /usr; OSTree sets every time to 0, by which that cache must have been computed.
sed -i 's,<cachedir>/var/cache/fontconfig</cachedir>,<cachedir>/usr/lib/fontconfig/cache</cachedir>,' \
    "$root/etc/fonts/fonts.conf"
cat >"$root/etc/fonts/conf.d/09-flatpak.conf" <<'XML'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <!-- First, for the host's caches know folders of the same names, with other fonts in them. -->
  <cachedir>/usr/lib/fontconfig/cache</cachedir>
  <dir>/app/share/fonts</dir>
  <cachedir>/app/cache/fontconfig</cachedir>
  <include ignore_missing="yes">/app/etc/fonts/local.conf</include>
  <dir>/run/host/fonts</dir>
  <dir>/run/host/local-fonts</dir>
  <dir>/run/host/user-fonts</dir>
  <cachedir>/run/host/fonts-cache</cachedir>
  <cachedir>/run/host/user-fonts-cache</cachedir>
  <include ignore_missing="yes">/run/host/font-dirs.xml</include>
</fontconfig>
XML
find "$root/usr/share/fonts" "$root/usr/share/icons" -exec touch -h -d @0 {} +
rm -rf "$root/var/cache/fontconfig"
mkdir -p "$root/usr/lib/fontconfig/cache"
chroot "$root" fc-cache -s -f

# Python looks at times, too: its byte code is compiled so that it does not.
find "$root/usr/lib" "$root/usr/share" -name __pycache__ -prune -exec rm -rf {} +
chroot "$root" python3 -m compileall -q --invalidation-mode unchecked-hash \
    /usr/lib/python3 /usr/lib/python3.[0-9]* >/dev/null || true

# Links through /etc/alternatives point straight at their target, because flatpak's own run of
# ldconfig has /usr only.
find "$root/usr" -type l -lname '/etc/alternatives/*' -printf '%P\n' |
    while IFS= read -r link; do
        target=$(chroot "$root" readlink -f "/usr/$link") && [ -e "$root$target" ] &&
            ln -sfnr "$root$target" "$root/usr/$link" || rm -f "$root/usr/$link"
    done
rm -rf "$root/etc/alternatives"

# An empty ld.so.conf has flatpak write one with /app/lib; it looks for ldconfig in /usr/bin.
chroot "$root" ldconfig
: >"$root/etc/ld.so.conf"
rm -rf "$root/etc/ld.so.conf.d"
[ -e "$root/usr/bin/ldconfig" ] || ln -s ../sbin/ldconfig "$root/usr/bin/ldconfig"

# A runtime has no host identity, no init system and no package manager. What mmdebstrap needs of
# the latter until it ends is left out of the unpacking.
chroot "$root" dpkg-query -W >"$root/usr/manifest.dpkg"
(cd "$root/etc" &&
    rm -rf cron* init.d rc?.d systemd pam.d pam.conf security default \
        logrotate.d kernel sysctl.* modprobe.d modules* udev fstab mtab hostname \
        adduser.conf deluser.conf debconf.conf selinux tmpfiles.d binfmt.d ssh opt rmt \
        xdg/systemd environment \
        hosts resolv.conf machine-id passwd* group* shadow* gshadow* subuid* subgid* \
        .pwd.lock login.defs securetty shells update-motd.d motd issue* skel \
        ca-certificates/update.d depmod.d libnl* NetworkManager rpc)
rm -rf "$root"/usr/lib/{apt,dpkg,systemd,udev,modules,init} "$root"/usr/share/{bug,lintian}
chmod -R u+rwX,go+rX,go-w,a-s "$root/usr" "$root/etc"
find "$root/usr" "$root/etc" -type l \( -lname '/var/*' -o -lname '/run/*' \) -delete
HOOK
    chmod +x "$work/finish.sh"
}

# bootstrap KIND PACKAGE…: the root as a tar file. The .deb files are kept, so that the SDK has
# those of the platform.
bootstrap() {
    local kind=$1 options packages
    shift
    packages=$*
    mapfile -t options < <(apt_options)
    # shellcheck disable=SC2016
    sources | LOCALES="${locales[*]}" mmdebstrap --quiet \
        --variant=essential --format=tar --include="${packages// /,}" \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "${options[@]}" \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/gtk-doc/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
        --skip=download/empty --skip=essential/unlink \
        --setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
        --setup-hook="sync-in '$work/debs' /var/cache/apt/archives" \
        --customize-hook="sync-out /var/cache/apt/archives '$work/debs'" \
        --customize-hook="'$work/finish.sh' \"\$1\"" \
        "$suite" "$work/$kind.tar" - >"$work/$kind.log" 2>&1 ||
        { tail -n 30 "$work/$kind.log" >&2; die "mmdebstrap failed, see $work/$kind.log"; }
    rm -rf "$work/debs/lock" "$work/debs/partial"
}

# commit KIND ID: the tar file's tree into the repository.
commit() {
    local folder=$work/$1 id=$2 arch
    arch=$(flatpak --default-arch)
    rm -rf "$folder"
    # build-export insists on files/, which stays empty.
    mkdir -p "$folder/files"
    tar -x -C "$folder" -f "$folder.tar" --no-same-owner \
        --exclude=./etc/apt --exclude=./etc/dpkg ./usr ./etc
    rm "$folder.tar"
    mv "$folder/etc" "$folder/usr/etc"
    cat >"$folder/metadata" <<METADATA
[Runtime]
name=$id
runtime=$platform/$arch/$branch
sdk=$sdk/$arch/$branch

[Environment]
GI_TYPELIB_PATH=/app/lib/girepository-1.0
METADATA
    # Little compression: the repository is for this machine only.
    if [ ! -e "$work/repo" ]; then
        ostree init --repo="$work/repo" --mode=archive
        ostree config --repo="$work/repo" set archive.zlib-level 1
    fi
    flatpak build-export --runtime --arch="$arch" --subject="Debian $suite, $1" \
        "$work/repo" "$folder" "$branch" >/dev/null
    rm -rf "$folder"
}

# make_runtime KIND ID PACKAGE…: again only when something of it has changed.
make_runtime() {
    local kind=$1 id=$2 stamp
    shift 2
    stamp="$id//$branch $* ${locales[*]} $(sha256sum <"$work/finish.sh")"
    if [ -z "${FORCE:-}" ] && [ "$(cat "$work/$kind.done" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    rm -f "$work/$kind.done"
    say "The $kind: $# packages and what they need"
    bootstrap "$kind" "$@"
    say "The $kind: into the repository"
    commit "$kind" "$id"
    printf '%s\n' "$stamp" >"$work/$kind.done"
}

if [ "${1:-}" = clean ]; then
    clean
    exit 0
fi
for program in flatpak ostree mmdebstrap; do
    command -v "$program" >/dev/null || die "$program is not installed."
done
[ -n "$(sources)" ] || die "apt has no lists of Debian's $suite: run apt-get update, or set SOURCES."
mkdir -p "$work/debs"
write_hook
make_runtime platform "$platform" "${platform_packages[@]}"
make_runtime sdk "$sdk" "${platform_packages[@]}" "${sdk_packages[@]}"
flatpak build-update-repo --prune --prune-depth=0 "$work/repo" >/dev/null
flatpak --user remote-add --if-not-exists --no-gpg-verify "$remote" "file://$work/repo"
flatpak --user remote-modify --url="file://$work/repo" "$remote"
flatpak --user install -y --noninteractive --or-update "$remote" \
    "runtime/$platform/$(flatpak --default-arch)/$branch" "runtime/$sdk/$(flatpak --default-arch)/$branch" >&2
