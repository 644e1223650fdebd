//! How response times are distributed, out to the slowest of a thousand.
//!
//! ```text
//! 2 s │                 ___◆    Along: how large a part was as fast as that,
//! 1 s │            ____/        stretched towards the end, where what users
//! 0 s │___________/             complain of lives.
//!     └──────┬───────┬───────┬
//!       50 %    90 %    99 %   99.9 %
//! ```

use super::chart::{self, Axis, LAYER_WIDTH, Steps};

use super::markup::{Element, Percent, Short, element};
use super::scale::Scale;
use super::simulation::instant;
use super::words::NO_TIME;
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::report::{Report, words};
use crate::stats::Latencies;

const HEIGHT: f64 = 320.0;

/// A curve of its own in the picture.
#[derive(Debug)]
pub(crate) struct Series<'a> {
    label: String,
    latencies: &'a Latencies,
    /// Whose colour and shape it borrows.
    sign: Class,
    thin: bool,
}

/// Colours and shapes of series that are not classes, the most different first.
const SIGNS: [Class; 8] = [
    Class::OkCold,
    Class::Throttled,
    Class::OkWarm,
    Class::ServerError,
    Class::FunctionError,
    Class::Timeout,
    Class::Accepted,
    Class::NoAnswer,
];

impl<'a> Series<'a> {
    /// As many numbers as have a look of their own.
    pub(crate) const MOST_NUMBERED: usize = SIGNS.len();

    /// The n-th of several runs, in a colour that stands for no class.
    pub(crate) fn numbered(n: usize, label: impl Into<String>, latencies: &'a Latencies) -> Series<'a> {
        Series { label: label.into(), latencies, sign: SIGNS[n % SIGNS.len()], thin: false }
    }

    /// In the colour and shape of a class.
    pub(crate) fn of_class(class: Class, label: impl Into<String>, latencies: &'a Latencies) -> Series<'a> {
        Series { label: label.into(), latencies, sign: class, thin: false }
    }

    /// Thin and dashed, to lie beside another.
    pub(crate) fn thin(self) -> Series<'a> {
        Series { thin: true, ..self }
    }
}

/// The curves of all series with a legend; those without any time are left out.
pub(crate) fn distribution(series: &[Series<'_>]) -> Element {
    let measured: Vec<&Series<'_>> = series.iter().filter(|series| series.latencies.count() > 0).collect();
    // What took no time at all lies on the bottom, wherever that is.
    let times = measured.iter().flat_map(|series| series.latencies.values_ms()).filter(|(ms, _)| *ms > 0.0);
    let scale = Scale::of_values(times.map(|(ms, _)| ms / 1000.0), 1e-5);
    let up = Axis::of_durations(scale, "response time");
    let across = Axis::of_words(percentiles(), "as fast as this or faster");
    let curves: Vec<Curve> = measured.iter().map(|series| Curve::new(series, scale)).collect();
    let lines = measured.iter().zip(&curves).map(|(series, curve)| {
        let thin = if series.thin { "thin" } else { "thick" };
        let class = format!("line curve {thin} {}", series.sign.key());
        element("path").class(class).with("d", &curve.path).hint(told(series))
    });
    let ends = measured.iter().zip(&curves).map(|(series, curve)| {
        let key = series.sign.key();
        element("use")
            .class(key)
            .with("href", format_args!("#{}-{key}", if series.thin { 's' } else { 'm' }))
            .with("x", Percent(curve.end.0))
            .with("y", Short(curve.end.1))
            .hint(told(series))
    });
    let picture = chart::plot("tall", HEIGHT, "Response time by percentile; the table has the numbers")
        .child(up.beside(HEIGHT))
        .child(across.below(HEIGHT))
        .child(chart::layer(HEIGHT).children(lines))
        .children(ends);
    let legend = element("p").class("legend").children(measured.iter().map(|series| key(series)));
    element("div").class("distribution").child(legend).child(picture)
}

/// Percentiles with a label, and where they lie.
fn percentiles() -> Vec<(f64, String)> {
    [50.0, 90.0, 99.0, 99.9].map(|percent| (place(percent / 100.0), format!("{percent} %"))).into()
}

/// Each further nine is as far as the one before.
fn place(part: f64) -> f64 {
    const NINES: f64 = 3.0;
    (-(1.0 - part).log10() / NINES).clamp(0.0, 1.0)
}

struct Curve {
    path: String,
    /// A fraction of the width, and units from the top.
    end: (f64, f64),
}

impl Curve {
    /// A stair: its n-th of N steps is the n-th fastest time. It ends where the
    /// slowest begins, for there is nothing to be said about those beyond.
    fn new(series: &Series<'_>, scale: Scale) -> Curve {
        let all = series.latencies.count() as f64;
        let last = place((all - 1.0) / all);
        let mut steps = Steps::default();
        let mut end = (0.0, 0.0);
        let mut before = 0;
        for (ms, n) in series.latencies.values_ms() {
            let y = HEIGHT * (1.0 - scale.at(ms / 1000.0));
            let from = place(before as f64 / all).min(last);
            before += n;
            let to = place(before as f64 / all).min(last);
            // What lies beyond the last percentile is in the table.
            if from < 1.0 {
                steps.to(from * LAYER_WIDTH, y);
                steps.to(to * LAYER_WIDTH, y);
                end = (to, y);
            }
        }
        Curve { path: steps.line(), end }
    }
}

fn told(series: &Series<'_>) -> String {
    let times = series.latencies;
    let percentile = |percent| show_ms(times.percentile_ms(percent));
    format!(
        "{}: p50 {}, p90 {}, p99 {}, p99.9 {}, max {}",
        series.label,
        percentile(50.0),
        percentile(90.0),
        percentile(99.0),
        percentile(99.9),
        show_ms(times.max_ms())
    )
}

fn key(series: &Series<'_>) -> Element {
    let class = series.sign.key();
    let thin = if series.thin { "thin" } else { "thick" };
    let line =
        element("line").class(format_args!("line curve {thin}")).with("x2", 24).with("y1", 7).with("y2", 7);
    let shape = (!series.thin)
        .then(|| element("use").with("href", format_args!("#m-{class}")).with("x", 12).with("y", 7));
    let sign = element("svg")
        .class(format_args!("bar {class}"))
        .with("aria-hidden", "true")
        .child(line)
        .children(shape);
    element("span").class("key").child(sign).text(&series.label)
}

/// Response times of each class, and service times where they are different.
pub(super) fn of_run(report: &Report) -> Option<Element> {
    if instant(report) {
        return None;
    }
    let name = |class| words(class, report.mode);
    let response = &report.histograms.response;
    let thick = response.iter().map(|(&class, times)| Series::of_class(class, name(class), times));
    let service = report
        .histograms
        .service
        .iter()
        .filter(|(class, times)| response.get(class).is_some_and(|response| differ(response, times)));
    let thin = service.map(|(&class, times)| {
        Series::of_class(class, format!("{}, from when it left", name(class)), times).thin()
    });
    let thin: Vec<Series<'_>> = thin.collect();
    let no_time = response.values().any(|times| times.count() > 0 && times.percentile_ms(0.0) <= 0.0);
    let no_time = if no_time { NO_TIME } else { "" };
    let waited = if thin.is_empty() { String::new() } else { format!(" {WAITED}") };
    let caption = format!("{READING}{no_time}{waited}");
    let series: Vec<Series<'_>> = thick.chain(thin).collect();
    let any = series.iter().any(|series| series.latencies.count() > 0);
    any.then(|| {
        chart::figure("Distribution of response times", Vec::new(), vec![distribution(&series)], &caption)
    })
}

const READING: &str = "Read upwards from 99 %: of 100 requests 99 were as fast as that. A line ends at its slowest \
                       request, or at 99.9 %.";

const WAITED: &str = "Dashed lines count from when a request left, the others from when it was due. The difference is \
                      what it waited for its turn: a user waits that too, and a tool that counts from sending does \
                      not see it (coordinated omission).";

/// Whether two distributions of the same requests are visibly different.
fn differ(response: &Latencies, service: &Latencies) -> bool {
    const VISIBLE_MS: f64 = 1.0;
    const VISIBLE_PART: f64 = 0.05;
    [50.0, 90.0, 99.0].into_iter().any(|percent| {
        let (response, service) = (response.percentile_ms(percent), service.percentile_ms(percent));
        response - service > VISIBLE_MS.max(response * VISIBLE_PART)
    })
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;
    use crate::report::tests::example;

    #[test]
    fn each_nine_is_as_far_as_the_one_before() {
        let places = [0.0, 0.9, 0.99, 0.999, 1.0].map(place);
        let expected = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0, 1.0];
        assert!(places.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{places:?}");
    }

    #[test]
    fn a_line_ends_where_its_slowest_begins() {
        let check = |millis: std::ops::Range<u32>, end: f64| {
            let times = Latencies::of_millis(millis);
            let curve = Curve::new(&Series::numbered(0, "", &times), Scale::linear(0.0, 10.0));
            assert!((curve.end.0 - end).abs() < 1e-9, "{:?}", curve.end);
        };
        check(1..2, 0.0);
        check(1..11, 1.0 / 3.0);
        check(1..101, 2.0 / 3.0);
        check(1..10_001, 1.0);
    }

    #[test]
    fn labels_come_from_outside() {
        let (fast, none) = (Latencies::of_millis(1..100), Latencies::default());
        let series = [Series::numbered(0, "<script>", &fast), Series::numbered(1, "nothing", &none)];
        let picture = distribution(&series).to_string();
        assert_balanced(&picture);
        assert!(picture.contains("&lt;script&gt;: p50 50.0 ms") && !picture.contains("nothing"));
        assert_balanced(&distribution(&[]).to_string());
    }

    #[test]
    fn a_wait_before_leaving_is_shown_and_named() {
        let mut report = example();
        assert!(!of_run(&report).unwrap().to_string().contains("coordinated omission"));
        report.histograms.service.insert(Class::OkCold, Latencies::of_millis([500; 5]));
        let picture = of_run(&report).unwrap().to_string();
        assert!(picture.contains("200 cold, from when it left") && picture.contains("coordinated omission"));
        assert!(!picture.contains("429, from when it left"));
    }
}
