# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# own_root.sh - sourced by checks that type what documents say, as a user who may sudo, in a root of their own: what is on this machine lies
# below, and every change goes to memory, which is gone at the end. tests/fakes/service_manager.py stands in for systemd.
# Skipped (77) without root, or where the kernel gives no overlay.
#
# The check defines `within BUILD`, which happens in that root, and ends with `enter_own_root "$@"`. HERE is the folder tests, SOURCE the project's.
CHECK=$(readlink -f "$0")

# --- Inside -----------------------------------------------------------------------------------------------------------

start_manager() { # start_manager BUILD
  local systemctl
  systemctl=$(readlink -f "$(command -v systemctl)")
  mv "$systemctl" "$systemctl.real"
  install -m 0755 "$HERE/fakes/service_manager.py" "$systemctl"
  mkdir -p /run/systemd/system # by which programs tell that systemd was booted
  python3 "$HERE/fakes/service_manager.py" "$systemctl.real" "$1/tests/lab/lab_manager" &
  expect_eventually "the stand-in for systemd answers" 10 test -S /run/service_manager.sock
}

make_user() {
  useradd --create-home --shell /bin/bash "$USER_NAME"
  echo "$USER_NAME ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/newcomer
  mkdir "/home/$USER_NAME/acmed"
  mount --bind "$SOURCE" "/home/$USER_NAME/acmed"
  mkdir -p "$SOURCE/build/release"
  [[ $1 -ef $SOURCE/build/release ]] || mount --bind "$1" "/home/$USER_NAME/acmed/build/release"
}

finish() {
  local status=$?
  trap - EXIT
  [[ $status == 0 ]] || failed "the check ended early with $status"
  if [[ $FAILED != 0 ]]; then
    for log in /run/*.service.log "$LAB"/log/{primary.log,resolver.out,pebble.out}; do
      [[ ! -s $log ]] || { echo "--- the end of $log:"; tail -n 15 "$log" | cut -c -200; }
    done
    echo "$FAILED failed"
    exit 1
  fi
}

# --- Outside ----------------------------------------------------------------------------------------------------------

# Lays an empty layer in memory over PATH, so that what happens there stays there.
layer() { # layer PATH
  local number=${#LAYERS[@]}
  mkdir -p "$WORK/layers/$number"/{upper,work}
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$WORK/layers/$number/upper,workdir=$WORK/layers/$number/work" "$WORK/tree${1%/}"
  LAYERS+=("$1")
}

enter() { # enter WORK BUILD: within the network, processes and mounts of its own
  local target type
  WORK=$1 LAYERS=()
  mount -t tmpfs -o mode=755 tmpfs "$WORK"
  mkdir "$WORK/tree"
  layer / 2>/dev/null || { echo "this kernel gives no overlay over /"; exit 77; }
  # What else is mounted, be it /usr or the source, but for the kernel's own.
  while read -r target type; do
    case $target in / | /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/* | "$WORK" | "$WORK"/*) continue ;; esac
    [[ ! -d $target || $type == autofs ]] || layer "$target"
  done < <(findmnt --raw --noheadings --output TARGET,FSTYPE)
  mount --rbind /dev "$WORK/tree/dev"
  mount -t proc proc "$WORK/tree/proc"
  mount -t tmpfs -o mode=755 tmpfs "$WORK/tree/run"
  # Whoever started this may wait for a word at a socket that is not there any more.
  exec env -u NOTIFY_SOCKET chroot "$WORK/tree" "$CHECK" --within "$2"
}

enter_own_root() { # enter_own_root BUILD
  local build
  case ${1:-} in
    --within)
      # shellcheck source=lab/assert.sh
      source "$HERE/lab/assert.sh"
      trap finish EXIT
      within "$2"
      ;;
    --enter) enter "$2" "$3" ;;
    *)
      build=$(readlink -f "${1:?usage: $(basename "$CHECK") BUILD}")
      [[ $(id -u) == 0 ]] || { echo "only root can make a root of its own"; exit 77; }
      WORK=$(mktemp -d "${TMPDIR:-/tmp}/acmed-root.XXXXXX")
      trap 'rmdir "$WORK"' EXIT
      "$HERE/lab/lab" netns "$CHECK" --enter "$WORK" "$build"
      ;;
  esac
}
