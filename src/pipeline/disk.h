#pragma once
// Files and directories of the data directory: private, never followed through links.
#include <string>

#include "base/result.h"
#include "capture/file_handle.h"

namespace sp3ctra {

/// A new file (must not exist), mode 0600.
Result<FileHandle> create_private_file(const std::string& path);
/// Makes the directory (0700) or checks that it is ours.
Status make_private_directory(const std::string& path);
/// Bytes free for us on the file system of `path`.
uint64_t free_bytes(const std::string& path);
/// Bytes that the file system of `path` has in all.
uint64_t disk_bytes(const std::string& path);
/// As many files may be open at once as the system lets us: a segment is one.
void raise_open_files_limit();
/// Writes a file (0600) whole or not at all, whatever happens meanwhile.
Status replace_private_file(const std::string& path, const std::string& text);

}  // namespace sp3ctra
