#!/bin/sh
# The bundled demo capture holds what the page promises, and sp3ctra counts in it what tshark counts.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
demo=$root/packaging/demo.pcapng
program=$root/build/release/sp3ctra
passed=0 failed=0 skipped=0
if ! command -v tshark >/dev/null; then
  echo 'SKIP: the reference: tshark is not installed'
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
fi
count_of() { tshark -n -r "$demo" -Y "$1" 2>/dev/null | wc -l; }

for filter in 'dhcp.option.hostname == "laptop"' 'dns.qry.name == "news.example"' 'dns.flags.rcode == 3' \
  'dns && tcp' 'http.request.method == "POST"' 'http.response.code == 301' 'tls.handshake.type == 1' \
  'tls.handshake.type == 11' ssh smtp arp 'icmp.type == 8' 'icmp.type == 3' icmpv6 'ip.flags.mf == 1' \
  'tcp.flags.syn == 1 && ip.src == 192.168.1.66'; do
  if [ "$(count_of "$filter")" -gt 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED nothing in the demo matches: $filter"
  fi
done

beats=$(count_of 'http.request.uri == "/beat" && ip.src == 192.168.1.70')
if [ "$beats" -ge 15 ]; then passed=$((passed + 1)); else
  failed=$((failed + 1))
  echo "FAILED a heartbeat of $beats beats is no rhythm"
fi

if [ -x "$program" ]; then
  for filter in arp ip icmp icmpv6 tcp udp dns dhcp http tls.record 'tcp.flags.reset == 1' 'ip.addr == 192.168.1.66' \
    'tcp.port == 443' 'frame.len > 1000'; do
    theirs=$(count_of "$filter")
    ours=$("$program" read "$demo" -Y "$filter" --count 2>&1 | tail -n 1 | sed 's/^[^0-9]*//; s/[^0-9].*//')
    if [ "$ours" = "$theirs" ]; then passed=$((passed + 1)); else
      failed=$((failed + 1))
      echo "FAILED $filter: tshark counts $theirs, sp3ctra $ours"
    fi
  done
else
  echo 'SKIP: the counts: build/release/sp3ctra is not built'
  skipped=$((skipped + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
