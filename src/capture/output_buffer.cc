#include "capture/output_buffer.h"

#include <cstring>

namespace sp3ctra {

void OutputBuffer::append(Bytes bytes) {
  if (bytes.size() > limits::kReadBlockBytes - used_) {
    drain();
    if (bytes.size() > limits::kReadBlockBytes) {
      if (error_.empty()) {
        if (auto written = file_.write_all(bytes); !written) error_ = written.error().message;
      }
      drained_ += bytes.size();
      return;
    }
  }
  if (!bytes.empty()) std::memcpy(buffer_.get() + used_, bytes.data(), bytes.size());
  used_ += bytes.size();
}

void OutputBuffer::append_zeros(size_t n) { std::memset(reserve(n), 0, n); }

void OutputBuffer::drain() {
  if (error_.empty()) {
    if (auto written = file_.write_all({buffer_.get(), used_}); !written) {
      error_ = written.error().message;
    }
  }
  drained_ += used_;
  used_ = 0;
}

Status OutputBuffer::flush() {
  drain();
  return status();
}

Status OutputBuffer::resume_at(uint64_t bytes) {
  TRY(file_.seek(bytes));
  drained_ = bytes;
  used_ = 0;
  error_.clear();
  return {};
}

Status OutputBuffer::status() const {
  if (!error_.empty()) return fail("{}", error_);
  return {};
}

}  // namespace sp3ctra
