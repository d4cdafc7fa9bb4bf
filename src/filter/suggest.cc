// Which known name a mistyped one is nearest to, and which protocol a field belongs to.
#include <algorithm>
#include <array>

#include "filter/program.h"

namespace sp3ctra {
namespace {

constexpr size_t kLongestName = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Insertions, deletions, replacements and swaps of neighbours between a and b (case ignored).
size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, kLongestName + 1>, 3> row;
  for (size_t j = 0; j <= b.size(); ++j) row[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& now = row[i % 3];
    const auto& last = row[(i + 2) % 3];
    const auto& before = row[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
  }
  return row[a.size() % 3][b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view word, const FieldLookup& lookup) {
  if (word.empty() || word.size() > kLongestName) return {};
  std::string_view best;
  size_t least = std::min<size_t>(3, std::max<size_t>(1, word.size() / 3)) + 1;
  for (std::string_view name : lookup.names()) {
    if (name.size() > kLongestName || name.size() + least <= word.size() ||
        word.size() + least <= name.size())
      continue;
    const size_t d = distance(word, name);
    if (d < least) least = d, best = name;
  }
  return best;
}

const Protocol* owner_of(const FieldDef& field, const FieldLookup& lookup) {
  for (const Protocol* p : lookup.protocols())
    for (const FieldDef& f : p->fields)
      if (&f == &field) return p;
  return nullptr;
}

}  // namespace sp3ctra
