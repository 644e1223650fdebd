//! Code in a request: base64, zip, package.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::error::Error;
use crate::api::Api;
use crate::engine::Package;
use crate::limits;
use crate::runtime::PackageError;

const EMPTY: &str = "Uploaded file must be a non-empty zip";

/// `Code` of CreateFunction; the same members stand at the top of UpdateFunctionCode.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CodeSource {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    image_uri: Option<String>,
}

impl CodeSource {
    /// Unpacks the code, if there is any.
    pub(super) async fn unpack(self, api: &Api, operation: &'static str) -> Result<Option<Package>, Error> {
        for (member, value) in [("S3Bucket", &self.s3_bucket), ("ImageUri", &self.image_uri)] {
            if value.as_deref().is_some_and(|value| !value.is_empty()) {
                return Err(Error::NotServed(format!("{member} of {operation}")));
            }
        }
        let Some(zip_file) = self.zip_file else { return Ok(None) };
        let packages = Arc::clone(&api.packages);
        let unpacked = tokio::task::spawn_blocking(move || {
            let zip = decode(&zip_file)?;
            packages.unpack(&zip).map_err(|error| refused(&error, operation))
        });
        unpacked.await.unwrap_or_else(|error| Err(Error::Host(error.to_string()))).map(Some)
    }
}

fn decode(zip_file: &str) -> Result<Vec<u8>, Error> {
    if zip_file.is_empty() {
        return Err(Error::InvalidParameter(EMPTY.to_owned()));
    }
    BASE64_STANDARD
        .decode(zip_file)
        .map_err(|error| Error::WrongType(format!("ZipFile is not base64: {error}")))
}

/// The code is not what AWS takes.
fn refused(error: &PackageError, operation: &'static str) -> Error {
    const NOT_UNZIPPED: &str =
        "Could not unzip uploaded file. Please check your file, then try to upload again.";
    match error {
        PackageError::TooLong(_) => Error::RequestTooLarge { limit: limits::REQUEST, operation },
        PackageError::UnpacksTooLarge => {
            Error::InvalidParameter("Unzipped size must be smaller than 262144000 bytes".to_owned())
        }
        PackageError::Empty => Error::InvalidParameter(EMPTY.to_owned()),
        PackageError::NotAZip(_) => Error::InvalidParameter(NOT_UNZIPPED.to_owned()),
        PackageError::Climbs(_) => Error::InvalidParameter(format!("{NOT_UNZIPPED} ({error})")),
        PackageError::Host(_) => Error::Host(error.to_string()),
    }
}

/// Without code, only the built-in handler can run.
pub(super) fn missing() -> Error {
    Error::InvalidParameter("Please provide a source for function code.".to_owned())
}
