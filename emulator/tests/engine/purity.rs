//! The engine stays pure: no waiting, no clock, no I/O, no chance of its own,
//! no wire format, and no decision that follows the order of a hash map.
//!
//! A test by text, and simple: it looks for words outside comments. It bans
//! what makes two runs of one seed differ or what ties the engine to a runtime.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What no line of the engine may say, and why.
const BANNED: [(&str, &str); 16] = [
    ("async", "the engine never waits; the driver does"),
    (".await", "the engine never waits; the driver does"),
    ("std::net", "the engine does no I/O"),
    ("std::fs", "the engine does no I/O"),
    ("std::env", "settings come in as arguments"),
    ("std::thread", "the engine is one thread's work"),
    ("Instant", "`now` is an argument"),
    ("SystemTime", "`now` is an argument"),
    ("tokio::time", "`now` is an argument"),
    ("tokio::spawn", "the engine never waits; the driver does"),
    ("serde", "wire types stay at the edge"),
    ("hyper", "wire types stay at the edge"),
    ("dashmap", "domain state has one owner"),
    ("rand::", "chance comes from the engine's own seeded generator"),
    ("println!", "what happens is told as facts"),
    ("acquire().await", "permits are tried for, never waited for"),
];

/// Calls that walk through a map in its own order.
const WALKS: [&str; 8] = [
    ".iter()",
    ".iter_mut()",
    ".values()",
    ".values_mut()",
    ".keys()",
    ".drain()",
    ".into_iter()",
    ".retain(",
];

#[test]
fn the_engine_is_pure() {
    let lines = engine_lines();
    assert!(lines.len() > 1_000, "only {} lines of engine were found", lines.len());
    let banned = lines.iter().flat_map(|line| {
        BANNED
            .iter()
            .filter(|(word, _)| says(&line.code, word))
            .map(|(word, why)| format!("{}: `{word}`: {why}", line.place()))
    });
    fail_with(&banned.collect::<Vec<_>>());
}

/// The fields of `Engine` itself are seen everywhere, others in their own file.
#[test]
fn the_engine_walks_through_no_hash_map() {
    let lines = engine_lines();
    let maps: BTreeSet<(&str, &str)> =
        lines.iter().filter_map(|line| Some((line.file.as_str(), hash_map_field(&line.code)?))).collect();
    assert!(maps.contains(&("sqs/line.rs", "groups")), "the hash maps are {maps:?}");
    let walks = lines.iter().filter(|line| {
        let mut seen = maps.iter().filter(|(file, _)| *file == "mod.rs" || *file == line.file);
        seen.any(|(_, map)| walks_through(&line.code, map))
    });
    let said =
        walks.map(|line| format!("{}: a hash map's order is chance: {}", line.place(), line.code.trim()));
    fail_with(&said.collect::<Vec<_>>());
}

#[test]
fn the_bans_find_what_they_look_for() {
    assert!(says("use std::time::{Duration, Instant};", "Instant"));
    assert!(!says("fn instantly() {}", "Instant"));
    assert!(says("    async fn go() {}", "async"));
    assert!(!says("let asynchronous = 1;", "async"));
    assert!(!says(code("x(); // async"), "async"));
    assert!(walks_through("for (id, it) in &self.environments {", "environments"));
    assert!(walks_through("self.environments.values().count()", "environments"));
    assert!(!walks_through("for id in &function.environments {", "environments"));
    assert!(!walks_through("self.environments.get(&id)", "environments"));
    assert_eq!(hash_map_field("    pub(crate) messages: HashMap<A, B>,"), Some("messages"));
}

struct Line {
    file: String,
    number: usize,
    code: String,
}

impl Line {
    fn place(&self) -> String {
        format!("engine/{}:{}", self.file, self.number)
    }
}

fn fail_with(found: &[String]) {
    assert!(found.is_empty(), "the engine is not pure:\n{}", found.join("\n"));
}

/// Every line of the engine outside comments. Calls that begin on a new line
/// belong to the line before.
fn engine_lines() -> Vec<Line> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let mut lines: Vec<Line> = Vec::new();
    for file in rust_files(&root) {
        let text = std::fs::read_to_string(&file).expect("a source file is text");
        let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        let first = lines.len();
        for (index, line) in text.lines().enumerate() {
            let code = code(line);
            match lines.last_mut().filter(|_| index > 0 && code.trim_start().starts_with('.')) {
                Some(before) => before.code.push_str(code.trim_start()),
                None => {
                    lines.push(Line { file: name.clone(), number: index + 1, code: code.to_owned() });
                }
            }
        }
        assert!(lines.len() > first, "{name} is empty");
    }
    lines
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the engine's folder is there");
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let within = |path: PathBuf| if path.is_dir() { rust_files(&path) } else { vec![path] };
    let files = paths.into_iter().flat_map(within);
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// Whether the code has the word, and not as a part of a longer one.
fn says(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let begins = !word.starts_with(part) || !before.is_some_and(part);
        let ends = !word.ends_with(part) || !after.is_some_and(part);
        begins && ends
    })
}

fn hash_map_field(code: &str) -> Option<&str> {
    let (name, kind) = code.split_once(':')?;
    let kind = kind.trim_start();
    let hashed = kind.starts_with("HashMap<") || kind.starts_with("HashSet<");
    name.split_whitespace().next_back().filter(|_| hashed)
}

fn walks_through(code: &str, map: &str) -> bool {
    let field = format!("self.{map}");
    let calls = WALKS.iter().any(|walk| code.contains(&format!("{field}{walk}")));
    let loops = code.trim_start().starts_with("for ") && {
        let of = code.rsplit(" in ").next().unwrap_or(code).trim_end_matches('{').trim();
        of.trim_start_matches('&').trim_start_matches("mut ") == field
    };
    calls || loops
}
