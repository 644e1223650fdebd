//! The document around a page: it needs no network, no other file and no script.

use super::look;
use super::markup::escape;

const STYLE: &str = include_str!("page.css");

/// A browser is told to fetch nothing and to run nothing.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// A whole document. The title may come from outside; the body is markup, as
/// [`Element`](super::markup::Element)s write it.
pub(crate) fn shell(title: &str, body: &str) -> String {
    let title = escape(title);
    let (colours, definitions) = (look::style(), look::definitions());
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <style>\n{STYLE}{colours}</style>\n\
         </head>\n\
         <body>\n{definitions}\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;

    #[test]
    fn a_title_cannot_break_out() {
        let page = shell("</title><script>alert(1)</script>", "");
        assert!(!page.contains("<script"));
        assert_balanced(&page);
    }

    #[test]
    fn the_page_fetches_nothing() {
        let page = shell("title", "");
        assert!(page.contains("default-src 'none'"));
        for word in ["http:", "https:", "//", "@import", "src=", "<link"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
