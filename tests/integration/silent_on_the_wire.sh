#!/bin/sh
# The program sends no packet of its own: it runs in a network namespace whose only link, default route and name
# server lead to a recorder. The dashboard serves a whole session there (login, demo, capture on that link, page in a
# browser); then the recorder must have seen nothing, and one ping to prove that it does see.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${SP3CTRA_PROGRAM:-$root/build/release/sp3ctra}
[ -x "$program" ] || program=$root/build/dev/sp3ctra
skip() {
  echo "SKIP: $1"
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
}
[ "$(id -u)" = 0 ] || skip 'no packet on the wire: network namespaces need root'
[ -x "$program" ] || skip 'no packet on the wire: the program is not built'
for tool in ip tcpdump curl ping; do
  command -v "$tool" >/dev/null || skip "no packet on the wire: $tool is not installed"
done

tmp=$(mktemp -d)
mine=s3q$$-a theirs=s3q$$-b
children=
clean() {
  # shellcheck disable=SC2086
  [ -z "$children" ] || kill $children 2>/dev/null
  for space in $mine $theirs; do
    ip netns pids "$space" 2>/dev/null | xargs -r kill -9 2>/dev/null
    ip netns del "$space" 2>/dev/null
  done
  rm -rf "$tmp"
}
trap clean EXIT
trap 'exit 1' INT TERM
passed=0 failed=0 skipped=0
check() {
  if [ "$2" = "$3" ]; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "FAILED $1: $2 instead of $3"
  fi
}

echo 'nameserver 10.77.0.1' >"$tmp/resolv.conf"
ip netns add "$mine" && ip netns add "$theirs" || skip 'no packet on the wire: namespaces cannot be made here'
for space in $mine $theirs; do ip netns exec "$space" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; done
ip -n "$mine" link add wire type veth peer name wire netns "$theirs"
ip -n "$mine" link set lo up
ip -n "$mine" address add 10.77.0.2/24 dev wire
ip -n "$mine" link set wire up
ip -n "$theirs" link set wire up
ip -n "$mine" route add default via 10.77.0.1
inside() {
  ip netns exec "$mine" sh -c 'mount --bind "$0/resolv.conf" /etc/resolv.conf; exec "$@"' "$tmp" "$@"
}
ip netns exec "$theirs" tcpdump -i wire -n -U -w "$tmp/wire.pcap" >"$tmp/tcpdump.log" 2>&1 &
children=$!
sleep 1
seen() {
  sleep 1
  tcpdump -n -r "$tmp/wire.pcap" 2>/dev/null | wc -l
}

inside "$program" interfaces >/dev/null 2>&1 </dev/null
inside "$program" doctor >/dev/null 2>&1 </dev/null
inside "$program" read "$root/packaging/demo.pcapng" --count >/dev/null 2>&1 </dev/null
check 'packets during commands' "$(seen)" 0

: >"$tmp/serve.log"
inside "$program" serve --no-browser --data "$tmp/data" --port 5056 >"$tmp/serve.log" 2>&1 </dev/null &
children="$children $!"
tries=0
until grep -q 'token=' "$tmp/serve.log" || [ "$tries" -ge 50 ]; do
  sleep 0.2
  tries=$((tries + 1))
done
address=$(sed -n 's/.*\(http:[^ ]*token=[A-Za-z0-9_-]*\).*/\1/p' "$tmp/serve.log" | head -n 1)
base=${address%%/#*}
token=${address##*token=}
[ -n "$token" ] || {
  echo "FAILED the dashboard printed no address:"
  cat "$tmp/serve.log"
  echo "$passed passed, $((failed + 1)) failed, 0 skipped"
  exit 1
}
secret=$(inside curl -s -m 10 -c "$tmp/jar" -H 'Content-Type: application/json' -d "{\"token\":\"$token\"}" \
  "$base/api/v1/login" | sed -n 's/.*"secret" *: *"\([^"]*\)".*/\1/p')
ask() {
  path=$1
  shift
  inside curl -s -m 20 -o "$tmp/answer" -w '%{http_code}' -b "$tmp/jar" -H "X-Sp3ctra-Secret: $secret" \
    -H 'Content-Type: application/json' "$@" "$base/api/v1$path"
}
check 'the state is answered' "$(ask /state)" 200
check 'the demo opens' "$(ask /captures/demo -d '{}')" 200
check 'the interfaces are answered' "$(ask /interfaces)" 200
check 'a capture starts' "$(ask /capture/start -d '{"interfaces":["wire"],"bpf":""}')" 200
sleep 2
check 'the capture stops' "$(ask /capture/stop -d '{}')" 200
check 'packets during a session' "$(seen)" 0

# The browser's own calls home are silenced by name; any other name the page asked for would be seen.
own='MAP *.googleapis.com ~NOTFOUND, MAP *.google.com ~NOTFOUND'
if command -v chromium >/dev/null; then
  browse() {
    inside timeout -k 5 40 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
      --disable-background-networking --disable-component-update --disable-sync --disable-default-apps \
      --disable-domain-reliability --disable-extensions --metrics-recording-only --no-pings \
      --disable-features=OptimizationHints,MediaRouter,Translate,DialMediaRouteProvider \
      --host-resolver-rules="$own" --user-data-dir="$tmp/browser" --virtual-time-budget=4000 --dump-dom "$1" >"$tmp/dom" 2>/dev/null </dev/null
  }
  browse about:blank
  before=$(seen)
  if [ "$before" = 0 ]; then
    browse "$address"
    check 'packets while the page is open' "$(seen)" 0
  else
    echo "SKIP: the page in a browser: this browser alone sends packets ($before)"
    skipped=$((skipped + 1))
  fi
else
  echo 'SKIP: the page in a browser: chromium is not installed'
  skipped=$((skipped + 1))
fi

# Without this, a broken recorder would pass everything above.
inside ping -c 1 -W 1 10.77.0.1 >/dev/null 2>&1
if [ "$(seen)" -gt 0 ]; then passed=$((passed + 1)); else
  failed=$((failed + 1))
  echo 'FAILED the recorder saw not even a ping'
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
