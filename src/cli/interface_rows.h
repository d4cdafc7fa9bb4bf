#pragma once
// What this machine offers to capture, in the API's words: for the dashboard and the command line.
#include <functional>
#include <vector>

#include "api/interface_row.h"
#include "capture/interfaces.h"

namespace sp3ctra::cli {

std::vector<api::InterfaceRow> interface_rows(const std::vector<InterfaceInfo>& interfaces);
/// For the dashboard; `rights` tells them as they are when it is called, on any thread.
api::Providers providers(std::function<Rights()> rights);

}  // namespace sp3ctra::cli
