#include "cli/interface_rows.h"

#include "capture/bpf_presets.h"

namespace sp3ctra::cli {

std::vector<api::InterfaceRow> interface_rows(const std::vector<InterfaceInfo>& interfaces) {
  std::vector<api::InterfaceRow> rows;
  const InterfaceInfo* preferred = preferred_interface(interfaces);
  for (const InterfaceInfo& i : interfaces) {
    api::InterfaceRow r;
    r.name = i.name;
    r.friendly = i.friendly;
    r.kind = i.kind;
    r.index = i.index;
    r.addresses = i.addresses;
    r.mac = i.mac;
    r.up = i.up;
    r.carrier = i.carrier;
    r.wireless = i.wireless;
    r.is_virtual = i.is_virtual;
    r.usb = i.usb;
    r.loopback = i.loopback;
    r.default_route = i.default_route;
    r.capturable = i.capturable;
    r.preferred = &i == preferred;
    r.why = i.why;
    r.fix = i.fix;
    r.rx_bytes = i.rx_bytes;
    r.tx_bytes = i.tx_bytes;
    r.speed_mbps = i.speed_mbps;
    r.mtu = i.mtu;
    rows.push_back(std::move(r));
  }
  return rows;
}

api::Providers providers(std::function<Rights()> rights) {
  api::Providers p;
  p.interfaces = [rights = std::move(rights)] {
    const auto list = list_interfaces(rights());
    return list ? interface_rows(*list) : std::vector<api::InterfaceRow>{};
  };
  for (const BpfPreset& preset : kBpfPresets)
    p.presets.push_back({std::string(preset.key), std::string(preset.name), std::string(preset.bpf),
                         std::string(preset.words)});
  return p;
}

}  // namespace sp3ctra::cli
