//! What every verb needs: the voice, the stop flag, the limits, the keys.

use super::keys::KeyRing;
use super::ledger::{Ledger, Role};
use super::{Source, gather};
use crate::args::{Common, EncodeArgs, Format, InputArgs, KeyArgs, LevelArgs, LimitArgs};
use crate::ui::{Report, Ui};
use minlen::archive::Keys;
use minlen::container::crypt;
use minlen::layout::BaseSet;
use minlen::prior::PriorUse;
use minlen::{Cancel, Env, Error, Learned, Limits, Options, Resources, Result};
use std::cell::{OnceCell, RefCell};
use std::fs::Metadata;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of memory that an entry of an archive takes at least.
const ENTRY: u64 = 128;
/// The name of no prior.
const NONE: &str = "none";

/// The surroundings of a verb.
pub struct Context {
    /// Messages and progress.
    pub ui: Ui,
    /// What is told of each file, for programs.
    pub report: Report,
    /// Passphrase and identities.
    pub keys: KeyRing,
    cancel: Cancel,
    /// Threads, as many as make sense, and as many as were asked for.
    threads: usize,
    asked: usize,
    memory: Option<u64>,
    limits: LimitArgs,
    priors: Vec<PathBuf>,
    models: Vec<PathBuf>,
    bases: Vec<PathBuf>,
    opened: OnceCell<BaseSet>,
    /// The priors and codec files that were named, once they were read, these last.
    learned: RefCell<Vec<Learned>>,
    ledger: RefCell<Ledger>,
}

impl Context {
    /// From the options that verbs share.
    pub fn new(verb: &'static str, common: &Common, format: Format, cancel: &Cancel) -> Self {
        Self {
            ui: Ui::new(common, format, false),
            report: Report::new(verb, format == Format::Json),
            asked: common.threads,
            keys: KeyRing::default(),
            cancel: cancel.clone(),
            threads: sensible(common.threads),
            memory: common.memory,
            limits: LimitArgs::default(),
            priors: Vec::new(),
            models: Vec::new(),
            bases: Vec::new(),
            opened: OnceCell::new(),
            learned: RefCell::default(),
            ledger: RefCell::default(),
        }
    }

    /// Enters a file or folder that the run reads into its plan.
    ///
    /// # Errors
    /// Usage if the run writes it.
    pub fn will_read(&self, role: Role, path: &Path) -> Result<()> {
        self.ledger.borrow_mut().read(role, path)
    }

    /// Enters everything that the options of a verb name to be read.
    pub fn will_read_keys(&self, keys: &KeyArgs) -> Result<()> {
        let priors =
            keys.prior.iter().filter(|path| *path != Path::new(NONE)).map(|path| (Role::Prior, path));
        let models = keys.model.iter().map(|path| (Role::Model, path));
        let bases = keys.base.iter().map(|path| (Role::Base, path));
        let identities = keys.identity.iter().map(|path| (Role::Identity, path));
        let passphrase = keys.passphrase_file.iter().map(|path| (Role::Passphrase, path));
        let mut all = priors.chain(models).chain(bases).chain(identities).chain(passphrase);
        all.try_for_each(|(role, path)| self.will_read(role, path))
    }

    /// Enters an input.
    pub fn will_read_source(&self, source: &Source) -> Result<()> {
        match source {
            Source::Stdin => self.ledger.borrow_mut().read_standard_input(),
            Source::Path(path) => self.will_read(Role::Input, path),
        }
    }

    /// The inputs of a verb, all of them entered.
    pub fn inputs(&self, args: &InputArgs) -> Result<Vec<Source>> {
        let inputs = gather(args)?;
        inputs.iter().try_for_each(|input| self.will_read_source(input))?;
        Ok(inputs)
    }

    /// Enters a file that the run writes, made `from` this.
    ///
    /// # Errors
    /// Usage if the run reads it, or writes it for something else.
    pub fn will_write(&self, path: &Path, from: &str) -> Result<()> {
        self.ledger.borrow_mut().write(path, from)
    }

    /// Enters a file that the run reads and then replaces by a new one.
    ///
    /// # Errors
    /// Usage if the run reads it as something else, or writes it for something else.
    pub fn will_replace(&self, path: &Path) -> Result<()> {
        self.ledger.borrow_mut().replace(path)
    }

    /// Tells that what several inputs become is to be held against each other.
    pub fn expect_several(&self) {
        self.ledger.borrow_mut().expect_several();
    }

    /// Enters what an archive puts into `folder`.
    ///
    /// # Errors
    /// Usage if something else of the run has one of the places.
    pub fn enter_members<'n>(
        &self,
        folder: &Path,
        from: &str,
        force: bool,
        members: impl Iterator<Item = (&'n Path, bool)>,
    ) -> Result<()> {
        self.ledger.borrow_mut().members(folder, from, force, members)
    }

    /// The plan of the run.
    pub fn ledger(&self) -> std::cell::Ref<'_, Ledger> {
        self.ledger.borrow()
    }

    /// Takes note of the permissions of something that an output is made of.
    pub fn note_source(&self, meta: &Metadata) {
        self.ledger.borrow_mut().note_source(meta);
    }

    /// The permission bits that outputs may have, so that what is private stays private.
    pub fn mask(&self) -> u32 {
        self.ledger.borrow().mask()
    }

    /// The same with the decision of every part printed.
    pub fn explaining(mut self, common: &Common, explain: bool) -> Self {
        self.ui = Ui::new(common, self.ui.format, explain);
        self
    }

    /// The same with keys.
    pub fn with_keys(mut self, keys: &KeyArgs) -> Self {
        self.keys = KeyRing::new(keys);
        self.priors.clone_from(&keys.prior);
        self.models.clone_from(&keys.model);
        self.bases.clone_from(&keys.base);
        self
    }

    /// The same with limits on reading.
    pub fn with_limits(mut self, limits: &LimitArgs) -> Self {
        self.limits = limits.clone();
        self
    }

    /// Threads to use; 0 for all cores.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Says what of the options is not done as asked.
    pub fn announce(&self) {
        if self.threads != self.asked {
            let (asked, used) = (self.asked, self.threads);
            self.ui.warn(&format!(
                "-T {asked}: no machine has use for so many threads; {used} are used at most"
            ));
        }
    }

    /// Reads the priors and codec files that were named.
    pub fn load_learned(&self) -> Result<()> {
        let read = |path: &Path| std::fs::read(path).map_err(|e| Error::io("cannot read", e).in_file(path));
        for path in self.priors.iter().filter(|path| *path != Path::new(NONE)) {
            let part = minlen::prior::open(&read(path)?).map_err(|e| e.in_file(path))?;
            self.learned.borrow_mut().push(part);
        }
        for path in &self.models {
            let file = minlen_train::insight::bytes(path)?;
            let part = minlen::latent::open(&file).map_err(|e| e.in_file(path))?;
            self.learned.borrow_mut().push(part);
        }
        Ok(())
    }

    /// Opens the bases that were named.
    pub fn load_bases(&self) -> Result<()> {
        if !self.bases.is_empty() {
            let set = self.open_bases(&self.bases)?;
            let _ = self.opened.set(set);
        }
        Ok(())
    }

    /// Opens these as bases, each with those before it.
    pub fn open_bases(&self, paths: &[PathBuf]) -> Result<BaseSet> {
        // The arrays of a base are read as often as they are needed.
        let env = self.limited();
        let mut all = Keys::default();
        for path in paths {
            // What cannot be read is named when it is opened.
            let keys = self.keys.keys_for(&head(path).unwrap_or_default(), &env)?;
            all.passphrase = all.passphrase.or(keys.passphrase);
            all.secret_keys.extend(keys.secret_keys);
        }
        BaseSet::open(paths, &all, &self.read_options(), &env)
    }

    fn prior_use(&self) -> PriorUse {
        match self.priors.last() {
            None => PriorUse::Auto,
            Some(path) if path == Path::new(NONE) => PriorUse::None,
            Some(_) => PriorUse::Own,
        }
    }

    /// Surroundings for reading one input: safe limits unless others were asked for, on all of its output together.
    pub fn reading(&self) -> Env {
        self.limited().accounting()
    }

    /// Surroundings for reading back what this run wrote, before its sources go: with the limits that anybody reads with who gives
    /// no option. More memory than that may have written it, and does not count.
    pub fn reading_back(&self) -> Env {
        let usual = Limits::default().memory;
        self.env(Limits::default().with_memory(self.memory.unwrap_or(usual).min(usual)))
    }

    /// The same for something that is read as often as it is needed.
    fn limited(&self) -> Env {
        let mut limits = Limits::default();
        if let Some(memory) = self.memory {
            limits = limits.with_memory(memory);
            // Who has the memory may read archives of more entries than the default allows.
            limits.entries = limits.entries.max(memory / ENTRY);
        }
        if let Some(output) = self.limits.max_output {
            limits = limits.with_output(output);
        }
        if let Some(ratio) = self.limits.max_ratio {
            limits = limits.with_ratio(ratio);
        }
        self.env(limits)
    }

    /// Surroundings for writing: the input is trusted, so only the memory is bounded.
    pub fn writing(&self) -> Env {
        self.env(self.memory.map_or_else(Limits::none, |memory| Limits::none().with_memory(memory)))
    }

    fn env(&self, limits: Limits) -> Env {
        let bases = self.opened.get().map(BaseSet::resources).unwrap_or_default();
        let resources = self.learned.borrow().iter().cloned().fold(bases, Resources::with_learned);
        Env::new(limits)
            .with_progress(Arc::clone(&self.ui.meter) as _)
            .with_cancel(self.cancel.clone())
            .with_resources(resources)
    }

    /// Refuses to go on once a signal came.
    pub fn check(&self) -> Result<()> {
        self.env(Limits::none()).check()
    }

    /// The stop flag.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Options for reading.
    pub fn read_options(&self) -> Options {
        self.resources(Options::default())
    }

    /// Options for compressing.
    pub fn write_options(&self, args: &EncodeArgs) -> Result<Options> {
        let LevelArgs { asked, overruled } = &args.levels;
        if !overruled.is_empty() {
            let others: Vec<String> = overruled.iter().map(ToString::to_string).collect();
            self.ui.note(&format!("minlen: {} and {asked}: the last one counts", others.join(", ")));
        }
        let mut options = asked.options(|| match args.time_budget {
            // A budget may buy more than the default.
            Some(_) => Options::new(Options::top_level()),
            None => Ok(Options::default()),
        })?;
        if let Some(time) = args.time_budget {
            options = options.with_time_budget(time);
        }
        if let Some(speed) = args.decode_speed {
            options = options.with_decode_speed(speed);
        }
        if let Some(chain) = &args.codec {
            options = options.with_codec(chain)?;
        }
        if let Some(size) = args.block_size {
            options = options.with_block_size(usize::try_from(size).unwrap_or(usize::MAX));
        }
        if let Some(solid) = args.solid {
            options = options.with_solid(solid);
        }
        if let Some(target) = args.arrays.target() {
            options = options.with_target(target)?;
        }
        if let (Some(path), Some(part)) = (self.models.last(), self.learned.borrow().last()) {
            let exact = minlen::latent::model_of(part).is_some_and(|model| model.predictor.is_some());
            if args.arrays.target().is_none() && !exact {
                return Err(Error::usage("nothing says how near records must stay")
                    .remedy("name --psnr DB, --max-error E or --bytes-per-record N; exactly, a codec file of `train autoencoder --exact` helps")
                    .in_file(path));
            }
            options = options.with_model(part.clone())?.with_embedded_model(args.arrays.embed_model);
        }
        if let Some(shape) = &args.arrays.shape {
            options = options.with_shape(shape.dtype, &shape.sizes);
        }
        if let Some(bases) = self.opened.get() {
            options = options.with_bases(bases.clone());
        }
        let options = options.with_prior(self.prior_use());
        let options =
            options.with_dedup(!args.no_dedup).with_rsyncable(args.rsyncable).with_times(!args.no_times);
        Ok(self.resources(options.with_compact(!args.no_compact)))
    }

    fn resources(&self, options: Options) -> Options {
        let options = options.with_threads(self.threads);
        match self.memory {
            Some(memory) => options.with_memory(memory),
            None => options,
        }
    }
}

/// More threads than this are of no use anywhere, unless the machine has more cores.
const MOST_THREADS: usize = 256;

/// As many threads as were asked for, within reason.
fn sensible(threads: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    threads.min(MOST_THREADS.max(cores))
}

/// The first bytes of a file.
fn head(path: &Path) -> Result<Vec<u8>> {
    let failed = |e| Error::io("cannot open", e).in_file(path);
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(crypt::HEAD as u64).read_to_end(&mut head).map_err(failed)?;
    Ok(head)
}
