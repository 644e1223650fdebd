//! The JSON form.

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use std::io;

/// One document, indented as far as people read it, with a newline at the end.
pub fn render(document: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let written = document.serialize(&mut Serializer::with_formatter(&mut bytes, Shallow::default()));
    written.expect("documents have string keys only");
    let mut text = String::from_utf8(bytes).expect("JSON is text");
    text.push('\n');
    text
}

/// Objects and arrays deeper than this stand on one line: a histogram has
/// thousands of numbers.
const INDENTED: usize = 4;

/// Indents the outer levels only.
#[derive(Debug, Default)]
struct Shallow {
    pretty: PrettyFormatter<'static>,
    depth: usize,
}

impl Shallow {
    fn is_indented(&self) -> bool {
        self.depth <= INDENTED
    }
}

/// A method that indents where that is wanted, and separates by commas elsewhere.
macro_rules! opens {
    ($($name:ident $bracket:literal),*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
            self.depth += 1;
            if self.is_indented() { self.pretty.$name(writer) } else { writer.write_all($bracket) }
        }
    )*};
}

macro_rules! closes {
    ($($name:ident $bracket:literal),*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
            let indented = self.is_indented();
            self.depth -= 1;
            if indented { self.pretty.$name(writer) } else { writer.write_all($bracket) }
        }
    )*};
}

macro_rules! begins {
    ($($name:ident),*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
            match self.is_indented() {
                true => self.pretty.$name(writer, first),
                false if first => Ok(()),
                false => writer.write_all(b","),
            }
        }
    )*};
}

macro_rules! ends {
    ($($name:ident),*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
            if self.is_indented() { self.pretty.$name(writer) } else { Ok(()) }
        }
    )*};
}

impl Formatter for Shallow {
    opens!(begin_array b"[", begin_object b"{");
    closes!(end_array b"]", end_object b"}");
    begins!(begin_array_value, begin_object_key);
    ends!(end_array_value, end_object_value);

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.is_indented() { self.pretty.begin_object_value(writer) } else { writer.write_all(b":") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::example;
    use serde_json::{Value, json};

    #[test]
    fn the_document_has_the_promised_keys() {
        let mut report = example();
        report.judge(&["ok==5".parse().unwrap()]);
        let value: Value = serde_json::from_str(&render(&report)).unwrap();
        let check = |pointer: &str, expected: Value| {
            assert_eq!(value.pointer(pointer), Some(&expected), "{pointer}");
        };
        check("/schema", json!("loadgen.report/2"));
        check("/target", json!("emulator"));
        check("/subject", json!({"function": "sandbox"}));
        check("/mode", json!("sync"));
        check("/requests", json!(100));
        check("/retries", json!("off"));
        check("/arrivals", json!({"kind": "burst", "requests": 100, "seed": 0}));
        check("/counts/ok_cold", json!(5));
        check("/counts/throttled", json!({"ReservedFunctionConcurrentInvocationLimitExceeded": 95}));
        check("/latency_ms/throttled/p99", json!(20.0));
        check("/environments", json!(5));
        check("/max_concurrency_source", json!("answers"));
        check("/start_skew_ms", json!(12.5));
        check("/cold_start_ms", json!({"count": 5, "p50": 18.015, "max": 21.0, "mean": 18.6}));
        check("/expectations/0", json!({"text": "ok==5", "observed": 5.0, "unit": "count", "ok": true}));
        assert_eq!(value.get("queue"), None);
    }

    #[test]
    fn only_the_outer_levels_are_indented() {
        let deep = json!({"a": {"b": {"c": {"d": {"e": [1, {"f": 2}], "g": {}}}}}, "h": []});
        let text = render(&deep);
        let expected = r#"{
  "a": {
    "b": {
      "c": {
        "d": {"e":[1,{"f":2}],"g":{}}
      }
    }
  },
  "h": []
}
"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), deep);
    }
}
