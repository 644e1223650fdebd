//! Lists, page by page.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::error::Error;
use crate::api::call::Call;
use crate::engine::Qualifier;

/// Which part of a sorted list a request asks for.
#[derive(Debug)]
pub(super) struct Page {
    after: Option<String>,
    size: usize,
}

impl Page {
    /// Reads `Marker` and `MaxItems`, which was checked to be in its range; no
    /// page is longer than `longest`.
    pub(super) fn of(call: &Call, longest: usize) -> Result<Self, Error> {
        let size = match call.parameter("MaxItems") {
            Some(text) => max_items(&text)?.min(longest),
            None => longest,
        };
        let after = match call.parameter("Marker").filter(|marker| !marker.is_empty()) {
            Some(marker) => Some(decode(&marker).ok_or_else(|| {
                Error::InvalidParameter(format!("Marker '{marker}' is none that this list gave."))
            })?),
            None => None,
        };
        Ok(Self { after, size })
    }

    /// The page of `items`, which come sorted by `key`, and the marker of the
    /// next one if there is more.
    pub(super) fn cut<T>(
        &self,
        items: impl Iterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let after = |item: &T| self.after.as_ref().is_none_or(|after| key(item) > *after);
        let mut items = items.filter(after);
        let page: Vec<T> = items.by_ref().take(self.size).collect();
        let more = items.next().is_some();
        let marker = page.last().filter(|_| more).map(|last| BASE64_URL_SAFE_NO_PAD.encode(key(last)));
        (page, marker)
    }
}

/// A key that sorts as qualifiers do: `$LATEST`, versions by number, aliases.
pub(super) fn qualifier_key(qualifier: &Qualifier) -> String {
    match qualifier {
        Qualifier::Latest => qualifier.to_string(),
        Qualifier::Version(number) => format!("{number:020}"),
        Qualifier::Alias(name) => format!(":{name}"),
    }
}

fn max_items(text: &str) -> Result<usize, Error> {
    text.parse().map_err(|_| Error::WrongType(format!("MaxItems is '{text}', not a whole number")))
}

fn decode(marker: &str) -> Option<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(marker).ok()?;
    String::from_utf8(bytes).ok()
}
