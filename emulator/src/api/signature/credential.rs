//! Whose key a request is signed with, and the scope that the signature is for:
//! `KEY_ID/DATE/REGION/SERVICE/aws4_request`.

use time::OffsetDateTime;

use super::moment;
use super::refusal::Refusal;
use super::service::Service;

/// The last part of every scope.
pub(super) const TERMINATOR: &str = "aws4_request";

/// What a signature says of its key and scope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Credential<'a> {
    pub(super) key_id: &'a str,
    pub(super) date: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    terminator: &'a str,
}

impl<'a> Credential<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = text.trim_end_matches('/').split('/').collect();
        match parts[..] {
            [key_id, date, region, service, terminator] => {
                Ok(Self { key_id, date, region, service, terminator })
            }
            _ => Err(Refusal::Credential(text.to_owned())),
        }
    }

    /// AWS says all that is wrong with a scope at once.
    pub(super) fn check_scope(
        &self,
        service: Service,
        here: &str,
        at: OffsetDateTime,
    ) -> Result<(), Refusal> {
        let mut wrong = String::new();
        if !service.takes_region(self.region, here) {
            wrong += &format!("Credential should be scoped to a valid region, not '{}'. ", self.region);
        }
        if self.service != service.name() {
            wrong += &format!("Credential should be scoped to correct service: '{}'. ", service.name());
        }
        if self.terminator != TERMINATOR {
            wrong += &format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'. ",
                self.terminator
            );
        }
        let at = moment::compact(at);
        if self.date != &at[..8] {
            wrong += &format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{}' != '{}', from '{at}'.",
                self.date,
                &at[..8]
            );
        }
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::Scope(wrong)) }
    }

    /// The scope alone.
    pub(super) fn scope(&self) -> String {
        [self.date, self.region, self.service, self.terminator].join("/")
    }
}
