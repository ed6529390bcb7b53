//! What the speeds were taken on. Names neither the host nor any path.

use std::fs;

/// A machine in the words that belong under a table of speeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The processor's own name for itself.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Main memory in bytes, 0 where unknown.
    pub memory: u64,
    /// Operating system with its version, and architecture.
    pub system: String,
}

/// The compiler that built this crate.
#[must_use]
pub fn compiler() -> &'static str {
    env!("MINLEN_BENCH_RUSTC")
}

/// True for a build whose speeds mean something.
#[must_use]
pub fn optimised() -> bool {
    !cfg!(debug_assertions)
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn here() -> Self {
        let os = std::env::consts::OS;
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        // Major and minor version are enough; the rest may name the host's owner.
        let release: Vec<&str> = release.trim().split('.').take(2).collect();
        let system = format!("{os} {} {}", release.join("."), std::env::consts::ARCH).replace("  ", " ");
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        Self { cpu: cpu().unwrap_or_else(|| "unknown processor".to_owned()), cores, memory: memory(), system }
    }

    /// One line.
    #[must_use]
    pub fn line(&self) -> String {
        let memory = match self.memory {
            0 => String::new(),
            bytes => format!(", {} GiB", bytes.saturating_add(1 << 29) >> 30),
        };
        format!("{}, {} cores{memory}, {}", self.cpu, self.cores, self.system)
    }
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory() -> u64 {
    let kib = || {
        let text = fs::read_to_string("/proc/meminfo").ok()?;
        text.lines().next()?.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    kib().unwrap_or(0).saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_reads_well() {
        let machine = Machine {
            cpu: "Chip 9".into(),
            cores: 2,
            memory: 25_216_000_000,
            system: "linux 6.1 x86_64".into(),
        };
        assert_eq!(machine.line(), "Chip 9, 2 cores, 23 GiB, linux 6.1 x86_64");
        assert!(!Machine::here().line().is_empty() && compiler().contains("rustc"));
    }
}
