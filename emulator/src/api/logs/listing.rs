//! Pages of groups and streams.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::error::Error;

/// The page of `items` that begins behind `token`, and the token of the next
/// one if there is more. `key` gives each item its place; `descending` turns
/// the order around.
pub(super) fn page<T>(
    mut items: Vec<T>,
    key: impl Fn(&T) -> String,
    descending: bool,
    token: Option<&str>,
    limit: usize,
) -> Result<(Vec<T>, Option<String>), Error> {
    items.sort_by_cached_key(&key);
    if descending {
        items.reverse();
    }
    if let Some(token) = token {
        let last = decode(token).ok_or(Error::InvalidToken)?;
        items.retain(|item| if descending { key(item) < last } else { key(item) > last });
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| BASE64_URL_SAFE_NO_PAD.encode(key(last)));
    Ok((items, next))
}

fn decode(token: &str) -> Option<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(descending: bool) -> Vec<String> {
        let all: Vec<String> = ["c", "a", "e", "b", "d"].map(str::to_owned).into();
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let (items, next) =
                page(all.clone(), String::clone, descending, token.as_deref(), 2).expect("a good token");
            seen.push(items.concat());
            token = next;
            if token.is_none() {
                return seen;
            }
        }
    }

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        assert_eq!(walk(false), ["ab", "cd", "e"]);
        assert_eq!(walk(true), ["ed", "cb", "a"]);
        let bad = page(vec!["a".to_owned()], String::clone, false, Some("%"), 2);
        assert_eq!(bad, Err(Error::InvalidToken));
    }
}
