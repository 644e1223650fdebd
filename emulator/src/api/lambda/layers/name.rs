//! The ways to name a layer: its name or its ARN, and a version's number.

use crate::api::Api;
use crate::api::call::Call;
use crate::api::lambda::error::Error;
use crate::api::lambda::path;
use crate::config::Identity;

/// Where the paths of these operations have the name and the number.
const NAME: usize = 2;
const VERSION: usize = 4;

/// A layer of this account and region.
#[derive(Debug)]
pub(super) struct LayerName(String);

impl LayerName {
    /// Reads the name from a path. The form was checked before.
    pub(super) fn from_path(api: &Api, call: &Call, action: &'static str) -> Result<Self, Error> {
        let text = path::segment(call, NAME);
        let name = text.rsplit(':').next().unwrap_or_default();
        check_place(&api.identity, &text, &api.identity.layer_arn(name), action)?;
        Ok(Self(name.to_owned()))
    }

    /// Reads the ARN of a version. The form was checked before.
    pub(super) fn from_version_arn(api: &Api, arn: &str, action: &'static str) -> Result<(Self, u64), Error> {
        let (layer, version) = arn.rsplit_once(':').unwrap_or_default();
        let name = layer.rsplit(':').next().unwrap_or_default();
        check_place(&api.identity, layer, &api.identity.layer_arn(name), action)?;
        // A number that is too great is one that no version has.
        Ok((Self(name.to_owned()), version.parse().unwrap_or(u64::MAX)))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The version's number in a path.
pub(super) fn version(call: &Call) -> Result<u64, Error> {
    let text = path::segment(call, VERSION);
    let number: i64 = text
        .parse()
        .map_err(|_| Error::WrongType(format!("VersionNumber is '{text}', not a whole number")))?;
    match u64::try_from(number) {
        Ok(version) if version > 0 => Ok(version),
        Ok(_) | Err(_) => Err(Error::InvalidParameter("Layer Version Cannot be less than 1".to_owned())),
    }
}

/// Refuses the layers of others: there are none here.
fn check_place(identity: &Identity, given: &str, here: &str, action: &'static str) -> Result<(), Error> {
    if !given.contains(':') || given == here {
        return Ok(());
    }
    let account_id = identity.account_id.clone();
    Err(Error::OtherAccount { account_id, action, arn: given.to_owned() })
}
