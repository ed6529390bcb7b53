//! Longer help texts. `{...}` of option help lives with the options; examples live here.

use std::fmt::Write as _;

pub const ABOUT: &str = "\
minlen compresses files and folders to the .mln format and gives them back bit for bit, or says that it cannot. \
It looks at the content to choose a codec for each part, checks everything it reads, and never leaves a partial \
file under the final name.

Without a verb it takes the flags of the gzip family, so that `tar -I minlen` works. Options go after the verb.";

const EXAMPLES: &str = "\
Examples:
  minlen compress photos -o photos.mln       a folder as one archive
  minlen compress -3 log.txt                 log.txt.mln beside log.txt, which stays
  minlen decompress photos.mln -o there      the folder, inside `there`
  minlen list photos.mln                     what is inside, without decoding
  minlen extract photos.mln photos/cat.png   one file out of it
  tar -I minlen -cf x.tar.mln folder         as tar's compressor
  pg_dump base | minlen -3 > base.sql.mln    in a pipe
  minlen analyze data.bin                    how small can it get?
  minlen compress --recovery 5% -r age1... folder -o safe.mln
";

const EXIT: &str = "\
Exit codes:
  0 fine, 1 error, 2 done with warnings, 3 usage, 4 corrupt input, 5 unsupported version or codec,
  6 limit reached, 7 wrong key, 8 verification failed. After SIGINT or SIGTERM: that signal.

Environment:
  MINLEN_LEVEL       the level, where none is given (1 to 9)
  MINLEN_THREADS     the threads, where -T is not given
  MINLEN_PASSPHRASE  the passphrase, where none is given otherwise
  NO_COLOR           no colours";

/// The options of verbs that read only, in their own words: the definitions are shared with those that write.
pub fn reading(arg: clap::Arg) -> clap::Arg {
    match arg.get_id().as_str() {
        "inputs" => arg.help("The .mln files; none or `-` for standard input"),
        "base" => arg.help(
            "Read with this base: the file (or a .mln of it) that the content was stored as differences from, which \
             `minlen info` names; can be repeated",
        ),
        "model" => arg.help("Read with this codec file, which `minlen info` names; can be repeated"),
        "prior" => arg.help("Read with this prior, which `minlen info` names; can be repeated"),
        "memory" => arg.help("Most working memory to use (such as 512M or 2G)"),
        _ => arg,
    }
}

/// The same for `grep`, where two of the usual letters mean what they mean in grep.
pub fn grepping(arg: clap::Arg) -> clap::Arg {
    let arg = reading(arg);
    match arg.get_id().as_str() {
        "verbose" | "identity" => arg.short(None),
        "quiet" => {
            arg.help("Print nothing: the exit code says whether a line matches; twice: no errors either")
        }
        _ => arg,
    }
}

/// The same for `update`, whose operands have names of their own.
pub fn updating(arg: clap::Arg) -> clap::Arg {
    match arg.get_id().as_str() {
        "inputs" => arg.help("Files and folders, called in the archive as `compress` calls them"),
        "recovery" => arg.help("Add recovery data of this share of the size (default: as much as there is)"),
        _ => arg,
    }
}

/// The end of `-h`.
pub fn short_examples() -> String {
    EXAMPLES.lines().take(6).chain(["\nSee --help for all examples, memory and exit codes."]).fold(
        String::new(),
        |mut all, line| {
            let _ = writeln!(all, "{line}");
            all
        },
    )
}

/// The end of `--help`.
pub fn examples() -> String {
    format!("{EXAMPLES}\n{}\n{EXIT}", levels())
}

/// The table of levels with the memory of both sides.
pub fn levels() -> String {
    let mut table =
        String::from("Levels, with the memory of each thread in MiB:\n       encode  decode  engine\n");
    for info in minlen::levels().iter().filter(|info| info.available) {
        let (encode, decode) = (info.encode_memory >> 20, info.decode_memory >> 20);
        let name =
            if info.level == minlen::MAX_LEVEL { "max".to_owned() } else { format!("-{}", info.level) };
        let _ = writeln!(table, "  {name:<3} {encode:>7} {decode:>7}  {}", info.engine);
    }
    table
}

pub const COMPRESS: &str = "\
What becomes what:
  FILE              FILE.mln beside it, with its mode and time
  FOLDER            FOLDER.mln, an archive
  several           one .mln each; with -o OUT one archive of them all
  none, or -        standard input to standard output
  -o DIR/           the .mln files go into the folder DIR
  with --encrypt or --recipient the name ends in .mln.age, and the ordinary `age` program opens it

Examples:
  minlen compress -5 report.csv
  minlen compress src tests Cargo.toml -o crate.mln
  find . -name '*.log' -print0 | minlen compress --files0-from - -o logs.mln
  minlen compress project --exclude-vcs --exclude '*.o' --ignore-file project/.gitignore
  minlen compress /etc --metadata -o etc.mln
  minlen compress --codec bwt book.txt
  minlen compress -7 fine-tuned.safetensors --base model.safetensors
  minlen compress v2.tar --base v1.tar      only what v1.tar does not have
  minlen compress field.npy --max-error 0.1%
  minlen compress field.raw --shape f32:240x37x49
  minlen compress --rm old-backup.tar";

pub const UPDATE: &str = "\
What is new or changed under the given paths is put behind what is in the archive, which is not coded again. Files of the same length
and time are taken to be unchanged, as in tar and rsync (--checksum compares them). What is gone from the disk stays in the archive, unless
--delete is given. Names are those that `compress` gave: update with the same paths. Room that replaced files had is given back by
`minlen compact`.

Examples:
  minlen compress ~/work -o work.mln         the archive
  minlen update work.mln ~/work              ...later
  minlen update work.mln ~/work --delete --exclude '*.o'
  minlen update work.mln ~/work --delete -n  what would be done
  minlen update crate.mln src Cargo.toml -5";

pub const COMPACT: &str = "\
Updates keep what was replaced or deleted. `compact` writes the archive without it: blocks that are wholly in use are taken over as they
are, of others what is left is coded again, and several updates become one. Everything that is kept is decoded and checked before and after.

Examples:
  minlen compact work.mln
  minlen compact work.mln -7                 strongly, where something has to be coded again";

pub const DECOMPRESS: &str = "\
What becomes what:
  FILE.mln          FILE beside it, with the mode and time of FILE.mln
  an archive        its files and folders in the current folder, or in the folder that -o names
  none, or -        standard input to standard output; an archive to the current folder or that of -o

Examples:
  minlen decompress report.csv.mln
  minlen decompress crate.mln -o /tmp/crate
  minlen decompress backup.mln -o there --keep-newer
  minlen decompress crate.mln --strip-components 1 --exclude '*.md'
  minlen decompress a/b.mln c/d.mln --output-dir X --output-dir-mirror
  minlen decompress -i key.txt safe.mln.age";

pub const EXTRACT: &str = "\
Examples:
  minlen extract crate.mln src/main.rs
  minlen extract crate.mln 'src/*.rs' -o there
  minlen extract crate.mln --files-from wanted.txt --skip-existing
  minlen extract big.log.mln --range 1G..1025M -o part.log
  minlen extract --salvage damaged.mln -o there
  minlen extract model.mln --tensor lm_head.weight --rows 0..100 -o head.npy
  minlen extract model.mln --tensor 'layers.3.*' -o layer3.safetensors";

pub const REBASE: &str = "\
A file that was compressed with --base needs that base to be read. `rebase` gives the same content stored as differences
from another base, or from none, and checks that it is the same.

Examples:
  minlen rebase step900.mln --base step800.safetensors --onto step850.safetensors -o new.mln
  minlen rebase step900.mln --base step800.safetensors -o alone.mln";

pub const QUANTIZE: &str = "\
The file decompresses to the model with the weights that are left. What they cost is measured on that, and printed: bits
per weight, the error of each tensor, and with --calibrate (for the byte-level transformers that minlen knows) bits a byte
and divergence before and after. A bound that cannot be kept is an error.

Examples:
  minlen quantize model.safetensors --target-bpw 3 --calibrate text.txt
  minlen quantize model.safetensors --max-kl 0.01 --calibrate text.txt -o small.mln
  minlen quantize model.safetensors --target-size 1M -o small.safetensors
  minlen quantize model.safetensors --gguf q4_0 --calibrate text.txt -o small.gguf";

pub const TRAIN_NETWORK: &str = "\
The whole way of Deep Compression on a small network: dense training, gradual pruning with distillation, quantized
training, adaptive coding, and the error of what is decoded. docs/tutorial-lenet.md walks through it.

Example:
  minlen train network lenet-300-100 --data mnist --keep 0.04 -o lenet.mlq
  minlen eval lenet.mlq --data mnist";

pub const TRAIN_AUTOENCODER: &str = "\
A codec file holds members, ways to describe a record in a few bytes: transforms (klt; cklt with classes), which are learned in seconds, and
networks (dense, conv1d, conv2d), which take the time that is left. They are compared on records that nothing was learned from, and what
does not pay is left out; the table says which member is best at how many bytes, and what it comes to for every record.
`minlen compress --model` uses the file, and `minlen info` describes it.

DATA are IDX files (also .gz), npy and npz arrays (the first dimension counts records), folders of PNG or PNM pictures of one size, CSV tables of
numbers, WAV cut by --window, or raw numbers with --shape and --type.

Ctrl-C keeps what was learned in OUT.checkpoint; the same command with --resume goes on.

Examples:
  minlen train autoencoder train-images-idx3-ubyte.gz --test t10k-images-idx3-ubyte.gz -o digits.mlc
  minlen train autoencoder pictures --members klt,cklt:32 -o pictures.mlc
  minlen train autoencoder train-images-idx3-ubyte.gz --exact --time-budget 2m -o exact.mlc
  minlen train autoencoder sensors.npy --psnr 40 --time-budget 20m -o sensors.mlc
  minlen train autoencoder recordings --window 320 -o speech.mlc
  minlen train autoencoder table.csv --skip-columns id -o rows.mlc
  minlen train autoencoder frames.raw --shape 64x64 --type u16 --skip 512 -o frames.mlc";

pub const TRAIN: &str = "\
A prior is typical data from which the strong levels (-6 and up) start. It helps many small files of one kind, each
compressed alone. It is named in them by its hash, and needed to read them: keep it.

Examples:
  minlen train prior --kind json events/2025 -o events.mlp
  minlen compress -6 --prior events.mlp today.json
  minlen decompress --prior events.mlp today.json.mln";

pub const BENCH: &str = "\
Each file is compressed and decompressed in memory, and compared. Without --against, --levels and --codec
minlen's levels 1, 3 and 5 run against zstd:3, zstd:19, xz:6, xz:9e, brotli:11 and bzip2:9.

Examples:
  minlen bench data --levels 3,5 --against zstd:3,xz:9e
  minlen bench mini --levels 8 --quick       one set of the bundle, beside the peers measured on it
  minlen bench mini --codec bwt --jobs 2     sizes only, two files at a time
  minlen bench ablation                      the variants in bench/ablation.txt, on the set mini
  minlen bench book.txt --codec bwt --codec lz77:parse=optimal --repeats 5 --format md";

pub const CAT: &str = "\
Examples:
  minlen cat notes.txt.mln | less
  minlen cat crate.mln src/main.rs
  minlen cat big.log.mln --range 1G..1025M | grep error";

pub const LIST: &str = "\
Examples:
  minlen list photos.mln
  minlen list photos.mln --member 'photos/*.png' --sort size
  minlen list --long photos.mln              with ratio, codecs and hash of each member
  minlen list model.mln --tensors            the arrays inside: name, type, shape
  minlen list *.mln --format json";

pub const TEST: &str = "\
Exit code 0: everything that the file holds was decoded and is what was compressed. Else all that is damaged is named.

Examples:
  minlen test backup.mln
  minlen test -T4 archive/*.mln
  minlen test -i key.txt safe.mln.age";

pub const INFO: &str = "\
Examples:
  minlen info photos.mln
  minlen info model.mln --format json
  minlen info digits.mlc                     a codec file of `minlen train autoencoder`";

pub const REPAIR: &str = "\
Examples:
  minlen repair backup.mln                   writes backup.repaired.mln
  minlen repair backup.mln -o whole.mln
  minlen repair safe.mln.age                 with safe.mln.age.rec, which lies beside it";

pub const ANALYZE: &str = "\
Examples:
  minlen analyze data.bin
  minlen analyze data.bin --format json";

pub const CODECS: &str = "\
Examples:
  minlen codecs                              all of them, one a line
  minlen codecs cm lz77                      what these two can be told";

pub const EVAL: &str = "\
Example:
  minlen eval network lenet.mlq --data mnist";

pub const EVAL_AUTOENCODER: &str = "\
Each rate is written, read again and compared: bytes a record, decibels of all records together (psnr), of records on average, of the worst 5 %
and of the worst one, and times on one thread. Beside it stand the Karhunen-Loeve transform alone, codecs of single pictures (PNG; JPEG, WebP and AVIF
where cjpeg, cwebp and avifenc are installed) or sounds (flac), and compressors of the whole data, which are exact.

Examples:
  minlen eval autoencoder digits.mlc t10k-images-idx3-ubyte.gz
  minlen eval autoencoder digits.mlc t10k-images-idx3-ubyte.gz --max-records 2000 --report digits.html
  minlen eval autoencoder sensors.mlc new.npy --rates 4,8,12 --format json";

pub const TRAIN_IMAGE: &str = "\
An autoencoder with a hyperprior learns from parts of the pictures and is written in integers: the method vae of the codec of pictures. The model that
minlen brings was made this way; `crates/image/src/vae/README.md` has the command.

Examples:
  minlen train image --data photos/ --out vae.mlc
  minlen train image --data photos/ --time-budget 2h --seed 7 --out vae.mlc";

pub const EVAL_IMAGE: &str = "\
Every codec runs as a program on whole files: cjpeg, cwebp, avifenc and cjxl where they are installed (with one thread, tuned for PSNR where there
is a choice), and this program. Of each quality: bits a pixel, PSNR over red, green and blue, MS-SSIM, SSIMULACRA 2, seconds and memory of both
directions; and for each codec, how many percent of bits it takes more than the base at the same quality (Bjontegaard).

Examples:
  minlen eval image photos/ --codecs minlen:effort=2,minlen:effort=6,avif,webp --report pictures.html
  minlen eval image kodak/ --points 7 --save kodak.csv --results curves/        stopped? the same command goes on
  minlen eval image photo.png --codecs minlen,avif:speed=6 --format json";

pub const SCORE: &str = "\
A record counts by the larger of two percentiles among records that were held out in training: of the bits that it takes, which rise where it
means something else, and of the error that is left, which rises with foreign textures. Records that are simpler than usual are at the low
end, which is shown, too. A threshold is a share of usual records that is flagged by mistake: --above 99 flags up to 1 in 100 by each view.

Examples:
  minlen score digits.mlc scans.npy --pictures odd.png
  minlen score digits.mlc t10k-images-idx3-ubyte.gz --normal 0,1,2,3,4,5,6,7,9    how well are eights found?
  minlen score engine.mlc today.npy --neighbours 5 --reference normal.npy --format csv > scores.csv";

pub const EMBED: &str = "\
Latents of a network, before they are rounded, or the coordinates of a transform: 32-bit floats, a row for each record.

Examples:
  minlen embed digits.mlc t10k-images-idx3-ubyte.gz -o latents.npy
  minlen embed digits.mlc scans.npy --member klt -o coordinates.npy";

pub const SAMPLE: &str = "\
The same seed gives the same records on every machine, and the first of them do not depend on how many there are.

Examples:
  minlen sample digits.mlc --count 100 -o new.png
  minlen sample digits.mlc --count 9 --interpolate 3,17 --data t10k-images-idx3-ubyte.gz -o way.png
  minlen sample digits.mlc --count 5 --perturb --transforms shift,noise --data few.npy -o many.npy";

pub const GENERATE: &str = "\
Examples:
  minlen generate man ~/.local/share/man/man1
  minlen generate completions ~/.local/share/bash-completion/completions
  minlen generate ecg waves --count 20000    waves/ecg.npy, for `minlen train autoencoder`
  minlen generate vibration waves --type u8 --seed 2";

pub const GREP: &str = "\
Lines are those of the content. Names of members stand in front of theirs, and names of files where there are several.
Installed as `mlngrep`, the command does the same: mlngrep PATTERN FILE.mln

Exit codes: 0 a line matched, 1 none did, 2 something went wrong.

Examples:
  minlen grep -n 'error|fatal' big.log.mln
  minlen grep -l -F 'TODO' crate.mln --member '*.rs'
  pg_dump base | minlen -3 | minlen grep -c 'INSERT INTO'";
