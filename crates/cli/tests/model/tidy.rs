//! What a command line needs besides, to get anywhere and to end in time.

use super::commands::Given;
use super::content::PASSPHRASE;
use super::generate::Line;
use super::options::{Class, Opt};
use std::path::{Path, PathBuf};

impl Line<'_, '_> {
    /// Gives what the command needs to get anywhere at all, mostly.
    pub fn tidy(&mut self, forced: &[&Opt]) {
        let reads = self.command.is(&[
            "decompress",
            "extract",
            "cat",
            "list",
            "test",
            "info",
            "rebase",
            "update",
            "compact",
        ]);
        if self.command.has("encrypt") && !self.command.has("passphrase_file") || reads {
            self.command.passphrase = Some(PASSPHRASE.into());
        }
        let force = |id: &str| forced.iter().any(|option| option.id == id);
        if self.command.has("rm") && !force("keep") {
            self.command.options.retain(|o| o.id != "keep" && (o.id != "stdout" || force("stdout")));
        }
        if self.command.has("prior") && self.command.is(&["compress"]) && self.random.chance(85) {
            self.command.options.retain(|option| !option.id.starts_with("level"));
            self.command.options.push(Given { id: "level_6".into(), spelling: "-6".into(), value: None });
        }
        if self.command.is(&["quantize"])
            && !["target_bpw", "target_size", "max_kl", "gguf"].iter().any(|id| self.command.has(id))
        {
            self.command.options.push(Given {
                id: "target_bpw".into(),
                spelling: "--target-bpw".into(),
                value: Some("4".into()),
            });
        }
        if self.command.is(&[
            "rebase",
            "train prior",
            "train network",
            "train autoencoder",
            "embed",
            "sample",
        ]) && !self.command.has("output")
        {
            let value = Some(self.output());
            self.command.options.push(Given { id: "output".into(), spelling: "-o".into(), value });
        }
        if self.command.is(&["extract"])
            && !self.command.has("stdout")
            && !self.command.has("output")
            && self.random.chance(50)
        {
            let value = Some(self.output());
            self.command.options.push(Given { id: "output".into(), spelling: "-o".into(), value });
        }
        if self.command.is(&["bench"]) && self.random.chance(90) {
            self.command.options.retain(|option| !["repeats", "probe"].contains(&option.id.as_str()));
            self.command.options.push(Given { id: "quick".into(), spelling: "--quick".into(), value: None });
        }
        if reads && self.random.chance(70) {
            self.helpers();
        }
    }

    /// Slow levels and verbs get little to do.
    pub fn affordable(&mut self, forced: &[&Opt]) {
        const MUCH: u64 = 1 << 20;
        const SOME: u64 = 40_000;
        let slow = ["level_7", "level_8", "level_9", "max", "codec", "time_budget", "decode_speed"];
        let slow = slow.iter().any(|id| self.command.has(id)) || self.command.is(&["bench", "analyze"]);
        let fast = ["level_1", "level_2", "level_3"].iter().any(|id| self.command.has(id));
        let size = self.size();
        if !self.command.is(&["compress", "bench", "analyze", "rebase", "update", "compact"]) {
            return;
        }
        if size > MUCH && !fast && !slow && !forced.iter().any(|o| o.id.starts_with("level")) {
            self.command.options.retain(|option| !option.id.starts_with("level"));
            self.command.options.push(Given { id: "level_1".into(), spelling: "-1".into(), value: None });
        } else if !self.command.is(&["update", "compact"]) && size > if slow { SOME } else { MUCH } && !fast {
            let small = self.disk.files().filter(|(_, blob)| blob.len < SOME).map(|(path, _)| path.clone());
            let small: Vec<PathBuf> = small.collect();
            self.command.operands =
                self.random.any(&small).into_iter().map(PathBuf::into_os_string).collect();
        }
    }

    /// Bytes below the operands.
    pub fn size(&self) -> u64 {
        let paths = self.command.operands.iter().map(|path| self.disk.resolve(Path::new(path), true));
        let listed = self.command.stdin.iter().flat_map(|list| list.split(|b| *b == 0 || *b == b'\n'));
        let listed = listed.map(|name| self.disk.resolve(&super::commands::path(name), true));
        let below = paths.chain(listed).map(|path| {
            self.disk.under(&path).filter_map(|(_, entry)| entry.blob()).map(|blob| blob.len).sum::<u64>()
        });
        below.sum()
    }

    /// Reading needs what writing used: whatever of it is there.
    pub fn helpers(&mut self) {
        for (id, class, spelling) in [
            ("identity", Class::Key, "-i"),
            ("base", Class::Model, "--base"),
            ("prior", Class::Prior, "--prior"),
        ] {
            let mut fits = self.fitting(class);
            fits.retain(|path| self.disk.file(path).is_some_and(|blob| !blob.is_archive()));
            if !self.command.has(id)
                && self.random.chance(60)
                && let Some(path) = self.random.any(&fits)
            {
                let value = Some(path.into_os_string());
                self.command.options.push(Given { id: id.into(), spelling: spelling.into(), value });
            }
        }
    }
}
