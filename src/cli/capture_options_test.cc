#include "cli/capture_options.h"

#include <gtest/gtest.h>

#include "cli/capture_files.h"

namespace sp3ctra::cli {
namespace {

/// What understand() makes of a command line; `wrong` gets its words when it refuses.
CaptureOptions understood(std::vector<std::string> arguments, std::string* wrong = nullptr) {
  CLI::App app;
  CaptureOptions o;
  declare_capture_options(app, o);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  const Status s = understand(o);
  if (wrong) *wrong = s ? "" : s.error().message;
  if (!wrong) EXPECT_TRUE(s) << s.error().message;
  return o;
}

TEST(CaptureOptions, HabitsOfTcpdump) {
  const CaptureOptions o = understood({"-i", "eth0", "-i", "lo", "-nn", "-p", "-s", "96", "-c", "5",
                                       "-B", "8192", "-w", "-", "-l", "-U", "tcp", "port", "443"});
  EXPECT_EQ(o.interfaces, (std::vector<std::string>{"eth0", "lo"}));
  EXPECT_EQ(o.bpf, "tcp port 443");
  EXPECT_EQ(o.stop.packets, 5u);
  EXPECT_EQ(o.snaplen, 96u);
  EXPECT_EQ(o.ring_kib, 8192u);
  EXPECT_EQ(o.write, "-");
  EXPECT_TRUE(o.no_promiscuous && o.line_by_line && o.packet_by_packet && !o.quiet);
  EXPECT_EQ(understood({"(udp or tcp)", "and", "not", "port", "22"}).bpf,
            "(udp or tcp) and not port 22");
}

TEST(CaptureOptions, HelpSaysWhatABufferIs) {
  CLI::App app;
  CaptureOptions o;
  declare_capture_options(app, o);
  std::string help = app.help();
  help.erase(std::remove(help.begin(), help.end(), '\n'), help.end());
  EXPECT_NE(help.find("65536"), std::string::npos) << help;
  EXPECT_NE(help.find("2048"), std::string::npos) << help;
}

TEST(CaptureOptions, HabitsOfTshark) {
  const CaptureOptions o = understood(
      {"-f", "udp port 53", "-Y", "dns",          "-o", "tsv",         "-e", "dns.qry.name",
       "-e", "ip.src",      "-a", "duration:1.5", "-a", "packets:9",   "-c", "12",
       "-w", "x.pcapng",    "-b", "filesize:100", "-b", "duration:60", "-b", "files:4"});
  EXPECT_EQ(o.bpf, "udp port 53");
  EXPECT_EQ(o.fields.size(), 2u);
  EXPECT_EQ(o.stop.duration_s, 1.5);
  EXPECT_EQ(o.stop.packets, 9u) << "the smaller of -a packets and -c";
  EXPECT_EQ(o.ring.bytes, 100'000u);
  EXPECT_EQ(o.ring.duration_s, 60);
  EXPECT_EQ(o.ring.files, 4u);
}

TEST(CaptureOptions, APresetAndAFilterHoldBoth) {
  EXPECT_EQ(understood({"--preset", "TCP"}).bpf, "tcp");
  EXPECT_EQ(understood({"--preset", "tcp", "net", "10.0.0.0/8"}).bpf, "(tcp) and (net 10.0.0.0/8)");
  EXPECT_EQ(understood({"--preset", "all", "udp"}).bpf, "udp");
  EXPECT_EQ(understood({"--preset", "Everything on the wire"}).bpf, "");
}

TEST(CaptureOptions, ContradictionsAreRefused) {
  const auto refused = [](std::vector<std::string> arguments, const char* says) {
    std::string wrong;
    understood(arguments, &wrong);
    EXPECT_NE(wrong.find(says), std::string::npos) << "“" << wrong << "” does not say " << says;
  };
  refused({"-f", "udp", "tcp"}, "two capture filters");
  refused({"--preset", "nix"}, "there is none of this name");
  refused({"-b", "filesize:5"}, "-w FILE");
  refused({"-w", "-", "-b", "filesize:5"}, "-w FILE");
  refused({"-w", "x", "-b", "files:5"}, "-b filesize:KB");
  refused({"-w", "x", "-a", "files:5"}, "there is one file only");
  refused({"-a", "filesize:5"}, "-w FILE");
  refused({"-w", "-", "--print"}, "standard output");
  for (const char* text : {"duration:", "duration:x", "duration:-1", "duration:nan", "duration:inf",
                           "packets:0", "packets:1x", "packets:-1", "filesize:1.5", "files:100000",
                           "filesize:99999999999999999999", ":5"})
    refused({"-w", "x", "-a", text}, "-a ");
  refused({"-a", "pages:5"}, "unknown; use duration:S");
}

TEST(CaptureFiles, RingNamesAreThoseOfTshark) {
  const auto name = [](const char* path, uint64_t number) {
    setenv("TZ", "UTC", 1);
    tzset();
    return ring_file_name(path, number, 1'700'000'000);
  };
  EXPECT_EQ(name("/a.b/out.pcapng", 1), "/a.b/out_00001_20231114221320.pcapng");
  EXPECT_EQ(name("out", 12), "out_00012_20231114221320");
  EXPECT_EQ(name("x.y.pcapng", 100'001), "x.y_00001_20231114221320.pcapng");
}

}  // namespace
}  // namespace sp3ctra::cli
