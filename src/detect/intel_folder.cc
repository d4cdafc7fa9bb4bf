// Reads a folder of lists.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "detect/intel.h"

namespace sp3ctra {
namespace {

namespace fs = std::filesystem;

bool means_good(const std::string& name) {
  return name.starts_with("good") || name.starts_with("allow");
}

struct ListFile {
  fs::path path;
  std::string name;  ///< below the folder
  bool good = false;
};

Status collect(const fs::path& folder, const std::string& above, bool good,
               std::vector<ListFile>& out) {
  std::error_code ec;
  fs::directory_iterator it(folder, ec);
  if (ec) return fail("cannot read the folder {}: {}", folder.string(), ec.message());
  for (const fs::directory_iterator end; it != end; it.increment(ec)) {
    if (ec) return fail("cannot read the folder {}: {}", folder.string(), ec.message());
    const std::string name = it->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      if (above.empty()) TRY(collect(it->path(), name + '/', good || means_good(name), out));
    } else if (it->is_regular_file(ignored)) {
      out.push_back({it->path(), above + name, good || means_good(name)});
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Intel>> Intel::load(const std::string& folder) {
  std::vector<ListFile> files;
  if (Status s = collect(folder, "", false, files); !s) return tl::unexpected(std::move(s.error()));
  std::sort(files.begin(), files.end(),
            [](const ListFile& a, const ListFile& b) { return a.name < b.name; });
  auto intel = std::make_shared<Intel>();
  for (const ListFile& f : files) {
    std::ifstream in(f.path, std::ios::binary);
    std::ostringstream text;
    if (!in || (in.peek() != std::ifstream::traits_type::eof() && !(text << in.rdbuf())))
      return fail("cannot read the list {}", f.path.string());
    intel->add(f.name, std::move(text).str(), f.good);
  }
  intel->seal();
  return std::shared_ptr<const Intel>(std::move(intel));
}

}  // namespace sp3ctra
