// `bench FILE` measures what `serve FILE` runs: its digest is that of the capture the engine
// opened.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "cli/commands.h"
#include "pipeline/analysis.h"
#include "pipeline/engine.h"

namespace sp3ctra::cli {
namespace {

std::string printed_by_bench(std::vector<std::string> arguments) {
  CLI::App app;
  Action chosen;
  add_bench(app, chosen);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(chosen(), kDone);
  std::fflush(stdout);
  return ::testing::internal::GetCapturedStdout();
}

TEST(Bench, DigestIsThatOfTheCaptureThatServeOpens) {
  const char* source = std::getenv("SP3CTRA_SOURCE");
  const std::string demo = std::string(source ? source : ".") + "/packaging/demo.pcapng";
  if (!std::filesystem::exists(demo)) GTEST_SKIP() << "packaging/demo.pcapng is not here";
  EngineOptions options;
  options.data_directory = ::testing::TempDir();
  options.workers = 2;
  CaptureEngine engine(options, Capd{});
  const auto id = engine.open_file(demo, "demo");
  ASSERT_TRUE(id);
  engine.wait_for(*id);
  const auto view = std::dynamic_pointer_cast<IndexedCapture>(engine.find(*id));
  ASSERT_NE(view, nullptr);
  const std::string said = printed_by_bench({"bench", demo, "--digest", "--workers", "3"});
  EXPECT_NE(said.find(fmt::format("packets {}\n", view->index().committed())), std::string::npos);
  EXPECT_NE(said.find(fmt::format("digest index {:016x} events ", index_digest(view->index()))),
            std::string::npos)
      << said;
}

}  // namespace
}  // namespace sp3ctra::cli
