# Packs every file of web/dist into one generated source (by .incbin), with a table of them.
# Without web/dist the table is empty and the program serves a page that says how to build it.
function(sp3ctra_pack_web dist output)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${dist} ${dist}/*)
  set(blobs "")
  set(symbols "")
  set(rows "")
  set(depends "")
  set(number 0)
  foreach(file IN LISTS files)
    if(file MATCHES "[\"\\\\\n;]" OR file MATCHES "\\.map$")
      continue()
    endif()
    string(APPEND blobs
      "    \"sp3ctra_web_${number}:\\n.incbin \\\"${dist}/${file}\\\"\\n\"\n"
      "    \"sp3ctra_web_${number}_end:\\n.byte 0\\n\"\n")
    string(APPEND symbols
      "extern const char sp3ctra_web_${number}[], sp3ctra_web_${number}_end[];\n")
    string(APPEND rows "      {\"/${file}\", text(sp3ctra_web_${number}, sp3ctra_web_${number}_end)},\n")
    list(APPEND depends ${dist}/${file})
    math(EXPR number "${number} + 1")
  endforeach()
  if(number EQUAL 0)
    set(content "#include \"serve/web_assets.h\"\n
namespace sp3ctra::serve {
std::span<const WebAsset> packed_web_assets() { return {}; }
}  // namespace sp3ctra::serve\n")
    message(STATUS "The page is not built (${dist}): the program will say how to build it")
  else()
    set(content "#include <vector>

#include \"serve/web_assets.h\"

asm(\".section .rodata\\n\"\n${blobs}    \".text\\n\");
extern \"C\" {
${symbols}}

namespace sp3ctra::serve {
namespace {
std::string_view text(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}
}  // namespace
std::span<const WebAsset> packed_web_assets() {
  static const std::vector<WebAsset> kAssets = {
${rows}  };
  return kAssets;
}
}  // namespace sp3ctra::serve\n")
  endif()
  file(CONFIGURE OUTPUT ${output} CONTENT "${content}" @ONLY)
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${depends}")
endfunction()
