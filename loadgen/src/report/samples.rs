//! `--csv`: a line for every request, in the order in which they ended.

use super::file::Stream;
use crate::duration::round_us;
use crate::failure::Failure;
use crate::outcome::Answer;
use crate::sample::Sample;
use csv::Writer;
use serde::Serialize;
use std::time::Instant;

/// The file, written as requests end. The first trouble is kept for the end:
/// the run goes on.
#[derive(Debug)]
pub struct Samples {
    writer: Writer<Stream>,
    trouble: Option<csv::Error>,
}

/// A line. Seconds count from the start of the run.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// The stage of a scenario, or the case of a sweep.
    name: &'a str,
    due_s: f64,
    sent_s: Option<f64>,
    done_s: f64,
    /// From due to done: what a user waits.
    response_ms: f64,
    /// From sent to done: what the target takes.
    service_ms: Option<f64>,
    class: &'a str,
    status: Option<u16>,
    /// Of a throttle.
    reason: Option<&'a str>,
    environment_id: Option<&'a str>,
    init_ms: Option<f64>,
    attempts: u32,
    note: Option<&'a str>,
}

impl Samples {
    pub fn new(stream: Stream) -> Samples {
        Samples { writer: Writer::from_writer(stream), trouble: None }
    }

    /// `name` is what the line belongs to, where there are several runs.
    pub fn write(&mut self, name: Option<&str>, sample: &Sample, start: Instant) {
        if self.trouble.is_none() {
            let line = Line::new(name.unwrap_or_default(), sample, start);
            self.trouble = self.writer.serialize(line).err();
        }
    }

    /// Puts the file into place.
    pub fn finish(self) -> Result<(), Failure> {
        let stream = self.writer.into_inner().map_err(|error| error.into_error());
        match (stream, self.trouble) {
            (Ok(stream), None) => stream.finish(),
            (Ok(stream), Some(trouble)) => Err(stream.failure(&trouble.into())),
            (Err(error), _) => Err(Failure::Runtime(error)),
        }
    }
}

impl<'a> Line<'a> {
    fn new(name: &'a str, sample: &'a Sample, start: Instant) -> Line<'a> {
        let seconds = |at: Instant| round_us(at.saturating_duration_since(start).as_secs_f64());
        let answer = sample.outcome.answer();
        Line {
            name,
            due_s: seconds(sample.due),
            sent_s: sample.sent.map(seconds),
            done_s: seconds(sample.done),
            response_ms: crate::duration::as_ms(sample.response()),
            service_ms: sample.service().map(crate::duration::as_ms),
            class: sample.outcome.class().key(),
            status: sample.outcome.status(),
            reason: sample.outcome.reason(),
            environment_id: answer.and_then(|answer| answer.environment_id.as_deref()),
            init_ms: answer.and_then(Answer::init).map(crate::duration::as_ms),
            attempts: sample.attempts.made,
            note: sample.outcome.note(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::report::file::OutFile;
    use crate::sample::Attempts;
    use std::time::Duration;

    #[test]
    fn each_request_is_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("samples.csv");
        let mut samples = Samples::new(OutFile::create("--csv", &path).unwrap().stream().unwrap());
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let attempts = Attempts { made: 1, throttled: 0 };
        let cold = Answer {
            environment_id: Some("e,1".into()),
            cold_start: Some(true),
            cold_start_time: Some(0.02),
            status: 200,
            ..Answer::default()
        };
        samples.write(
            Some("burst"),
            &Sample { due: at(0), sent: Some(at(1)), done: at(5), outcome: Outcome::Ok(cold), attempts },
            start,
        );
        let outcome = Outcome::NotSent("too \"late\"".into());
        let attempts = Attempts::default();
        samples.write(
            Some("burst"),
            &Sample { due: at(2), sent: None, done: at(2), outcome, attempts },
            start,
        );
        samples.finish().unwrap();
        let expected = "\
name,due_s,sent_s,done_s,response_ms,service_ms,class,status,reason,environment_id,init_ms,attempts,note
burst,0.0,0.001,0.005,5.0,4.0,ok_cold,200,,\"e,1\",20.0,1,
burst,0.002,,0.002,0.0,,not_sent,,,,,0,\"too \"\"late\"\"\"
";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }
}
