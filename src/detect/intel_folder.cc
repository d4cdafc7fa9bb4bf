// Reads a folder of lists.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "detect/intel.h"
#include "detect/thresholds.h"

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

/// The whole of a list, if it is not larger than a list may be.
Result<std::string> text_of(const fs::path& path) {
  const auto too_large = [&] {
    return fail("the list {} is larger than {} MiB", path.string(),
                limits::kIntelFileBytesMax >> 20);
  };
  std::error_code ec;
  if (const auto size = fs::file_size(path, ec); !ec && size > limits::kIntelFileBytesMax)
    return too_large();
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail("cannot read the list {}", path.string());
  std::string text;
  std::vector<char> piece(size_t{64} << 10);
  // It may grow meanwhile.
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    text.append(piece.data(), static_cast<size_t>(in.gcount()));
    if (text.size() > limits::kIntelFileBytesMax) return too_large();
  }
  if (in.bad()) return fail("cannot read the list {}", path.string());
  return text;
}

}  // namespace

Result<std::shared_ptr<const Intel>> Intel::load(const std::string& folder) {
  std::vector<ListFile> files;
  if (Status s = collect(folder, "", false, files); !s) return tl::unexpected(std::move(s.error()));
  std::sort(files.begin(), files.end(),
            [](const ListFile& a, const ListFile& b) { return a.name < b.name; });
  auto intel = std::make_shared<Intel>();
  for (const ListFile& f : files) {
    if (intel->lists_.size() == limits::kIntelFilesMax) {
      ++intel->counts_.too_many;
      continue;
    }
    auto text = text_of(f.path);
    if (!text) return tl::unexpected(std::move(text.error()));
    intel->add(f.name, *text, f.good);
  }
  intel->seal();
  return std::shared_ptr<const Intel>(std::move(intel));
}

}  // namespace sp3ctra
