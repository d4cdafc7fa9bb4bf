#!/bin/sh
# ./run and .ci/run in a sandbox where the program, sudo and the checks are stand-ins that say how they were called.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0

expect() {
  title=$1 text=$2 wanted=$3
  case $text in
    *"$wanted"*) passed=$((passed + 1)) ;;
    *)
      failed=$((failed + 1))
      printf 'FAILED %s: "%s" is not in:\n%s\n' "$title" "$wanted" "$text"
      ;;
  esac
}
refuse() {
  title=$1 text=$2 unwanted=$3
  case $text in
    *"$unwanted"*)
      failed=$((failed + 1))
      printf 'FAILED %s: "%s" is in:\n%s\n' "$title" "$unwanted" "$text"
      ;;
    *) passed=$((passed + 1)) ;;
  esac
}
stand_in() {
  mkdir -p "$(dirname "$tmp/$1")"
  printf '#!/bin/sh\n%s\n' "$2" >"$tmp/$1"
  chmod +x "$tmp/$1"
}

# --- ./run
mkdir -p "$tmp/house"
cp "$root/run" "$tmp/house/run"
stand_in house/tools/build_program 'echo "built" >&2'
stand_in house/build/release/sp3ctra 'printf "program:"; printf "%s:" "$@"; echo'
stand_in house/build/release/sp3ctra-capd ':'
stand_in house/packaging/install-capd 'echo "INSTALLED $*"'
export SP3CTRA_CAPD_DIRECTORY="$tmp/installed"
stand_in bin/sudo 'echo "sudo:$*"; "$@"'
stand_in bin/id 'echo 1000'
PATH=$tmp/bin:$PATH
cd "$tmp" || exit 1

expect 'no argument starts the dashboard' "$(house/run 2>/dev/null </dev/null)" 'program:serve:'
expect 'arguments pass through' "$(house/run read 'a file' -o tsv 2>/dev/null </dev/null)" 'program:read:a file:-o:tsv:'
expect '--help passes through' "$(house/run --help 2>/dev/null </dev/null)" 'program:--help:'
expect '--url asks the dashboard' "$(house/run --url 2>/dev/null </dev/null)" 'program:serve:--url:'
expect 'standard output is the program'"'"'s alone' "[$(house/run fields 2>/dev/null </dev/null)]" '[program:fields:]'
refuse 'no terminal, no question' "$(house/run 2>&1 </dev/null)" 'sudo'

if command -v script >/dev/null; then
  typed() { printf '%s\n' "$1" | timeout 20 script -qec "$tmp/house/run" /dev/null 2>&1; }
  declined=$(typed n)
  expect 'the command is shown first' "$declined" "sudo $tmp/house/packaging/install-capd"
  refuse 'declined: nothing is installed' "$declined" 'INSTALLED'
  expect 'declined: the dashboard starts' "$declined" 'program:serve:'
  refuse 'declined once is declined' "$(typed '')" 'Run it now?'
  stand_in house/build/release/sp3ctra-capd ': newer'
  expect 'Enter means yes; a changed helper is offered again' "$(typed '')" \
    "INSTALLED --capd $tmp/house/build/release/sp3ctra-capd"
  mkdir -p "$tmp/installed"
  cp "$tmp/house/build/release/sp3ctra-capd" "$tmp/installed/"
  echo 1001 >"$tmp/installed/capd.users"
  expect 'installed for somebody else' "$(typed n)" 'Run it now?'
  echo 1000 >>"$tmp/installed/capd.users"
  rm -f "$tmp/house/build/release/.capd-declined"
  refuse 'installed already: no question' "$(typed '')" 'Run it now?'
  stand_in installed/sp3ctra-capd 'echo "sp3ctra-capd (protocol 3)" >&2'
  stand_in house/build/release/sp3ctra-capd 'echo "sp3ctra-capd (protocol 3)" >&2; : another build'
  refuse 'another build of the same protocol: no question' "$(typed '')" 'Run it now?'
  stand_in house/build/release/sp3ctra-capd 'echo "sp3ctra-capd (protocol 4)" >&2'
  expect 'another protocol: the question' "$(typed n)" 'Run it now?'
  rm -f "$tmp/house/build/release/.capd-declined"
  echo 1001 >"$tmp/installed/capd.users"
  stand_in house/packaging/install-capd 'exit 7'
  expect 'a failed installation is no obstacle' "$(typed y)" 'program:serve:'
else
  echo 'SKIP: the questions of ./run: script (bsdutils) is not installed'
  skipped=$((skipped + 1))
fi

# --- .ci/run
mkdir -p "$tmp/ci/.ci"
cp "$root/.ci/run" "$tmp/ci/.ci/run"
stand_in ci/tools/install_packages 'echo "install $*"'
check() { stand_in ci/test "$1"; SP3CTRA_CI_MINUTES=${2:-5} "$tmp/ci/.ci/run" 2>&1; echo "code $?"; }
good='case "$*" in
  "") echo "5 passed, 0 failed, 1 skipped" ;;
  "--full --list") echo 3 ;;
  *) echo "slice $3"; echo "2 passed, 0 failed, 0 skipped" ;;
esac'
text=$(check "$good")
expect 'packages of all kinds' "$text" 'install build web test'
for slice in 0/3 1/3 2/3; do expect "slice $slice" "$text" "slice $slice"; done
expect 'the total of all' "$(echo "$text" | tail -n 2)" '11 passed, 0 failed, 1 skipped
code 0'
stand_in bin/git 'echo 5'
expect 'the first slice turns with the number of commits' \
  "$(check "$good" | sed -n 's/^slice \(.*\)/\1/p' | tr '\n' ' ')" '2/3 0/3 1/3 '
rm "$tmp/bin/git"
bad='case "$*" in
  "") echo "5 passed, 2 failed, 0 skipped"; exit 1 ;;
  "--full --list") echo 1 ;;
  *) exit 9 ;;
esac'
expect 'failures are counted, and the code says so' "$(check "$bad" | tail -n 2)" '5 passed, 3 failed, 0 skipped
code 1'
expect 'no time left, no slices' "$(check "$good" 1 | tail -n 2)" '5 passed, 0 failed, 1 skipped
code 0'

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
