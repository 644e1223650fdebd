//! `--junit`: expectations as test cases, for whoever collects those.
//!
//! A run is a test suite. One without expectations has a single case, which
//! fails when no request was served.

use super::Report;
use crate::failure::Failure;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// The document of one or several runs.
pub fn render(name: &str, reports: &[Report]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let written = write(&mut writer, name, reports);
    written.expect("writing to memory does not fail");
    let mut text = String::from_utf8(writer.into_inner()).expect("XML is text");
    text.push('\n');
    text
}

/// A test case, and why it failed.
struct Case {
    name: String,
    failure: Option<String>,
}

fn write(writer: &mut Writer<Vec<u8>>, name: &str, reports: &[Report]) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<(&Report, Vec<Case>)> = reports.iter().map(|report| (report, cases(report))).collect();
    let count = all.iter().map(|(_, cases)| cases.len()).sum::<usize>().to_string();
    let failed = all.iter().map(|(_, cases)| failures(cases)).sum::<usize>().to_string();
    let suites = writer.create_element("testsuites").with_attribute(("name", name));
    let suites =
        suites.with_attribute(("tests", count.as_str())).with_attribute(("failures", failed.as_str()));
    suites.write_inner_content(|writer| {
        all.iter().try_for_each(|(report, cases)| suite(writer, name, report, cases))
    })?;
    Ok(())
}

fn failures(cases: &[Case]) -> usize {
    cases.iter().filter(|case| case.failure.is_some()).count()
}

fn suite(writer: &mut Writer<Vec<u8>>, name: &str, report: &Report, cases: &[Case]) -> io::Result<()> {
    let name = report.name.as_deref().unwrap_or(name);
    let (count, failed, time) =
        (cases.len().to_string(), failures(cases).to_string(), report.wall_s.to_string());
    let element = writer.create_element("testsuite").with_attribute(("name", name));
    let element =
        element.with_attribute(("tests", count.as_str())).with_attribute(("failures", failed.as_str()));
    let element = element.with_attribute(("time", time.as_str()));
    element.write_inner_content(|writer| cases.iter().try_for_each(|case| self::case(writer, name, case)))?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, suite: &str, case: &Case) -> io::Result<()> {
    let element = writer.create_element("testcase").with_attribute(("classname", suite));
    let element = element.with_attribute(("name", case.name.as_str()));
    match &case.failure {
        None => element.write_empty()?,
        Some(words) => element.write_inner_content(|writer| {
            let failure = writer.create_element("failure").with_attribute(("message", words.as_str()));
            failure.write_text_content(BytesText::new(words)).map(drop)
        })?,
    };
    Ok(())
}

fn cases(report: &Report) -> Vec<Case> {
    let verdicts = report.expectations.iter().map(|verdict| Case {
        name: verdict.text.clone(),
        failure: (!verdict.ok).then(|| verdict.observed_text()),
    });
    let queue = report.queue.map(|queue| Case {
        name: "the queue becomes empty".to_owned(),
        failure: (!queue.drained).then(|| format!("{} messages left", queue.left)),
    });
    let interrupted = report.interrupted.then(|| Case {
        name: "the run comes to its end".to_owned(),
        failure: Some("interrupted".to_owned()),
    });
    let mut cases: Vec<Case> = verdicts.chain(queue).chain(interrupted).collect();
    if cases.is_empty() {
        let nobody = super::nobody_served(report).as_ref().map(Failure::to_string);
        cases.push(Case { name: "requests are served".to_owned(), failure: nobody });
    }
    cases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::example;

    #[test]
    fn expectations_are_cases() {
        let mut report = example();
        report.judge(&["ok==5".parse().unwrap(), "p99<1s".parse().unwrap()]);
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sandbox" tests="2" failures="1">
  <testsuite name="sandbox" tests="2" failures="1" time="2.51">
    <testcase classname="sandbox" name="ok==5"/>
    <testcase classname="sandbox" name="p99&lt;1s">
      <failure message="observed 2.50 s">observed 2.50 s</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(render("sandbox", &[report]), expected);
    }

    #[test]
    fn a_run_without_expectations_has_a_case_still() {
        let text = render("sandbox", &[example()]);
        assert!(text.contains(r#"name="requests are served"/>"#), "{text}");
        let interrupted = Report { interrupted: true, ..example() };
        assert!(render("sandbox", &[interrupted]).contains(r#"<failure message="interrupted">"#));
    }
}
