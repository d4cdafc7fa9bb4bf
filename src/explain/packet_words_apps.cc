// DNS, HTTP, TLS and DHCP in plain words.
#include "explain/packet_view.h"

namespace sp3ctra::explain {
namespace {

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (size_t i = 0; i < list.size(); ++i)
    out += (i == 0 ? "" : i + 1 == list.size() ? " and " : ", ") + list[i];
  return out;
}

void explain_question(const PacketView& p, Words& w, const std::string& name) {
  const uint64_t type = p.number("dns.qry.type");
  const bool address = type == 1 || type == 28;
  Sentence lead{strong(p.src()), say(address ? " asks where " : " asks about "), strong(name)};
  lead.push_back(say(address ? " is." : "."));
  w.lead(lead);
  if (type == 1) w.fact({say("It would like the IPv4 address.")});
  if (type == 28) w.fact({say("It would like the IPv6 address.")});
  if (!address)
    if (const Node* n = p.find("dns.qry.type"))
      w.fact({say("It asks for the record kind "), strong(plain_value(p.tree, *n)), say(".")});
  if (const uint64_t first = p.number("dns.retransmit_request_in"))
    w.fact({say("It asks again: the first time was "), link(first), say(".")});
}

void explain_answer(const PacketView& p, Words& w, const std::string& name) {
  const uint64_t rcode = p.number("dns.flags.rcode");
  std::vector<std::string> found = p.texts("dns.a", 4);
  for (std::string& six : p.texts("dns.aaaa", 4 - std::min<size_t>(4, found.size())))
    found.push_back(std::move(six));
  if (rcode == 3) {
    w.lead({strong(p.src()), say(" answers: "), strong(name), say(" does not exist.")});
  } else if (rcode != 0) {
    const Node* n = p.find("dns.flags.rcode");
    w.lead({strong(p.src()), say(" could not answer about "), strong(name), say(": "),
            strong(n ? plain_value(p.tree, *n) : std::string("error")), say(".")});
  } else if (!found.empty()) {
    w.lead({strong(p.src()), say(" answers: "), strong(name), say(" is at "), strong(joined(found)),
            say(".")});
  } else {
    const uint64_t count = p.number("dns.count.answers");
    w.lead({strong(p.src()), say(count ? " answers about " : " answers: nothing of that kind for "),
            strong(name), say(".")});
  }
  if (const uint64_t asked = p.number("dns.response_to")) {
    w.fact({say("It answers the question "), link(asked), say(" after "),
            strong(duration_text(static_cast<int64_t>(p.number("dns.time")))), say(".")});
  }
  if (const std::string alias = p.text("dns.cname"); !alias.empty())
    w.fact(
        {strong(p.text("dns.resp.name")), say(" is another name for "), strong(alias), say(".")});
  if (p.has("dns.resp.ttl") && p.number("dns.count.answers"))
    w.fact({say("The answer may be kept for "), strong(seconds_text(p.number("dns.resp.ttl"))),
            say(".")});
  if (p.number("dns.flags.authenticated"))
    w.fact({say("The server says it checked the signatures (DNSSEC).")});
}

}  // namespace

void explain_dns(const PacketView& p, Words& w) {
  std::string name = p.text("dns.qry.name");
  if (name.empty()) name = p.text("dns.resp.name");
  if (name.empty()) name = "a name that is not in the packet";
  const bool answer = p.number("dns.flags.response") != 0;
  answer ? explain_answer(p, w, name) : explain_question(p, w, name);
  if (answer && p.number("dns.flags.truncated"))
    w.fact({say("The answer did not fit; the asker should ask again over TCP.")});
  w.normal("Not encrypted: anyone on the way could read which name was asked for.");
  if (answer && p.number("dns.flags.rcode") == 3)
    w.look(
        "A name that does not exist: usually a typing mistake or an old link; many of them in a "
        "row can be malware looking for its owner.");
}

void explain_http(const PacketView& p, Words& w) {
  const bool answer = p.has("http.response.code");
  if (!answer && !p.has("http.request.method")) {
    w.lead({strong(p.src()), say(" sends part of a web message to "), strong(p.dst()), say(".")});
    w.normal("The beginning of the message is not in the capture, so only its bytes can be shown.");
    return;
  }
  if (answer) {
    const std::string phrase = p.text("http.response.phrase");
    w.lead({strong(p.src()), say(" answers "),
            strong(p.text("http.response.code") + (phrase.empty() ? "" : " " + phrase)), say(".")});
    if (const uint64_t asked = p.number("http.request_in"))
      w.fact({say("It answers the request "), link(asked), say(" after "),
              strong(duration_text(static_cast<int64_t>(p.number("http.time")))), say(".")});
    if (p.has("http.response_for.uri"))
      w.fact({say("What was asked for: "), strong(p.text("http.response_for.uri")), say(".")});
    if (p.has("http.location"))
      w.fact({say("It sends the client on to "), strong(p.text("http.location")), say(".")});
  } else {
    const std::string host = p.has("http.host") ? p.text("http.host") : p.dst();
    w.lead({strong(p.src()), say(" asks "), strong(host), say(" for "),
            strong(p.text("http.request.method") + " " + p.text("http.request.uri")), say(".")});
    if (p.has("http.user_agent"))
      w.fact({say("The program calls itself "), strong(p.text("http.user_agent")), say(".")});
    if (p.has("http.referer"))
      w.fact({say("It came from the page "), strong(p.text("http.referer")), say(".")});
  }
  if (p.has("http.content_type"))
    w.fact({say("The content is "), strong(p.text("http.content_type")), say(".")});
  w.normal("But it is not encrypted: anyone on the way can read and change it.");
  if (p.has("http.authbasic")) {
    w.bad("A name and password cross the network readable by anyone on the way.");
  } else if (p.has("http.cookie") || p.has("http.authorization") || p.has("http.set_cookie")) {
    w.look("Not encrypted, and it carries a cookie or login that others could copy and use.");
  }
}

void explain_tls(const PacketView& p, Words& w) {
  const uint64_t step = p.number("tls.handshake.type");
  const bool hello = p.has("tls.handshake.type") && (step == 1 || step == 2);
  const std::string site = p.text("tls.handshake.extensions_server_name");
  if (hello && step == 1) {
    w.lead({strong(p.src()), say(" starts an encrypted connection"),
            say(site.empty() ? std::string(" to ") + p.dst() : " to "), strong(site), say(".")});
    if (!site.empty())
      w.fact({say("The name "), strong(site), say(" is readable, everything after it is not.")});
    if (const auto inside = p.texts("tls.handshake.extensions_alpn_str", 3); !inside.empty())
      w.fact({say("Inside it would like to speak "), strong(joined(inside)), say(".")});
    if (p.has("tls.handshake.ja3"))
      w.fact({say("The way it asks has the fingerprint "), strong(p.text("tls.handshake.ja3")),
              say(": the same program usually has the same one.")});
    w.normal("The start of an encrypted connection.");
    return;
  }
  if (hello) {
    const Node* chosen = p.find("tls.handshake.extensions.supported_version");
    if (!chosen) chosen = p.find("tls.handshake.version");
    const Node* cipher = p.find("tls.handshake.ciphersuite");
    w.lead({strong(p.src()), say(" agrees on "),
            strong(chosen ? plain_value(p.tree, *chosen) : std::string("a version")), say(".")});
    if (cipher) w.fact({say("The encryption is "), strong(plain_value(p.tree, *cipher)), say(".")});
    w.normal("Both sides agreed how to encrypt.");
    const uint64_t version = chosen ? chosen->number : 0;
    if (version && version < 0x0303)
      w.look("This version is old and has known weaknesses; TLS 1.2 or 1.3 should be used.");
  } else if (p.has("tls.alert_message")) {
    const Node* reason = p.find("tls.alert_message.desc");
    w.lead({strong(p.src()), say(" sends an alert"), say(reason ? ": " : ""),
            strong(reason ? plain_value(p.tree, *reason) : std::string()), say(".")});
    w.normal("Alerts end connections or warn; most only say goodbye.");
    if (reason && reason->number != 0) w.look("The two sides could not agree or trust each other.");
  } else if (p.has("tls.app_data")) {
    w.lead({strong(p.src()), say(" sends encrypted data to "), strong(p.dst()), say(".")});
    if (p.has("tls.app_data_proto"))
      w.fact({say("Inside is likely "), strong(p.text("tls.app_data_proto")), say(".")});
    w.normal("Only the two ends can read it.");
  } else {
    w.lead({strong(p.src()), say(" and "), strong(p.dst()), say(" set up encryption.")});
    w.normal("A step of the handshake.");
  }
  if (p.has("tls.handshake.certificate")) {
    if (const auto names = p.texts("x509ce.dNSName", 4); !names.empty())
      w.fact({say("The certificate is valid for "), strong(joined(names)), say(".")});
    if (const auto times = p.texts("x509af.utcTime", 2); times.size() == 2)
      w.fact(
          {say("It is valid from "), strong(times[0]), say(" until "), strong(times[1]), say(".")});
  }
}

void explain_dhcp(const PacketView& p, Words& w) {
  const uint64_t step = p.number("dhcp.option.dhcp");
  const std::string name = p.text("dhcp.option.hostname");
  const std::string device = name.empty() ? p.text("dhcp.hw.mac_addr") : name;
  const std::string yours = p.text("dhcp.ip.your");
  switch (step) {
    case 1:
      w.lead({strong(device), say(" is new here and asks for an address.")});
      break;
    case 2:
      w.lead({strong(p.src()), say(" offers the address "), strong(yours), say(".")});
      break;
    case 3:
      w.lead({strong(device), say(" would like to use "),
              strong(p.has("dhcp.option.requested_ip_address")
                         ? p.text("dhcp.option.requested_ip_address")
                         : p.text("dhcp.ip.client")),
              say(".")});
      break;
    case 4:
      w.lead({strong(device), say(" refuses the address: somebody else uses it.")});
      break;
    case 5:
      w.lead({strong(p.src()), say(" gives "), strong(device), say(" its settings.")});
      break;
    case 6:
      w.lead({strong(p.src()), say(" says that this address cannot be used here.")});
      break;
    case 7:
      w.lead({strong(device), say(" gives its address back.")});
      break;
    case 8:
      w.lead({strong(device), say(" has an address and asks for settings.")});
      break;
    default:
      w.lead({strong(device), say(" and a server talk about an address.")});
  }
  if (step == 5 && p.number("dhcp.ip.your"))
    w.fact({say("The address is "), strong(yours), say(".")});
  if (p.has("dhcp.option.ip_address_lease_time"))
    w.fact({say("It may be used for "),
            strong(seconds_text(p.number("dhcp.option.ip_address_lease_time"))), say(".")});
  if (p.has("dhcp.option.router"))
    w.fact(
        {say("The way out of this network is "), strong(p.text("dhcp.option.router")), say(".")});
  if (p.has("dhcp.option.domain_name_server"))
    w.fact({say("Names are to be asked at "),
            strong(joined(p.texts("dhcp.option.domain_name_server", 3))), say(".")});
  if (p.has("dhcp.option.vendor_class_id"))
    w.fact(
        {say("The device says it is "), strong(p.text("dhcp.option.vendor_class_id")), say(".")});
  w.normal("Devices get their address and settings this way.");
  if (step == 4) w.look("Two devices may use the same address.");
}

}  // namespace sp3ctra::explain
