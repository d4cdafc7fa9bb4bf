#include "capture/interfaces.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "capture/live_test_namespace.h"

namespace sp3ctra {
namespace {

TEST(DefaultRoute, ReadsBothTables) {
  const char* route =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"
      "bad0\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
      "eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
  const std::string zeros(32, '0');
  const std::string route6 = zeros + " 00 " + zeros +
                             " 00 fe800000000000000000000000000001 00000400 00000001 00000000 "
                             "00000003    wlan0\n" +
                             zeros + " 00 " + zeros + " 00 " + zeros +
                             " ffffffff 00000001 00000000 00200200       lo\n" + "fe8" +
                             std::string(29, '0') + " 40 " + zeros + " 00 " + zeros +
                             " 00000100 00000001 00000000 00000001     eth1\n";
  EXPECT_EQ(default_route_names(route, route6), (std::vector<std::string>{"eth0", "wlan0"}));
  EXPECT_TRUE(default_route_names("", "").empty());
  EXPECT_TRUE(default_route_names("x\n\n\t\t", "zz").empty());
}

TEST(Describe, EveryKindHasItsWords) {
  struct Case {
    const char *name, *kernel_kind, *kind, *words;
    uint32_t hardware_type = 1;
    bool usb = false, is_virtual = true, wireless = false, mobile = false;
  };
  for (const Case& c :
       {Case{"eth0", "", "ethernet", "Ethernet cable", 1, false, false},
        Case{"enx01", "", "ethernet", "Ethernet over USB", 1, true, false},
        Case{"wlan0", "", "wifi", "Wi-Fi", 1, false, false, true},
        Case{"wlx1", "", "wifi", "Wi-Fi over USB", 1, true, false, true},
        Case{"wwan0", "", "mobile", "mobile network", 65534, true, false, false, true},
        Case{"docker0", "bridge", "bridge", "bridge between containers"},
        Case{"virbr0", "bridge", "bridge", "bridge between virtual machines"},
        Case{"br0", "bridge", "bridge", "bridge between networks"},
        Case{"eth0", "veth", "veth", "virtual cable to a container"},
        Case{"x", "tun", "tun", "tunnel (VPN)", 65534},
        Case{"x", "tun", "tap", "virtual card of a machine or VPN"},
        Case{"x", "wireguard", "wireguard", "WireGuard tunnel", 65534},
        Case{"x", "bond", "bond", "several cables bundled as one"},
        Case{"x", "macvlan", "macvlan", "second address of another card"},
        Case{"x", "vxlan", "tunnel", "VXLAN tunnel"},
        Case{"x", "vlan", "vlan", "VLAN 0 on another interface"},
        Case{"x", "dummy", "dummy", "dummy card: what it sends goes nowhere"},
        Case{"ppp0", "", "ppp", "dial-up or VPN link", 512},
        Case{"sit0", "unknown", "tunnel", "tunnel", 776},
        Case{"x", "unknown", "virtual", "virtual Ethernet"}}) {
    Link link;
    link.kind = c.kernel_kind;
    InterfaceInfo i;
    i.name = c.name;
    i.hardware_type = c.hardware_type;
    i.usb = c.usb;
    i.is_virtual = c.is_virtual;
    describe_link(link, {c.wireless, c.mobile, {}}, i);
    EXPECT_EQ(i.kind, c.kind) << c.name << " " << c.kernel_kind;
    EXPECT_EQ(i.friendly, c.words) << c.name << " " << c.kernel_kind;
  }
}

TEST(Unreadable, SaysWhyAndTheFixWhereThereIsOne) {
  const Unreadable monitor = unreadable_frames(803, "mon0");
  EXPECT_NE(monitor.why.find("monitor mode"), std::string::npos);
  EXPECT_EQ(monitor.fix,
            "sudo sh -c 'ip link set dev mon0 down && iw dev mon0 set type managed && ip link set "
            "dev mon0 up'");
  EXPECT_NE(unreadable_frames(280, "can0").why.find("CAN bus"), std::string::npos);
  EXPECT_NE(unreadable_frames(9999, "x").why.find("9999"), std::string::npos);
}

TEST(Preferred, DefaultRouteThenRealThenLoopback) {
  std::vector<InterfaceInfo> list(4);
  list[0].name = "lo";
  list[0].loopback = true;
  list[1].name = "docker0";
  list[1].is_virtual = true;
  list[2].name = "eth1";
  list[3].name = "eth0";
  list[3].default_route = true;
  EXPECT_EQ(preferred_interface(list), nullptr);
  for (auto& i : list) i.capturable = true;
  EXPECT_EQ(preferred_interface(list)->name, "eth0");
  list[3].capturable = false;
  EXPECT_EQ(preferred_interface(list)->name, "eth1");
  list[2].capturable = false;
  EXPECT_EQ(preferred_interface(list)->name, "docker0");
  list[1].capturable = false;
  EXPECT_EQ(preferred_interface(list)->name, "lo");
}

class InterfacesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!namespace_.problem().empty()) GTEST_SKIP() << namespace_.problem();
  }
  const InterfaceInfo* find(const std::string& name) {
    const auto i = std::find_if(list_.begin(), list_.end(),
                                [&](const InterfaceInfo& x) { return x.name == name; });
    return i == list_.end() ? nullptr : &*i;
  }
  void list(bool rights_given) {
    Rights rights;
    rights.can_capture = rights_given;
    rights.why = "no right";
    rights.fix = "sudo something";
    auto got = list_interfaces(rights);
    ASSERT_TRUE(got);
    list_ = std::move(*got);
  }
  live_test::Namespace namespace_;
  std::vector<InterfaceInfo> list_;
};

TEST_F(InterfacesTest, ListsWhatThereIs) {
  using live_test::run;
  ASSERT_EQ(run({"ip", "link", "set", "sp3a", "address", "02:00:00:00:00:0a", "mtu", "1400"}), 0);
  ASSERT_EQ(run({"ip", "addr", "add", "10.9.0.1/24", "dev", "sp3a", "label", "sp3a:1"}), 0);
  ASSERT_EQ(run({"ip", "route", "add", "default", "via", "10.9.0.9"}), 0);
  ASSERT_EQ(run({"ip", "link", "set", "sp3b", "down"}), 0);
  list(true);
  ASSERT_EQ(list_.size(), 3u);
  EXPECT_EQ(list_[0].name, "sp3a") << "the default route comes first";
  const InterfaceInfo* a = find("sp3a");
  EXPECT_TRUE(a->default_route && a->up && a->capturable && !a->loopback);
  EXPECT_EQ(a->mac, "02:00:00:00:00:0a");
  EXPECT_EQ(a->mtu, 1400u);
  EXPECT_EQ(a->addresses, std::vector<std::string>{"10.9.0.1"});
  EXPECT_NE(a->index, 0u);
  EXPECT_FALSE(a->friendly.empty());
  EXPECT_EQ(a->why + a->fix, "");
  const InterfaceInfo* b = find("sp3b");
  ASSERT_TRUE(b);
  EXPECT_FALSE(b->capturable);
  EXPECT_EQ(b->fix, "sudo ip link set dev sp3b up");
  const InterfaceInfo* lo = find("lo");
  ASSERT_TRUE(lo);
  EXPECT_TRUE(lo->loopback && lo->capturable);
  EXPECT_EQ(lo->mac, "");
  ASSERT_FALSE(lo->addresses.empty());
  EXPECT_EQ(lo->addresses[0], "127.0.0.1");
  EXPECT_EQ(preferred_interface(list_)->name, "sp3a");
}

TEST_F(InterfacesTest, TellsWhatEachIs) {
  using live_test::run;
  struct Made {
    std::vector<std::string> command;
    const char *name, *kind, *friendly;
  };
  const std::vector<Made> wanted = {
      {{"ip", "link", "add", "br0", "type", "bridge"}, "br0", "bridge", "bridge between networks"},
      {{"ip", "link", "add", "link", "sp3a", "name", "tag", "type", "vlan", "id", "7"},
       "tag",
       "vlan",
       "VLAN 7 on sp3a"},
      {{"ip", "tuntap", "add", "way", "mode", "tun"}, "way", "tun", "tunnel (VPN)"},
      {{"ip", "tuntap", "add", "card", "mode", "tap"},
       "card",
       "tap",
       "virtual card of a machine or VPN"},
      {{"ip", "link", "add", "link", "sp3a", "name", "mv", "type", "macvlan"},
       "mv",
       "macvlan",
       "second address of another card"},
      {{"ip", "link", "add", "bo", "type", "bond"}, "bo", "bond", "several cables bundled as one"},
      {{"ip", "link", "add", "wg", "type", "wireguard"}, "wg", "wireguard", "WireGuard tunnel"}};
  std::vector<const Made*> made;
  for (const Made& m : wanted)
    if (run(m.command) == 0) made.push_back(&m);
  ASSERT_FALSE(made.empty());
  list(true);
  for (const Made* m : made) {
    const InterfaceInfo* i = find(m->name);
    ASSERT_TRUE(i) << m->name;
    EXPECT_EQ(i->kind, m->kind);
    EXPECT_EQ(i->friendly, m->friendly);
    EXPECT_TRUE(i->is_virtual && !i->wireless && !i->usb) << m->name;
  }
  const InterfaceInfo* cable = find("sp3a");
  EXPECT_EQ(cable->kind, "veth");
  EXPECT_TRUE(cable->carrier && cable->is_virtual);
  EXPECT_EQ(cable->speed_mbps, 10'000u) << "what the driver of a virtual cable tells";
  ASSERT_EQ(run({"ip", "link", "set", "sp3b", "down"}), 0);
  list(true);
  EXPECT_TRUE(find("sp3a")->up);
  EXPECT_FALSE(find("sp3a")->carrier) << "its other end is off";
}

TEST_F(InterfacesTest, AFixIsSafeToPaste) {
  ASSERT_EQ(live_test::run({"ip", "link", "set", "sp3b", "down", "name", "a;id"}), 0);
  list(true);
  ASSERT_TRUE(find("a;id"));
  EXPECT_EQ(find("a;id")->fix, "sudo ip link set dev 'a;id' up");
}

TEST_F(InterfacesTest, CountsBytes) {
  list(true);
  const uint64_t before = find("sp3b")->rx_bytes;
  live_test::Injector out("sp3a");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(out.send(live_test::udp_frame(53, 958)));
  list(true);
  EXPECT_EQ(find("sp3b")->rx_bytes - before, 10'000u);
  EXPECT_GE(find("sp3a")->tx_bytes, 10'000u);
}

TEST_F(InterfacesTest, WithoutRightsEachSaysWhy) {
  list(false);
  for (const InterfaceInfo& i : list_) {
    EXPECT_FALSE(i.capturable);
    EXPECT_EQ(i.why, "no right");
    EXPECT_EQ(i.fix, "sudo something");
  }
  EXPECT_EQ(preferred_interface(list_), nullptr);
}

}  // namespace
}  // namespace sp3ctra
