#include "cli/interface_rows.h"

#include <gtest/gtest.h>

#include "api/state_json.h"

namespace sp3ctra::cli {
namespace {

TEST(InterfaceRows, OneIsPreferredAndThePageIsTold) {
  std::vector<InterfaceInfo> list(3);
  list[0].name = "lo";
  list[0].loopback = true;
  list[1].name = "eth1";
  list[2].name = "eth0";
  list[2].default_route = true;
  const auto told = [&] {
    std::string names;
    const api::Json all = api::interfaces_json(interface_rows(list));
    for (const api::Json& row : all["interfaces"])
      if (row["preferred"] == true) names += row["name"].get<std::string>() + ";";
    return names;
  };
  EXPECT_EQ(told(), "") << "none can be captured";
  for (auto& i : list) i.capturable = true;
  EXPECT_EQ(told(), "eth0;");
  list[2].capturable = false;
  EXPECT_EQ(told(), "eth1;");
}

}  // namespace
}  // namespace sp3ctra::cli
