//! Whether what is written gets encrypted. Keys that were given and would do nothing are refused: whoever gives a passphrase, or
//! an identity where a recipient belongs, must not get a file that anyone can read.

use crate::args::SealArgs;
use crate::plan::Context;
use minlen::container::crypt::{self, Recipients};
use minlen::{Error, Result};
use std::io::Write;

/// Who can open what is written.
#[derive(Clone, Debug)]
pub struct Seal(Option<Recipients>);

impl Seal {
    /// From the options. Asks for a passphrase at once, so that nobody waits for the question.
    pub fn new(args: &SealArgs, ctx: &Context) -> Result<Self> {
        if args.encrypt && !args.recipient.is_empty() {
            return Err(Error::usage("--encrypt and --recipient exclude each other")
                .remedy("an age file has either a passphrase or recipients"));
        }
        crypt::check_recipients(&args.recipient)?;
        if !args.no_encrypt {
            refuse_idle(args, ctx)?;
        }
        Ok(Self(match (args.encrypt, args.recipient.is_empty()) {
            (true, _) => Some(Recipients::Passphrase(crypt::secret(ctx.keys.new_passphrase()?))),
            (false, false) => Some(Recipients::Keys(args.recipient.clone())),
            (false, true) => None,
        }))
    }

    /// True if the output is encrypted.
    pub fn encrypts(&self) -> bool {
        self.0.is_some()
    }

    /// True where what this run writes can be opened again with what it knows.
    pub fn can_read_back(&self, ctx: &Context) -> bool {
        !matches!(self.0, Some(Recipients::Keys(_))) || !ctx.keys.identities().is_empty()
    }

    /// Has `body` write to `out`, through the encryption if there is any.
    pub fn write<T>(&self, out: &mut dyn Write, body: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
        let Some(recipients) = &self.0 else { return body(out) };
        let mut sealed = crypt::encrypt_writer(out, recipients)?;
        let done = body(&mut sealed)?;
        sealed.finish()?;
        Ok(done)
    }
}

/// Refuses keys that have opened nothing by now and would lock nothing either.
fn refuse_idle(args: &SealArgs, ctx: &Context) -> Result<()> {
    let plain = !args.encrypt && args.recipient.is_empty();
    match ctx.keys.idle_passphrase() {
        Some(given) if plain => {
            return Err(Error::usage(format!(
                "{given} gives a passphrase, and nothing would be encrypted with it"
            ))
            .remedy("add --encrypt to encrypt, or --no-encrypt if that is meant"));
        }
        // It may be that of an identity, or a variable that is always set.
        Some("--passphrase-file") if !args.encrypt && !ctx.keys.idle_identities() => {
            return Err(Error::usage("--passphrase-file gives a passphrase that would not open the output")
                .remedy("use --encrypt instead of --recipient to lock it with a passphrase"));
        }
        _ => {}
    }
    if ctx.keys.idle_identities() && args.recipient.is_empty() {
        return Err(Error::usage("--identity opens files and encrypts none").remedy(
            "add --recipient AGE1... (`age-keygen -y FILE` shows it), or --no-encrypt if that is meant",
        ));
    }
    Ok(())
}
