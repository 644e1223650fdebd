//! The layers that a function has.

use std::sync::Arc;

use serde::Serialize;

use super::name::LayerName;
use crate::api::Api;
use crate::api::lambda::error::Error;
use crate::engine::{FunctionSpec, LayerVersion};
use crate::limits;

/// Layers of one function at most (Developer Guide, "Lambda quotas").
const MOST: usize = 5;

/// A layer in a function's configuration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::lambda) struct Attached<'a> {
    arn: &'a str,
    code_size: u64,
}

impl<'a> Attached<'a> {
    pub(in crate::api::lambda) fn new(layer: &'a LayerVersion) -> Self {
        Self { arn: &layer.arn, code_size: layer.size }
    }
}

/// Finds the versions that a function is to have.
pub(in crate::api::lambda) fn resolve(api: &Api, arns: &[String]) -> Result<Vec<LayerVersion>, Error> {
    if arns.len() > MOST {
        return Err(invalid(format!("Cannot reference more than {MOST} layers.")));
    }
    let mut names: Vec<(String, &str)> = Vec::new();
    let mut layers = Vec::new();
    for arn in arns {
        check_region(api, arn)?;
        let (name, version) = LayerName::from_version_arn(api, arn, "GetLayerVersion")?;
        let found = api.driver.step(|engine, _| engine.layer_version(name.as_str(), version).cloned());
        let found = found.ok_or_else(|| invalid(format!("Layer version {arn} does not exist.")))?;
        if let Some((_, other)) = names.iter().find(|(other, _)| other == name.as_str()) {
            return Err(invalid(format!(
                "Two different versions of the same layer are not allowed to be referenced in the same function. \
                 {other} and {arn} are versions of the same layer."
            )));
        }
        names.push((name.as_str().to_owned(), arn));
        let package = &found.spec.package;
        layers.push(LayerVersion {
            arn: arn.clone(),
            size: package.size,
            unzipped_size: package.unzipped_size,
            root: Arc::clone(&package.root),
        });
    }
    Ok(layers)
}

/// Code and layers share one limit.
pub(in crate::api::lambda) fn check_size(spec: &FunctionSpec) -> Result<(), Error> {
    let limit = limits::UNZIPPED_CODE;
    let layers: u64 = spec.layers.iter().map(|layer| layer.unzipped_size).sum();
    if layers > limit {
        return Err(invalid(format!("Layers consume more than the available size of {limit} bytes")));
    }
    let size = layers + spec.code.package().map_or(0, |package| package.unzipped_size);
    if size > limit {
        return Err(invalid(format!(
            "Function code combined with layers exceeds the maximum allowed size of {limit} bytes. The actual \
             size is {size} bytes."
        )));
    }
    Ok(())
}

fn check_region(api: &Api, arn: &str) -> Result<(), Error> {
    let (here, account) = (&api.identity.region, &api.identity.account_id);
    let mut parts = arn.split(':').skip(3);
    let (region, owner) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if owner == account && region != here {
        return Err(invalid(format!(
            "Layers are not in the same region as the function. Layers are expected to be in region {here}."
        )));
    }
    Ok(())
}

fn invalid(text: String) -> Error {
    Error::InvalidParameter(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine::{Code, HandlerModel, Package};

    fn check(layers: &[u64], code: u64) -> String {
        let root: Arc<Path> = Path::new("/").into();
        let layer = |&unzipped_size: &u64| LayerVersion {
            arn: String::new(),
            size: 0,
            unzipped_size,
            root: Arc::clone(&root),
        };
        let package =
            Package { sha256: String::new(), size: 0, unzipped_size: code, root: Arc::clone(&root) };
        let spec = FunctionSpec {
            layers: layers.iter().map(layer).collect(),
            code: Code::Package(package),
            ..FunctionSpec::simulated(HandlerModel::default())
        };
        check_size(&spec).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn code_and_layers_share_one_limit() {
        assert_eq!(check(&[131_072_000, 100_000_000], 31_072_000), "");
        assert_eq!(
            check(&[131_072_000, 100_000_000], 31_072_001),
            "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual \
             size is 262144001 bytes."
        );
        assert_eq!(
            check(&[131_072_000, 131_072_001], 0),
            "Layers consume more than the available size of 262144000 bytes"
        );
    }
}
