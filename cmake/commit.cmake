# Writes the commit that is built into OUTPUT; touches the file only when it changes. Run at every build:
#   cmake -D SOURCE=... -D OUTPUT=... -P cmake/commit.cmake
# SP3CTRA_COMMIT in the environment says it where there is no checkout (a build from an archive).
set(commit "$ENV{SP3CTRA_COMMIT}")
set(changed "false")
if(commit STREQUAL "")
  find_program(GIT git)
  if(GIT AND EXISTS ${SOURCE}/.git)
    # As root in somebody else's checkout git would refuse.
    set(git ${GIT} -c safe.directory=${SOURCE} -C ${SOURCE})
    execute_process(COMMAND ${git} rev-parse HEAD OUTPUT_VARIABLE commit ERROR_QUIET
      OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${git} --no-optional-locks status --porcelain --untracked-files=no -- src web CMakeLists.txt
      OUTPUT_VARIABLE changes ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT changes STREQUAL "")
      set(changed "true")
    endif()
  endif()
endif()
set(text "#pragma once
// Written by cmake/commit.cmake at every build.
namespace sp3ctra::cli {
inline constexpr const char* kCommit = \"${commit}\";
inline constexpr bool kCommitChanged = ${changed};
}  // namespace sp3ctra::cli
")
set(there "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} there)
endif()
if(NOT there STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
