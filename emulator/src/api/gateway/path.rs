//! Paths with variables: `/pets/{id}` and `/{proxy+}`.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// How one path fits a template: smaller is more specific, segment by segment.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit(Vec<Rank>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Literal,
    Variable,
    Greedy,
}

/// A path's decoded segments.
#[derive(Debug)]
pub(super) struct Segments(Vec<String>);

impl Segments {
    /// Reads a path; a slash at its end makes an empty last segment.
    pub(super) fn of(path: &str) -> Self {
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.is_empty() {
            return Self(Vec::new());
        }
        Self(path.split('/').map(decoded).collect())
    }

    /// How the path fits the template, and what its variables stand for.
    pub(super) fn fit(&self, template: &str) -> Option<(Fit, BTreeMap<String, String>)> {
        let (mut ranks, mut variables) = (Vec::new(), BTreeMap::new());
        let mut rest = self.0.as_slice();
        for part in template.split('/').filter(|part| !part.is_empty()) {
            let (first, others) = rest.split_first()?;
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                None if part == first => ranks.push(Rank::Literal),
                None => return None,
                Some(name) => match name.strip_suffix('+') {
                    Some(name) => {
                        ranks.push(Rank::Greedy);
                        variables.insert(name.to_owned(), rest.join("/"));
                        return Some((Fit(ranks), variables));
                    }
                    None if first.is_empty() => return None,
                    None => {
                        ranks.push(Rank::Variable);
                        variables.insert(name.to_owned(), first.clone());
                    }
                },
            }
            rest = others;
        }
        rest.is_empty().then_some((Fit(ranks), variables))
    }
}

/// The first segment of a path and the path that follows it.
pub(super) fn split_first(path: &str) -> (String, String) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.split_once('/') {
        Some((first, rest)) => (decoded(first), format!("/{rest}")),
        None => (decoded(path), "/".to_owned()),
    }
}

/// A path or a part of it without percent-encoding.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_templates() {
        for (path, template, expected) in [
            ("/", "/", Some(vec![])),
            ("/pets", "/pets", Some(vec![])),
            ("/pets/", "/pets", None),
            ("/pets/a%20b", "/pets/{id}", Some(vec![("id", "a b")])),
            ("/pets/", "/pets/{id}", None),
            ("/a/b/c", "/{x}/{proxy+}", Some(vec![("proxy", "b/c"), ("x", "a")])),
            ("/", "/{proxy+}", None),
            ("/a", "/a/b", None),
        ] {
            let fit = Segments::of(path).fit(template).map(|(_, variables)| variables);
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            assert_eq!(
                fit,
                expected.map(|variables| variables.into_iter().map(owned).collect()),
                "{path} {template}"
            );
        }
    }

    #[test]
    fn the_most_specific_template_wins() {
        let path = Segments::of("/pets/dog/1");
        let mut fits: Vec<_> = ["/{proxy+}", "/pets/{proxy+}", "/{x}/dog/1", "/pets/dog/{id}", "/pets/dog/1"]
            .into_iter()
            .filter_map(|template| path.fit(template).map(|(fit, _)| (fit, template)))
            .collect();
        fits.sort();
        let order: Vec<_> = fits.into_iter().map(|(_, template)| template).collect();
        assert_eq!(order, ["/pets/dog/1", "/pets/dog/{id}", "/pets/{proxy+}", "/{x}/dog/1", "/{proxy+}"]);
    }
}
