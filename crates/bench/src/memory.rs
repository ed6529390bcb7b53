//! Peak memory of a call, read from the kernel; no counting allocator, so C libraries are counted too.
//!
//! On Linux, writing `5` to `/proc/self/clear_refs` resets the high-water mark of resident memory (`VmHWM`, see
//! proc(5)). The peak of a call is that mark after it, less what was resident (`VmRSS`) before it: the input is not
//! counted, working memory and output are. Memory that an earlier call freed but the allocator kept is resident
//! already and would hide part of the peak, so the exact way is a process of its own per call: see [`crate::probe`].
//! Where the kernel does not permit it, and on other systems, the peak is unknown and tables say `n/a`.

use std::fs;

/// Watches resident memory from [`Watch::start`] to [`Watch::peak`].
#[derive(Debug)]
pub struct Watch {
    resident: u64,
}

impl Watch {
    /// Resets the mark; `None` where that is not possible.
    #[must_use]
    pub fn start() -> Option<Self> {
        fs::write("/proc/self/clear_refs", "5").ok()?;
        let resident = status_bytes("VmRSS:")?;
        let mark = status_bytes("VmHWM:")?;
        // Some sandboxes accept the write and do nothing: a mark far above what is resident gives them away.
        (mark <= resident.saturating_add(8 << 20)).then_some(Self { resident })
    }

    /// Bytes that became resident beyond those at the start, at the highest point since.
    #[must_use]
    pub fn peak(&self) -> Option<u64> {
        Some(status_bytes("VmHWM:")?.saturating_sub(self.resident))
    }
}

/// A field of `/proc/self/status`, which the kernel gives in KiB.
fn status_bytes(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}
