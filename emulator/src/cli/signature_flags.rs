//! Flags of signatures.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Args, Command};
use emulator::Credentials;

/// Whether it matters who signed, and who may.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signatures")]
pub(super) struct SignatureFlags {
    /// Refuse what is not signed by one of --credentials, as AWS does
    ///
    /// Without this, any credentials will do. With it and without --credentials,
    /// the key `test` with the secret `test` is the only one. Signatures are
    /// judged by this machine's clock, whatever --speed says. What functions
    /// call has keys of its own, as on AWS.
    #[arg(long, env = "EMULATOR_VERIFY_SIGNATURES")]
    verify_signatures: bool,

    /// Key that requests may be signed with; repeatable
    ///
    /// A temporary key comes with its session token. The variable takes several,
    /// separated by commas, and keeps them out of the list of processes.
    #[arg(long, env = "EMULATOR_CREDENTIALS", hide_env_values = true, value_delimiter = ',')]
    #[arg(value_name = "KEY_ID:SECRET[:TOKEN]", value_parser = Parser, requires = "verify_signatures")]
    credentials: Vec<Credentials>,
}

impl SignatureFlags {
    /// Those that count: none unless signatures are verified.
    pub(super) fn credentials(&self) -> Vec<Credentials> {
        match (self.verify_signatures, &self.credentials[..]) {
            (false, _) => Vec::new(),
            (true, []) => vec![Credentials::new("test", "test")],
            (true, given) => given.to_vec(),
        }
    }
}

/// Reads credentials. What is wrong with them is told without repeating them.
#[derive(Debug, Clone, Copy)]
struct Parser;

impl TypedValueParser for Parser {
    type Value = Credentials;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Credentials, clap::Error> {
        let parsed = value.to_str().and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| {
            let message = format!("invalid value for '--credentials': {}", Credentials::FORMAT);
            command.clone().error(ErrorKind::ValueValidation, message)
        })
    }
}
