// Giving up capabilities for good.
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/capd.h"

namespace sp3ctra {

Status drop_all_capabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct held[2] = {};
  if (::syscall(SYS_capget, &header, held) != 0) return fail_errno("cannot read capabilities");
  if (held[0].permitted & (1u << CAP_SETPCAP)) {
    // Without these two, uid 0 would get everything back at the next exec of a child.
    const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                               SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                               SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    if (::prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0) return fail_errno("cannot lock root");
    for (int c = 0; c < 64; ++c) {
      if (::prctl(PR_CAPBSET_READ, c, 0, 0, 0) != 1) continue;
      if (::prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0) return fail_errno("cannot drop capabilities");
    }
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  const __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return fail_errno("cannot drop capabilities");
  return {};
}

}  // namespace sp3ctra
