//! What to do about an error, in the options of the command.

use minlen::Advice;

/// The option or verb that does it.
pub fn words(advice: Advice) -> String {
    match advice {
        Advice::MoreMemory => "raise the limit with --memory SIZE",
        Advice::ReadWithMemory { bytes } => {
            return format!("read with --memory {}M", bytes.div_ceil(1 << 20));
        }
        Advice::MoreOutput => "raise it with --max-output BYTES if you trust the file",
        Advice::AnyRatio => "pass --max-ratio 0 if you trust the file",
        Advice::Repair => "try `minlen repair`",
        Advice::RepairOrSalvage => "try `minlen repair`, or `minlen extract --salvage` for what is left",
        Advice::Salvage => "`minlen extract --salvage` takes out what is not damaged",
        Advice::ExtractAll => "raise --memory, or `minlen extract`, which needs each block once",
        Advice::ReadArchive => "extract it with `minlen decompress ARCHIVE -o FOLDER`",
        Advice::ListMembers => "see `minlen list ARCHIVE`",
        Advice::Replace => "use -f to overwrite it",
        Advice::SecretKey => "pass the secret key with --identity FILE",
        Advice::OwnRecovery => "name the right one with --recovery FILE",
        Advice::Prior => "name its file with --prior FILE",
        Advice::Model => "name its file with --model FILE",
        Advice::Base => "name that file with --base",
        Advice::Rebase => "see `minlen rebase`",
        Advice::Shape => "give the shape of the whole file with --shape, or leave it out",
        Advice::LargerError => "leave out --max-error, or allow more",
        Advice::Calibration => "give one with --calibrate FILE",
        Advice::NoCalibration => "without --calibrate any model can be quantized, by its weights alone",
        Advice::OtherFormat => "leave out --gguf, or convert the model first",
        other => return other.to_string(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen::Limits;

    #[test]
    fn limits_name_the_option_that_raises_them() {
        let limits = Limits::default().with_output(1 << 30);
        for (output, option) in [(2 << 30, "--max-output"), (1 << 30, "--max-ratio 0")] {
            let error = limits.check_output(output, 1).unwrap_err();
            assert!(crate::ui::line(&error).contains(option), "{error}");
            assert!(!error.to_string().contains("--"), "{error}");
        }
        assert_eq!(words(Advice::ReadWithMemory { bytes: (300 << 20) - 1 }), "read with --memory 300M");
    }
}
