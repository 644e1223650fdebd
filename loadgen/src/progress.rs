//! What a person sees while requests are under way: a bar on standard error.
//!
//! Without a terminal nothing is drawn; a log has no use for moving bars.

use crate::cli::Mode;
use crate::outcome::Class;
use crate::stats::Stats;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::sync::LazyLock;
use std::time::Duration;

/// How often the bar moves. Fast enough to look alive.
pub const TICK: Duration = Duration::from_millis(100);

/// Narrow enough that the counts are whole on a terminal of 80 columns.
const BAR: &str = "  {prefix}{bar:14.green/black.bright} {pos:>4}/{len} {wide_msg} {elapsed:>3}";

const OPEN_END: &str = "  {prefix}{spinner} {pos:>4} {wide_msg} {elapsed:>3}";

/// Runs at the same time have their bars below each other. They hide themselves
/// where standard error is no terminal.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// A bar of requests, or of something else that is waited for.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar that fills as requests end. The prefix says which, if there are several.
    /// Without a number of requests there is nothing to fill.
    pub fn bar(requests: Option<u64>, prefix: impl Into<String>) -> Progress {
        let bar = requests.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = if requests.is_some() { BAR } else { OPEN_END };
        let style = ProgressStyle::with_template(template).expect("the templates are constant");
        bar.set_style(style.progress_chars("━━─"));
        let bar = BARS.add(bar);
        bar.set_prefix(prefix.into());
        bar.enable_steady_tick(TICK);
        Progress(bar)
    }

    /// Shows the counts of a run.
    pub fn show(&self, stats: &Stats, mode: Mode, in_flight: u64) {
        let of = |wanted: fn(Class) -> bool| {
            let classes = Class::ALL.into_iter().filter(|&class| wanted(class));
            classes.map(|class| stats.count(class)).sum::<u64>()
        };
        let name = if matches!(mode, Mode::Sync | Mode::Http) { "ok" } else { "accepted" };
        self.set(
            stats.ended(),
            format!(
                "{name} {} · 429 {} · err {} · in flight {}",
                of(Class::is_success),
                stats.count(Class::Throttled),
                of(Class::is_error),
                in_flight,
            ),
        );
    }

    /// Shows a position and a message of the caller's.
    pub fn set(&self, position: u64, message: impl Into<String>) {
        self.0.set_position(position);
        self.0.set_message(message.into());
    }

    /// Takes the bar away, so that what follows starts on a clean line.
    pub fn clear(&self) {
        self.0.finish_and_clear();
        BARS.remove(&self.0);
    }
}
