//! The real definition of the arguments, and what the generator knows about each option.
//!
//! An option that is missing in [`known`] fails a test: a new one cannot be forgotten.

use crate::args::Cli;
use clap::CommandFactory;

/// A verb with its options, as the parser knows them.
#[derive(Clone, Debug)]
pub struct Verb {
    /// What is typed: nothing for the bare command.
    pub words: Vec<String>,
    pub options: Vec<Opt>,
    /// Names of the operands, in their order.
    pub operands: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Opt {
    pub id: String,
    /// The ways to write it.
    pub spellings: Vec<String>,
    pub known: Known,
}

/// What values an option takes, and what the run does with a file that one names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// No value. The number is how often of a thousand it is given.
    Flag(usize),
    /// One of these words.
    Words(usize, &'static [&'static str]),
    /// A file that is read.
    Reads(usize, Class),
    /// A file or folder that is written.
    Writes(usize),
    /// A file that is read and written.
    Keeps(usize),
    /// A list of names.
    List(usize),
    /// Members of an archive, or arrays in it.
    Members(usize),
    Tensors(usize),
    /// Operands, which the generator fills verb by verb.
    Operand,
}

impl Known {
    pub fn weight(self) -> usize {
        match self {
            Self::Flag(w) | Self::Words(w, _) | Self::Reads(w, _) | Self::Writes(w) => w,
            Self::Keeps(w) | Self::List(w) | Self::Members(w) | Self::Tensors(w) => w,
            Self::Operand => 0,
        }
    }
}

/// What a file should be that an option or operand names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Any,
    Archive,
    Model,
    Prior,
    Key,
    Passphrase,
    Recovery,
    Folder,
}

const SIZES: &[&str] = &["0", "1", "64k", "1M", "64M", "256M", "2G", "99999999T"];
const RATES: &[&str] = &["0", "0.5", "1", "2.5", "-1", "nan"];
const COUNTS: &[&str] = &["0", "1", "2", "7"];
const LEVELS: [(&str, usize); 11] = [
    ("level_1", 300),
    ("level_2", 160),
    ("level_3", 160),
    ("level_4", 60),
    ("level_5", 60),
    ("level_6", 60),
    ("level_7", 6),
    ("level_8", 3),
    ("level_9", 2),
    ("level", 40),
    ("max", 1),
];
const CHAINS: &[&str] = &["bwt", "store", "lz77", "zstd", "lzma", "x86+lz77", "nonsense", "tensor", "cm"];

/// What is known of the option `id` of `verb`. Weights are in a thousand.
#[rustfmt::skip]
pub fn known(verb: &str, id: &str) -> Option<Known> {
    use Known::{Flag, Keeps, List, Members, Operand, Reads, Tensors, Words, Writes};
    if let Some((_, weight)) = LEVELS.iter().find(|(name, _)| *name == id) {
        return Some(if id == "level" { Words(*weight, &["1", "2", "3", "5"]) } else { Flag(*weight) });
    }
    Some(match (verb, id) {
        ("bench", "codec") => Words(100, CHAINS),
        ("bench", "format") => Words(100, &["table", "json", "csv", "md"]),
        ("quantize", "codebook") => Flag(80),
        ("repair", "recovery") => Reads(300, Class::Recovery),
        ("train network", "codebook") => Words(60, COUNTS),
        ("train network" | "eval network", "data") => Reads(950, Class::Folder),
        ("train autoencoder", "members") => Words(300, &["auto", "klt", "klt:2", "cklt:2:4:4", "dense:2:4", "nonsense"]),
        ("train autoencoder", "epochs") => Words(500, &["1", "0", "2"]),
        ("train autoencoder", "for_records") => Words(60, &["1", "1000000", "0"]),
        ("train autoencoder", "variant") => Words(60, &["plain", "denoising", "beta=2", "vq"]),
        ("train autoencoder", "test") => Reads(60, Class::Any),
        ("train autoencoder", "checkpoint") => Writes(60),
        ("train autoencoder", "report") => Writes(60),
        ("train autoencoder", "resume" | "decode_only" | "exact") => Flag(60),
        ("train autoencoder", "licence") => Words(60, &["CC0-1.0", ""]),
        ("train autoencoder", "bytes_per_record" | "max_error") => Words(30, &["8", "0.5", "0", "-1"]),
        ("train autoencoder", "shape") => Words(300, &["4", "2x4", "0", "x"]),
        ("train autoencoder", "labels") => Reads(30, Class::Any),
        ("train autoencoder", "time_budget") => Words(300, &["1s", "0.001s"]),
        (_, "number_type") => Words(300, &["u8", "i16", "f32", "q4_0"]),
        (_, "window" | "max_records" | "skip") => Words(60, &["1", "4", "16", "1000", "0"]),
        (_, "array") => Words(30, &["body.b", "head.a"]),
        (_, "columns" | "skip_columns") => Words(30, &["1", "a,b", "9"]),
        ("eval autoencoder", "report") | ("score", "pictures") => Writes(60),
        ("train image", "data") => Reads(950, Class::Folder),
        ("train image", "time_budget") => Words(300, &["1s", "0.001s"]),
        ("train image", "crops" | "batch") => Words(300, &["1", "8", "0"]),
        ("train image", "licence") => Words(60, &["CC0-1.0", ""]),
        ("eval image", "codecs") => Words(900, &["minlen:effort=1", "jpeg", "bmp"]),
        ("eval image", "points" | "shown") => Words(900, &["1", "0"]),
        ("eval image", "base") => Words(30, &["minlen:effort=1", "nonsense"]),
        ("eval image", "report" | "save") => Writes(60),
        ("eval image", "results") => Writes(0),
        ("eval autoencoder", "training") => Reads(60, Class::Any),
        ("eval autoencoder", "against") => Words(900, &["none", "memcpy"]),
        ("eval autoencoder", "no_peers") => Flag(900),
        ("eval autoencoder", "rates") | ("score" | "embed" | "sample", "rate") => Words(60, &["0", "3", "99"]),
        ("score" | "embed" | "sample", "member") => Words(60, &["klt", "0", "none"]),
        ("score", "reference") => Reads(60, Class::Any),
        ("sample", "data") => Reads(300, Class::Any),
        ("score" | "embed" | "sample" | "eval autoencoder", "labels") => Reads(30, Class::Any),
        ("score" | "embed" | "sample" | "eval autoencoder", "shape") => Words(30, &["4", "2x4", "0"]),
        ("score", "neighbours" | "top") => Words(60, COUNTS),
        ("score", "normal" | "above") => Words(60, &["0", "1,2", "99", "x"]),
        ("sample", "interpolate") => Words(60, &["0,1", "9,99999", "x"]),
        ("sample", "perturb") => Flag(200),
        ("sample", "transforms") => Words(60, &["shift,noise", "scale", "turn"]),
        ("generate" | "sample", "count" | "samples") => Words(60, &["1", "20", "0"]),
        ("extract" | "cat", "members") => Operand,
        ("grep", "pattern") => Operand,
        ("grep", "regexp") => Words(60, &["a", "[", "x+"]),
        ("grep", "text" | "ignore_case" | "fixed_strings" | "word_regexp" | "line_regexp" | "invert_match") => Flag(60),
        ("grep", "line_number" | "files_with_matches" | "count" | "with_filename" | "no_filename") => Flag(60),
        ("grep", "max_count") => Words(40, COUNTS),
        (_, "inputs" | "archive" | "names" | "file" | "what" | "dir" | "network" | "model") => Operand,
        ("update", "delete" | "checksum" | "dry_run") => Flag(200),
        (_, "help" | "version") => Flag(2),
        (_, "quiet" | "verbose" | "explain") => Flag(40),
        (_, "progress") => Words(20, &["auto", "bar", "json", "none"]),
        (_, "threads") => Words(120, &["0", "1", "2", "3", "9", "200"]),
        (_, "memory" | "max_output") => Words(25, SIZES),
        (_, "max_ratio") => Words(40, &["0", "1", "4000", "1000000"]),
        (_, "format") => Words(60, &["table", "json"]),
        (_, "codec") => Words(25, CHAINS),
        (_, "time_budget") => Words(15, &["1s", "0.001s", "1m"]),
        (_, "decode_speed") => Words(15, &["5MB/s", "1G", "1"]),
        (_, "solid") => Words(30, &["all", "none", "64k", "1M", "nonsense"]),
        (_, "block_size") => Words(30, &["4k", "64k", "1M", "0", "1"]),
        (_, "no_dedup" | "no_compact" | "no_times" | "rsyncable") => Flag(40),
        (_, "recovery") => Words(50, &["5%", "100%", "30"]),
        (_, "encrypt") => Flag(20),
        (_, "no_encrypt") => Flag(30),
        (_, "salvage") => Flag(150),
        (_, "recipient") => Words(40, &[super::content::PUBLIC, "age1nonsense"]),
        (_, "passphrase_file") => Reads(40, Class::Passphrase),
        (_, "identity") => Reads(50, Class::Key),
        ("compress" | "", "base") => Reads(110, Class::Any),
        (_, "base") => Reads(110, Class::Model),
        (_, "onto") => Reads(500, Class::Model),
        (_, "prior") => Reads(90, Class::Prior),
        (_, "max_error") => Words(90, &["0.001", "0.1%", "1e-30", "1e30", "5%", "0", "-1"]),
        (_, "psnr") => Words(25, &["60", "1", "140", "0"]),
        (_, "bpp") => Words(25, &["4", "0.1", "40", "0"]),
        (_, "bytes_per_record") => Words(25, &["8", "0.5", "0", "-1"]),
        (_, "embed_model") => Flag(5),
        (_, "max_size") => Words(25, &["20k", "1", "1M", "0"]),
        (_, "preview") => Words(0, &["1/8", "1/3"]),
        (_, "quality") => Words(25, &["60", "0", "100", "101"]),
        (_, "ssimulacra2") => Words(25, &["70", "-20", "100"]),
        (_, "lossless") => Flag(20),
        (_, "shape") => Words(50, &["f32:64x80", "f64:64x80", "f32:64x160", "i32:64x80", "f32:2x2"]),
        (_, "output") => Writes(450),
        (_, "stdout") => Flag(60),
        (_, "force") => Flag(350),
        (_, "keep") => Flag(30),
        (_, "rm") => Flag(400),
        ("extract", "files_from" | "files0_from") => List(0),
        (_, "files_from" | "files0_from") => List(25),
        (_, "exclude") => Words(30, &["*.o", "a", "/b/", "!c", "**"]),
        (_, "exclude_vcs") => Flag(20),
        (_, "ignore_file") => Reads(10, Class::Any),
        (_, "overwrite") => Flag(60),
        (_, "skip_existing" | "keep_newer") => Flag(30),
        (_, "strip_components") => Words(30, &["0", "1", "9"]),
        (_, "metadata" | "owner" | "no_owner" | "numeric_owner") => Flag(30),
        (_, "xattrs" | "no_xattrs" | "acls" | "no_acls") => Flag(20),
        (_, "output_dir") => Writes(0),
        (_, "output_dir_mirror") => Flag(0),
        (_, "range") => Words(120, &["0..5", "10..", "..100", "1k..2k", "0..0", "7..3"]),
        (_, "rows") => Words(80, &["0..5", "3..", "0..24", "9..99"]),
        (_, "tensor") => Tensors(150),
        (_, "members") => Members(0),
        (_, "member") => Members(60),
        (_, "sort") => Words(40, &["name", "size", "time"]),
        (_, "reverse" | "long") => Flag(40),
        (_, "tensors" | "quick" | "by_magnitude") => Flag(120),
        (_, "probe") => Flag(2),
        (_, "decompress" | "test" | "list") => Flag(150),
        (_, "compress") => Flag(60),
        (_, "against") => Words(150, &["memcpy", "zstd:1", "zstd:1,xz:0"]),
        (_, "levels") => Words(400, &["1", "1,2", "3"]),
        (_, "repeats" | "jobs") => Words(60, &["1", "2"]),
        (_, "save" | "save_speeds" | "dense") => Keeps(150),
        (_, "ablation" | "teacher") => Reads(60, Class::Any),
        (_, "corpus") => Reads(60, Class::Folder),
        (_, "peers") => Reads(60, Class::Any),
        (_, "calibrate") => Reads(100, Class::Any),
        (_, "kind") => Words(500, &["json", "text", "generic", "nonsense"]),
        (_, "name") => Words(60, &["mine", ""]),
        (_, "keep_share" | "hard" | "temperature" | "rate" | "decay" | "step" | "bias_step" | "lambda") => Words(20, RATES),
        (_, "units") => Words(30, &["4-4", "8", "x"]),
        (_, "epochs") => Words(950, &["1,1,1", "0,0,0", "1,0,0"]),
        (_, "score") => Words(50, &["magnitude", "fisher", "both"]),
        (_, "every_shift") => Words(30, &["true", "false"]),
        (_, "hold_out" | "batch" | "seed") => Words(40, COUNTS),
        (_, "target_bpw") => Words(600, &["4", "2.5", "0", "64"]),
        (_, "target_size") => Words(150, &["4k", "1M", "10"]),
        (_, "max_kl") => Words(40, &["0.01", "1"]),
        (_, "gguf") => Words(120, &["q8_0", "q5_0", "q4_0"]),
        (_, "sparsity") => Words(80, &["0.5", "0", "1", "2"]),
        _ => return None,
    })
}

/// Every verb of the command with every option, or the name of what [`known`] does not know.
pub fn verbs() -> Result<Vec<Verb>, String> {
    let mut command = Cli::command();
    command.build();
    let mut all = vec![verb(&command, Vec::new())?];
    for sub in command.get_subcommands() {
        let words = vec![sub.get_name().to_string()];
        if sub.has_subcommands() {
            for inner in sub.get_subcommands().filter(|inner| inner.get_name() != "help") {
                all.push(verb(inner, [words.clone(), vec![inner.get_name().to_string()]].concat())?);
            }
        } else {
            all.push(verb(sub, words)?);
        }
    }
    Ok(all)
}

fn verb(command: &clap::Command, words: Vec<String>) -> Result<Verb, String> {
    let mut verb = Verb { words, options: Vec::new(), operands: Vec::new() };
    let title = verb.words.join(" ");
    for arg in command.get_arguments() {
        // In `train network` this is a share, in the verbs that write it is gzip's flag.
        let id = if title == "train network" && arg.get_id() == "keep" {
            "keep_share"
        } else {
            arg.get_id().as_str()
        };
        let Some(known) = known(&title, id) else {
            return Err(format!("{title} --{id}: add it to `known` in {}", file!()));
        };
        if arg.is_positional() {
            verb.operands.push(id.to_string());
            continue;
        }
        let longs =
            arg.get_long_and_visible_aliases().unwrap_or_default().into_iter().map(|l| format!("--{l}"));
        let shorts =
            arg.get_short_and_visible_aliases().unwrap_or_default().into_iter().map(|s| format!("-{s}"));
        verb.options.push(Opt { id: id.to_string(), spellings: longs.chain(shorts).collect(), known });
    }
    Ok(verb)
}
