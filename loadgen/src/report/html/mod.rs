//! The report as one page that opens from disk.
//!
//! It needs no network, no other file and no script: pictures are SVG, and
//! beside each stands a table or a sentence with the same numbers. Nothing is
//! computed here that the report does not hold; nothing is read but the report.
//!
//! # Map
//!
//! `markup` writes elements and escapes what goes into them, `scale` and
//! `chart` are axes, `look` is what a class looks like. Each picture is a
//! file: `pie`, `lanes` (with `intervals`, `strips` and `heat`),
//! `dots`, `timeline`, `distribution`; of simulations `levels`, and of several
//! `tradeoff` (with `labels`). `words`, `numbers`, `simulation` and `tables` say the
//! rest, `shell` is the document around all.

pub(crate) mod chart;
pub(crate) mod distribution;
mod dots;
mod heat;
mod intervals;
mod labels;
mod lanes;
mod levels;
mod look;
pub(crate) mod markup;
mod numbers;
pub(crate) mod pie;
mod scale;
mod shell;
mod simulation;
mod strips;
pub(crate) mod tables;
mod timeline;
mod tradeoff;
mod words;

pub(crate) use shell::shell;

use super::Report;
use distribution::Series;
use markup::{Element, element};

/// Dots that a page can have before it opens slowly.
const MOST_DOTS: usize = 12_000;

/// One page for a run, a scenario's stages or a sweep's cases.
pub fn render(title: &str, reports: &[Report]) -> String {
    let heading = element("h1").text(title);
    let (overview, runs) = match reports {
        [] => (vec![element("p").text("No run was reported.")], Vec::new()),
        [report] => (Vec::new(), vec![run(report, MOST_DOTS)]),
        several => (overview(several), sections(several)),
    };
    let header = element("header").child(heading).children(overview);
    let parts = [header].into_iter().chain(runs);
    shell(title, &parts.map(|part| part.to_string()).collect::<Vec<_>>().join("\n"))
}

fn names(reports: &[Report]) -> Vec<String> {
    let name =
        |(n, report): (usize, &Report)| report.name.clone().unwrap_or_else(|| format!("run {}", n + 1));
    reports.iter().enumerate().map(name).collect()
}

/// All runs in one table and one picture.
fn overview(reports: &[Report]) -> Vec<Element> {
    let names = names(reports);
    let successes: Vec<_> =
        reports.iter().map(|report| report.response_of(|class| class.is_success())).collect();
    let series = names.iter().zip(&successes).take(Series::MOST_NUMBERED).enumerate();
    let series: Vec<Series<'_>> = series.map(|(n, (name, times))| Series::numbered(n, name, times)).collect();
    let picture = successes.iter().any(|times| times.max_ms() > 0.0).then(|| {
        let caption = match reports.len() > Series::MOST_NUMBERED {
            true => format!("Response times of successes, of the first {} runs.", Series::MOST_NUMBERED),
            false => "Response times of successes.".to_owned(),
        };
        chart::figure("Side by side", Vec::new(), vec![distribution::distribution(&series)], &caption)
    });
    let tradeoff = tradeoff::tradeoff(&names, reports);
    [tables::summary(&names, reports)].into_iter().chain(tradeoff).chain(picture).collect()
}

/// A section for each run, which the overview refers to.
fn sections(reports: &[Report]) -> Vec<Element> {
    let most = (MOST_DOTS / reports.len()).max(1);
    let section = |(n, (report, name)): (usize, (&Report, String))| {
        let heading = element("h2").with("id", format_args!("run-{}", n + 1)).text(name);
        element("section").class("several").child(heading).child(run(report, most))
    };
    reports.iter().zip(names(reports)).enumerate().map(section).collect()
}

/// All there is to say of one run.
fn run(report: &Report, most_dots: usize) -> Element {
    let interruption =
        words::interruption(report).map(|text| element("p").class("interrupted missed").text(text));
    let outcomes = [pie::outcomes(report)].into_iter().chain(levels::levels(report));
    let pictures = [
        lanes::lanes(report),
        dots::dots(report, most_dots),
        timeline::timeline(report),
        distribution::of_run(report),
    ];
    let tables = [
        tables::times(report),
        tables::answers(report),
        tables::queue(report),
        tables::completion(report),
        tables::environments(report),
    ];
    element("article")
        .child(element("p").class("story").text(words::story(report)))
        .children(interruption)
        .child(element("p").class("headline").text(format_args!(
            "{}{}",
            words::headline(report),
            started(report)
        )))
        .child(numbers::numbers(report))
        .children(simulation::simulation(report))
        .children(tables::expectations(report))
        .children(outcomes.chain(pictures.into_iter().flatten()))
        .children(tables.into_iter().flatten())
}

/// Virtual time begins on a day that says nothing.
fn started(report: &Report) -> String {
    match report.simulated {
        Some(_) => String::new(),
        None => format!(" Started {}.", words::utc(report.times.started)),
    }
}

#[cfg(test)]
mod tests {
    use super::markup::tests::assert_balanced;
    use super::*;
    use crate::outcome::Class;
    use crate::report::tests::example;
    use crate::report::{Counts, QueueReport, Subject, Times};
    use crate::stats::{Histograms, Points, Timeline};

    /// Nothing ended before it was written.
    fn empty() -> Report {
        let mut report = Report {
            interrupted: true,
            requests: 100,
            counts: Counts { not_sent: 100, ..Counts::default() },
            statuses: [].into(),
            times: Times::default(),
            max_concurrency: None,
            mean_concurrency: None,
            max_concurrency_source: None,
            environment_uses: Vec::new(),
            histograms: Histograms::default(),
            timeline: Timeline::default(),
            points: Points::default(),
            ..example()
        };
        report.summarize();
        report
    }

    #[test]
    fn a_page_is_well_formed_whatever_it_tells_of() {
        let check = |reports: &[Report]| {
            let page = render("title", reports);
            assert_balanced(&page);
            assert!(!page.contains("NaN") && !page.contains("inf%"), "{page}");
        };
        check(&[]);
        check(&[example()]);
        check(&[empty()]);
        check(&[example(), empty(), example()]);
        check(&vec![example(); Series::MOST_NUMBERED + 2]);
        let simulated = |report| Report { simulated: Some(simulation::tests::simulated()), ..report };
        check(&[simulated(example())]);
        check(&[simulated(empty()), simulated(example()), simulated(example())]);
        check(&[simulated(example()), example()]);
    }

    #[test]
    fn an_interrupted_run_says_so() {
        let page = render("title", &[empty()]);
        assert!(page.contains("was interrupted") && page.contains("0 of 100 requests had left"));
        assert!(page.contains("100 of 100 never left."));
    }

    #[test]
    fn nothing_from_outside_becomes_markup() {
        const EVIL: &str = "\"'><script>alert(1)</script>";
        let evil = || EVIL.to_owned();
        let mut report = example();
        report.name = Some(evil());
        report.target = evil();
        report.endpoint = evil();
        report.subject = Subject::Function(evil());
        report.counts.throttled = [(evil(), 94), ("other".to_owned(), 1)].into();
        report.notes = Class::ALL.map(|class| (class, evil())).into();
        report.environment_uses.iter_mut().for_each(|used| used.id = evil());
        report.queue = Some(QueueReport { sent: 1, drained: false, left: 1, drain_s: None });
        report.judge(&["throttled.<script>==1".parse().unwrap()]);
        let page = render(EVIL, &[report.clone(), report]);
        assert_balanced(&page);
        assert!(!page.contains("<script"));
        assert!(page.contains("&quot;&#39;&gt;&lt;script&gt;"));
    }

    #[test]
    fn the_only_address_is_the_endpoint_s() {
        let page = render("title", &[example(), example()]);
        let elsewhere = page.replace("http://127.0.0.1:4566", "");
        for word in ["http:", "https:", "src=", "url(//", "<link", "<script", "@import"] {
            assert!(!elsewhere.contains(word), "{word}");
        }
    }

    #[test]
    fn several_runs_are_summed_up_first() {
        let mut reports = [example(), example()];
        reports[0].name = Some("reserved 5".into());
        reports[0].judge(&["ok==5".parse().unwrap()]);
        reports[1].judge(&["ok==6".parse().unwrap(), "throttled==95".parse().unwrap()]);
        let page = render("sweep", &reports);
        for part in
            ["<a href=\"#run-1\">reserved 5</a>", "<a href=\"#run-2\">run 2</a>", "✓ 1 of 1", "✗ 1 of 2"]
        {
            assert!(page.contains(part), "{part}");
        }
        assert!(page.contains("<h2 id=\"run-1\">reserved 5</h2>"));
    }

    #[test]
    fn a_simulation_tells_what_only_it_knows() {
        let simulated = Some(simulation::tests::simulated());
        let report = Report { simulated, target: "simulation".into(), ..example() };
        let page = render("one", std::slice::from_ref(&report));
        for part in ["What the simulation saw", "Environments over time"] {
            assert!(page.contains(part), "{part}");
        }
        for part in ["Started ", "start skew", "wall time", "service time", "own clock.", "(target "] {
            assert!(!page.contains(part), "{part}");
        }
        let page = render("two", &[report.clone(), report]);
        for part in ["Cost against throttles", "<th scope=\"col\" class=\"number\">cost in USD</th>"] {
            assert!(page.contains(part), "{part}");
        }
    }

    #[test]
    fn a_page_has_no_more_dots_than_it_can_show() {
        let many = vec![example(); 130];
        let page = render("sweep", &many);
        let dots = page.matches("<use class=\"throttled\" href=\"#m-throttled\" x=").count();
        assert!(dots <= MOST_DOTS, "{dots}");
    }
}
