//! How each program is called. Those marked "by its manual" were not at hand when this was written.
//!
//! `{in}` and `{out}` are file names; where a template lacks one, standard input or output is used. `{level}` is
//! replaced by the arguments of the level. All run one thread.

use std::ops::RangeInclusive;

/// One program.
pub(super) struct Program {
    /// The name on our command line.
    pub name: &'static str,
    /// What it may be called on the system, best first.
    pub binaries: &'static [&'static str],
    /// True where [`super::super::IN_PROCESS`] has the same name, so that ours needs the prefix `program=`.
    pub has_library: bool,
    /// Levels as numbers; empty where there are none.
    pub levels: RangeInclusive<i64>,
    /// The level when none is named.
    pub default: &'static str,
    /// Arguments of a numbered level.
    pub level_args: &'static [&'static str],
    /// Levels with a name, and their arguments.
    pub named: &'static [(&'static str, &'static [&'static str])],
    /// Options that follow the level, and the argument of each.
    pub options: &'static [(&'static str, &'static str)],
    /// Arguments to compress.
    pub compress: &'static [&'static str],
    /// Arguments to decompress.
    pub decompress: &'static [&'static str],
    /// Arguments that make it say its version on the first line.
    pub version: &'static [&'static str],
    /// The ending that compressed files need.
    pub extension: &'static str,
}

/// What a program looks like that works as a filter, like gzip.
const FILTER: Program = Program {
    name: "",
    binaries: &[],
    has_library: false,
    levels: 1..=9,
    default: "6",
    level_args: &["-{level}"],
    named: &[],
    options: &[],
    compress: &["-c", "{level}"],
    decompress: &["-d", "-c"],
    version: &["--version"],
    extension: "z",
};

/// No numbered levels.
#[allow(clippy::reversed_empty_ranges, reason = "an empty range is what is meant")]
const NONE: RangeInclusive<i64> = 1..=0;

/// All programs.
pub(super) static TABLE: [Program; 17] = [
    Program { name: "gzip", binaries: &["gzip"], ..FILTER },
    Program { name: "bzip2", binaries: &["bzip2"], has_library: true, default: "9", ..FILTER },
    Program {
        name: "xz",
        binaries: &["xz"],
        has_library: true,
        levels: 0..=9,
        named: &[("6e", &["-6e"]), ("9e", &["-9e"])],
        compress: &["-c", "-T1", "{level}"],
        decompress: &["-d", "-c", "-T1"],
        ..FILTER
    },
    Program {
        name: "lz4",
        binaries: &["lz4"],
        has_library: true,
        levels: 1..=12,
        default: "1",
        compress: &["-c", "-q", "{level}"],
        decompress: &["-d", "-c", "-q"],
        ..FILTER
    },
    Program {
        name: "zstd",
        binaries: &["zstd"],
        has_library: true,
        levels: 1..=22,
        default: "3",
        level_args: &["--ultra", "-{level}"],
        options: &[("long", "--long={value}")],
        compress: &["-c", "-q", "--single-thread", "{level}", "{in}"],
        decompress: &["-d", "-c", "-q", "--long=31"],
        ..FILTER
    },
    Program {
        name: "brotli",
        binaries: &["brotli"],
        has_library: true,
        levels: 0..=11,
        default: "11",
        level_args: &["-q", "{level}", "-w", "24"],
        compress: &["-c", "{level}", "{in}"],
        ..FILTER
    },
    Program {
        name: "7z",
        binaries: &["7zz", "7z", "7za"],
        levels: 1..=9,
        default: "5",
        level_args: &["-mx={level}"],
        named: &[("ppmd", &["-mx=9", "-m0=PPMd"]), ("bzip2", &["-mx=9", "-m0=BZip2"])],
        compress: &["a", "-t7z", "-y", "-bd", "-mmt=1", "{level}", "{out}", "{in}"],
        decompress: &["e", "-so", "-bd", "-mmt=1", "{in}"],
        version: &[],
        extension: "7z",
        ..FILTER
    },
    Program {
        name: "zpaq",
        binaries: &["zpaq"],
        levels: 0..=5,
        default: "5",
        level_args: &["-m{level}"],
        compress: &["a", "{out}", "{in}", "-t1", "{level}"],
        decompress: &["x", "{in}", "r", "-to", "{out}", "-t1", "-force"],
        version: &[],
        extension: "zpaq",
        ..FILTER
    },
    Program {
        // The level is the block size in MiB.
        name: "bzip3",
        binaries: &["bzip3"],
        levels: 1..=511,
        default: "16",
        level_args: &["-b", "{level}"],
        compress: &["-e", "-c", "{level}", "{in}"],
        decompress: &["-d", "-c", "{in}"],
        ..FILTER
    },
    Program {
        // By its manual. The level is the coder: 0 fast, 1 static, 2 adaptive.
        name: "bsc",
        binaries: &["bsc", "bsc-m03"],
        levels: 0..=2,
        default: "2",
        level_args: &["-e{level}"],
        compress: &["e", "{in}", "{out}", "-t", "-T", "{level}"],
        decompress: &["d", "{in}", "{out}", "-t", "-T"],
        version: &[],
        ..FILTER
    },
    Program {
        // By its manual.
        name: "kanzi",
        binaries: &["kanzi"],
        default: "9",
        level_args: &["-l", "{level}"],
        compress: &["-c", "-i", "{in}", "-o", "{out}", "-f", "-v", "0", "-j", "1", "{level}"],
        decompress: &["-d", "-i", "{in}", "-o", "{out}", "-f", "-v", "0", "-j", "1"],
        ..FILTER
    },
    Program {
        // By its manual: the ZPAQ back end of lrzip.
        name: "lrzip",
        binaries: &["lrzip"],
        default: "7",
        level_args: &["-L", "{level}"],
        compress: &["-z", "-q", "-f", "-p", "1", "{level}", "-o", "{out}", "{in}"],
        decompress: &["-d", "-q", "-f", "-p", "1", "-o", "{out}", "{in}"],
        version: &["--version"],
        extension: "lrz",
        ..FILTER
    },
    Program {
        // By its manual. Some versions do not restore every file: the verified round trip will tell.
        name: "mcm",
        binaries: &["mcm"],
        levels: NONE,
        default: "m7",
        named: &[("m7", &["-m7"]), ("h7", &["-h7"]), ("x7", &["-x7"]), ("t5", &["-t5"])],
        compress: &["{level}", "{in}", "{out}"],
        decompress: &["d", "{in}", "{out}"],
        version: &[],
        ..FILTER
    },
    Program {
        // By its manual.
        name: "lpaq8",
        binaries: &["lpaq8"],
        level_args: &["{level}"],
        compress: &["{level}", "{in}", "{out}"],
        decompress: &["d", "{in}", "{out}"],
        version: &[],
        ..FILTER
    },
    Program {
        // By its manual.
        name: "paq8px",
        binaries: &["paq8px"],
        levels: 1..=12,
        named: &[("6L", &["-6L"]), ("8L", &["-8L"])],
        compress: &["{level}", "{in}", "{out}"],
        decompress: &["-d", "{in}", "{out}"],
        version: &[],
        extension: "paq8px",
        ..FILTER
    },
    Program {
        // By its manual.
        name: "cmix",
        binaries: &["cmix"],
        levels: NONE,
        default: "",
        level_args: &[],
        compress: &["-c", "{in}", "{out}"],
        decompress: &["-d", "{in}", "{out}"],
        version: &[],
        ..FILTER
    },
    Program { name: "lzip", binaries: &["lzip"], levels: 0..=9, extension: "lz", ..FILTER },
];
