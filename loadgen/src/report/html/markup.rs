//! HTML and SVG as values.
//!
//! Knows nothing of reports. Whatever goes into an element as text or as an
//! attribute's value is escaped on its way in, and every tag that opens closes:
//! there is no way to forget either.

use std::fmt::{self, Display, Write};

/// An element with all that is in it.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    name: &'static str,
    attributes: String,
    content: String,
    /// Has neither content nor an end, as HTML's `input`.
    void: bool,
}

/// An empty element.
pub(crate) fn element(name: &'static str) -> Element {
    Element { name, attributes: String::new(), content: String::new(), void: false }
}

impl Element {
    /// One that HTML leaves open, and into which nothing goes.
    pub(crate) fn void(name: &'static str) -> Element {
        Element { void: true, ..element(name) }
    }

    pub(crate) fn with(mut self, attribute: &str, value: impl Display) -> Element {
        // Writing to a string cannot fail.
        let _ = write!(self.attributes, " {attribute}=\"");
        let _ = write!(Escaping(&mut self.attributes), "{value}");
        self.attributes.push('"');
        self
    }

    pub(crate) fn class(self, names: impl Display) -> Element {
        self.with("class", names)
    }

    pub(crate) fn text(mut self, text: impl Display) -> Element {
        let _ = write!(Escaping(&mut self.content), "{text}");
        self
    }

    pub(crate) fn child(mut self, child: Element) -> Element {
        let Element { name, attributes, content, void } = child;
        self.content.extend(["<", name, &attributes, ">", &content]);
        if !void {
            self.content.extend(["</", name, ">"]);
        }
        self
    }

    pub(crate) fn children(self, children: impl IntoIterator<Item = Element>) -> Element {
        children.into_iter().fold(self, Element::child)
    }

    /// What a pointer that rests on it is told.
    pub(crate) fn hint(self, text: impl Display) -> Element {
        self.child(element("title").text(text))
    }
}

impl Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As its own parent would write it.
        f.write_str(&element("").child(self.clone()).content)
    }
}

/// Text as it stands in a document.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let _ = Escaping(&mut escaped).write_str(text);
    escaped
}

/// Writes so that neither a tag nor a quote can be meant.
struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_char(&mut self, character: char) -> fmt::Result {
        match character {
            '&' => self.0.push_str("&amp;"),
            '<' => self.0.push_str("&lt;"),
            '>' => self.0.push_str("&gt;"),
            '"' => self.0.push_str("&quot;"),
            '\'' => self.0.push_str("&#39;"),
            '\n' | '\t' => self.0.push(character),
            // Neither control characters nor those that turn the direction of
            // what follows are words.
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                self.0.push(char::REPLACEMENT_CHARACTER);
            }
            c => self.0.push(c),
        }
        Ok(())
    }

    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| self.write_char(character))
    }
}

/// A number with at most two decimals, and none that says nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Short(pub(crate) f64);

impl Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.write_str(if text == "-0" { "0" } else { text })
    }
}

/// A part of the whole as a percentage, the unit of all that stretches with the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Percent(pub(crate) f64);

impl Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", Short(self.0 * 100.0))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Panics unless every tag of a document closes what was opened last.
    pub(crate) fn assert_balanced(document: &str) {
        const VOID: [&str; 3] = ["!doctype", "meta", "input"];
        let mut open = Vec::new();
        for part in document.split('<').skip(1) {
            let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("unclosed tag: <{part}"));
            assert!(tag.matches(" class=").count() <= 1, "<{tag}>");
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "closed by </{name}>"),
                None if VOID.contains(&name) => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "never closed: {open:?}");
    }

    #[test]
    fn what_comes_from_outside_is_text() {
        let check = |text: &str, expected: &str| assert_eq!(escape(text), expected);
        check("plain", "plain");
        check("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
        check("a & \"b\"", "a &amp; &quot;b&quot;");
        check("nul\0 bell\u{7} turned\u{202e}", "nul\u{fffd} bell\u{fffd} turned\u{fffd}");
        check("two\nlines", "two\nlines");
    }

    #[test]
    fn elements_escape_and_close() {
        let link = element("a").with("href", "#x\" onclick=\"y").text("<b>").child(element("i"));
        assert_eq!(link.to_string(), "<a href=\"#x&quot; onclick=&quot;y\">&lt;b&gt;<i></i></a>");
        assert_balanced(&link.to_string());
    }

    #[test]
    fn numbers_are_short() {
        let check = |number, expected: &str| assert_eq!(Short(number).to_string(), expected);
        check(0.0, "0");
        check(-0.001, "0");
        check(10.0, "10");
        check(12.5, "12.5");
        check(1.0 / 3.0, "0.33");
        assert_eq!(Percent(0.125).to_string(), "12.5%");
    }
}
