// The only file that knows PCRE2.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include "filter/regex.h"

namespace sp3ctra {
namespace {

// Steps and nested groups for one subject: a hostile packet must not stall a scan.
constexpr uint32_t kMatchSteps = 100'000;
constexpr uint32_t kMatchDepth = 500;
constexpr uint32_t kMatchHeapKib = 1024;

struct FreeMatch {
  void operator()(pcre2_match_data* m) const { pcre2_match_data_free(m); }
};

class Pcre2 final : public Regex {
 public:
  Pcre2(pcre2_code* code, pcre2_match_context* limits) : code_(code), limits_(limits) {}
  Pcre2(const Pcre2&) = delete;
  Pcre2& operator=(const Pcre2&) = delete;
  ~Pcre2() override {
    pcre2_match_context_free(limits_);
    pcre2_code_free(code_);
  }
  bool found(std::string_view subject) const noexcept override {
    // Match data is scratch memory: one for each thread, whatever the pattern.
    thread_local std::unique_ptr<pcre2_match_data, FreeMatch> scratch(
        pcre2_match_data_create(1, nullptr));
    if (!scratch) return false;
    const char* data = subject.data() ? subject.data() : "";
    return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(data), subject.size(), 0, 0,
                       scratch.get(), limits_) >= 0;
  }

 private:
  pcre2_code* code_;
  pcre2_match_context* limits_;
};

}  // namespace

tl::expected<std::shared_ptr<const Regex>, RegexError> compile_regex(std::string_view pattern) {
  int code = 0;
  size_t at = 0;
  pcre2_code* compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data() ? pattern.data() : ""),
                    pattern.size(), PCRE2_CASELESS | PCRE2_NEVER_UTF, &code, &at, nullptr);
  if (!compiled) {
    std::array<PCRE2_UCHAR, 160> words{};
    pcre2_get_error_message(code, words.data(), words.size());
    return tl::unexpected(RegexError{reinterpret_cast<const char*>(words.data()), at});
  }
  pcre2_match_context* limits = pcre2_match_context_create(nullptr);
  if (!limits) {
    pcre2_code_free(compiled);
    return tl::unexpected(RegexError{"out of memory", 0});
  }
  pcre2_set_match_limit(limits, kMatchSteps);
  pcre2_set_depth_limit(limits, kMatchDepth);
  pcre2_set_heap_limit(limits, kMatchHeapKib);
  return std::make_shared<const Pcre2>(compiled, limits);
}

}  // namespace sp3ctra
