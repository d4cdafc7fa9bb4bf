#pragma once
// When something counts as an attack: every number of the detectors that is a judgement, with its
// reason (docs/alerts.md names them too; times are packet time), and how much detectors may keep.
#include <cstdint>

namespace sp3ctra::limits {

inline constexpr uint32_t kAlertPacketsMax = 32;        // packet numbers shown as evidence
inline constexpr uint32_t kAlertPortsMax = 32;          // ports named in one alert
inline constexpr uint32_t kFloodTargetsMax = 4096;      // 3.4 KiB each; the longest silent leaves
inline constexpr uint32_t kScanNewcomersMax = 16'384;   // sources seen at one door only, 64 bytes
inline constexpr uint32_t kScanSuspectsMax = 2048;      // sources that tried more than one door
inline constexpr uint32_t kScanProbesMax = 256;         // tries remembered of each, 48 bytes
inline constexpr uint32_t kSightingsMax = 4096;         // alerts not to be repeated, per detector
inline constexpr uint32_t kIntelEntriesMax = 2u << 20;  // 16 bytes each, twice for look-up
inline constexpr uint32_t kIntelFilesMax = 256;         // lists in one folder
inline constexpr uint64_t kIntelFileBytesMax = 256u << 20;  // a list is read into memory
inline constexpr uint32_t kIntelLineBytesMax = 1024;  // longer lines are no addresses or names

}  // namespace sp3ctra::limits

namespace sp3ctra::thresholds {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kSecondNs = 1000 * kMs;

// Times beyond these (the years 1823 and 2116) count as them: the difference of two fits 63 bits.
inline constexpr int64_t kTimeMaxNs = INT64_MAX / 2;
inline constexpr int64_t kTimeMinNs = -kTimeMaxNs;

// A clock that jumped: time never runs back, so behind one packet from the future it stands still.
inline constexpr int64_t kClockJumpNs = 3600 * kSecondNs;  // ahead; the first packet is one, too
inline constexpr uint32_t kClockStandsSignals = 256;       // of as many packets, all at that time

// SYN flood: one second of requests to one door, looked at half a second later, so that slow but
// honest clients had time to finish their handshake.
inline constexpr int64_t kFloodTickNs = 100 * kMs;        // width of a counter
inline constexpr int64_t kFloodWindowTicks = 10;          // 1 s
inline constexpr int64_t kFloodGraceTicks = 5;            // 0.5 s: slower round trips are rare
inline constexpr int64_t kFloodEndGraceTicks = 2;         // when the capture ends before that
inline constexpr uint32_t kFloodAttempts = 100;           // requests in the window, to one port
inline constexpr uint32_t kFloodAttemptsAnyPort = 400;    // to all ports, from many addresses
inline constexpr double kFloodCompletedMax = 0.1;         // of them came to an open connection
inline constexpr double kFloodSpoofedSources = 0.5;       // as many addresses per request: invented
inline constexpr int64_t kFloodQuietNs = 60 * kSecondNs;  // silence that ends a flood

// Scans: doors tried without success by one source.
inline constexpr int64_t kScanWindowNs = 300 * kSecondNs;  // finds one try every 20 s
inline constexpr int64_t kScanGraceNs = 3 * kSecondNs;     // no answer in this time: a failed try
inline constexpr uint32_t kScanPorts = 15;     // TCP ports of one host; a client rarely knows five
inline constexpr uint32_t kScanPortsOdd = 10;  // the same with segments nobody sends honestly
inline constexpr uint32_t kScanPortsUdp = 20;  // UDP: media calls may try a handful
inline constexpr uint32_t kScanHosts = 30;     // hosts on one TCP port
inline constexpr uint32_t kScanHostsUdp = 60;  // UDP: name, time and peer look-ups go far
inline constexpr double kScanFailedShare = 0.75;          // of the doors tried, for hosts
inline constexpr int64_t kScanQuietNs = 300 * kSecondNs;  // silence that ends a scan
inline constexpr uint32_t kScanAlertsPerSource = 8;       // of one episode; more only repeats
inline constexpr uint16_t kTracerouteFirst = 33'434;      // UDP ports that traceroute counts up
inline constexpr uint16_t kTracerouteLast = 33'689;
inline constexpr uint16_t kServicePortsEnd = 1024;  // from below to above: an answer, not a try

// Known-bad lists: one alert per pair in this time.
inline constexpr int64_t kIntelQuietNs = 3600 * kSecondNs;

}  // namespace sp3ctra::thresholds
