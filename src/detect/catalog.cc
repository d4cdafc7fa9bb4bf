#include "detect/catalog.h"

namespace sp3ctra::catalog {
namespace {

using Words = std::string_view;

constexpr Words kSynFloodHarmless[] = {
    "a load test of one's own that opens connections to a server that is down or too slow",
    "a popular service that was just switched off while its clients keep trying",
    "a capture that lost packets or sees only one direction, so that confirmations are missing"};
constexpr Words kSynFloodAdvice[] = {
    "look at the target: does it still answer its real clients?",
    "turn on SYN cookies there (Linux: net.ipv4.tcp_syncookies = 1)",
    "if the sources are few, block them; if they are invented, ask the provider to filter"};

constexpr Words kPortScanHarmless[] = {
    "an inventory, monitoring or vulnerability scan of one's own network",
    "a program that looks for its server on many ports, such as some games and call programs",
    "a server whose programs were stopped while clients keep using a range of its ports"};
constexpr Words kPortScanAdvice[] = {
    "find out whose machine the source is and whether somebody there meant to do this",
    "look at the ports that answered: is each of them meant to be reachable?",
    "if nobody knows of it, block the source and look at what it did next"};

constexpr Words kHostSweepHarmless[] = {
    "a monitoring or inventory program that visits every machine",
    "a program that looks for peers or devices, such as file sharing and printer search",
    "a gateway that many people share, while some service far away is down"};
constexpr Words kHostSweepAdvice[] = {
    "find out which program on the source does this; worms spread this way",
    "look at the machines that answered: did the source do more there?",
    "if the source is one of yours and nobody meant it, take it off the network"};

constexpr Words kBadAddressHarmless[] = {
    "the list is old, and the address has another owner by now",
    "many sites share the address (hosting, a content network), and only one of them is bad",
    "the contact came from outside and was not answered: everybody on the internet is knocked at"};
constexpr Words kBadAddressAdvice[] = {
    "look at what was sent and which program sent it",
    "see whether other machines talk to the same address",
    "if the list is wrong, add the address to a known-good list"};

constexpr Words kBadDomainHarmless[] = {
    "the list is old, or it means a part of the site that nobody visited",
    "a mail or security program looked the name up to judge it",
    "a page mentioned the name, and the browser looked it up ahead of time"};
constexpr Words kBadDomainAdvice[] = {
    "see whether the look-up was followed by a connection to the answer",
    "find the program that asked, and whether it asks again and again",
    "if the list is wrong, add the name to a known-good list"};

constexpr Words kCleartextLoginHarmless[] = {
    "a device that only reaches a network of its own, where nobody else can listen",
    "a test with a password that opens nothing"};
constexpr Words kCleartextLoginAdvice[] = {
    "change the password: who listened has it",
    "use the encrypted form of the service (HTTPS instead of HTTP)"};

}  // namespace

const AlertKind kSynFlood{
    "syn_flood",
    1001,
    "denial-of-service",
    "Flood of connection requests",
    "T1499.001",
    "Each request makes the target keep a place for a connection that never comes. When all places "
    "are taken, its real clients are turned away.",
    kSynFloodHarmless,
    kSynFloodAdvice};
const AlertKind kPortScan{
    "port_scan",
    1002,
    "scan",
    "Port scan of one machine",
    "T1046",
    "Somebody tries door after door of one machine to learn which of its programs can be reached. "
    "An attack on what was found often follows.",
    kPortScanHarmless,
    kPortScanAdvice};
const AlertKind kHostSweep{
    "host_sweep",
    1003,
    "scan",
    "Search of many machines for one service",
    "T1046",
    "Somebody knocks at the same door of many machines to find those that run one service. Worms "
    "and people who look for a weak machine work like this.",
    kHostSweepHarmless,
    kHostSweepAdvice};
const AlertKind kBadAddress{
    "known_bad_address",
    1004,
    "threat-intel",
    "Contact with a listed address",
    "T1071",
    "A list you trust names this address as used for harm. A machine of yours that talks to it may "
    "be under foreign control.",
    kBadAddressHarmless,
    kBadAddressAdvice};
const AlertKind kBadDomain{
    "known_bad_domain",
    1005,
    "threat-intel",
    "A listed name was used",
    "T1071",
    "A list you trust names this domain as used for harm. A machine of yours that asks for it may "
    "be under foreign control, or somebody there was led to a bad page.",
    kBadDomainHarmless,
    kBadDomainAdvice};
const AlertKind kCleartextLogin{
    "cleartext_login",
    1006,
    "insecure-protocol",
    "A password was sent readable",
    "T1040",
    "Everybody on the way between the two machines could read the password and can use it from now "
    "on.",
    kCleartextLoginHarmless,
    kCleartextLoginAdvice};

std::span<const AlertKind* const> all() {
  static const AlertKind* const kAll[] = {&kSynFlood,   &kPortScan,  &kHostSweep,
                                          &kBadAddress, &kBadDomain, &kCleartextLogin};
  return kAll;
}

}  // namespace sp3ctra::catalog
