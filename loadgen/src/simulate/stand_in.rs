//! What stands in for the code of functions: the sample function does what its
//! event says, any other what its model says.

use bytes::Bytes;
use emulator::engine::{BatchItems, Code, Delivery, Dispatch, FunctionVersion, Payload, Rng};
use emulator::sim::{BuiltIn, Handler, Run, RunEnd};
use sandbox_fn::event::Event;
use sandbox_fn::instruction::Instruction;
use serde_json::{Map, Value};
use std::time::Duration;

/// The handler of functions that run the sample's code.
pub(super) const SAMPLE: &str = "bootstrap";

/// Every function's code.
#[derive(Debug, Default)]
pub(super) struct StandIn {
    /// The event that was read last: a load's are all the same.
    event: Option<(Bytes, Option<Instruction>)>,
    /// The message that was read last, likewise.
    message: Option<(Box<str>, Option<Instruction>)>,
}

impl Handler for StandIn {
    fn init(&mut self, function: &FunctionVersion, rng: &mut Rng) -> Option<Duration> {
        BuiltIn.init(function, rng)
    }

    fn run(&mut self, event: &Dispatch, function: &FunctionVersion, cold: bool, rng: &mut Rng) -> Run {
        let Code::Simulated { model, .. } = &function.spec.code else { return Run::default() };
        if function.spec.handler != SAMPLE {
            return model.draw_run(cold, rng);
        }
        match &event.payload {
            Payload::Json(bytes) => obey(self.instruction(bytes), BatchItems::AllSucceeded),
            Payload::Records { messages, .. } => self.batch(messages, event.reports_item_failures),
        }
    }
}

impl StandIn {
    /// What an event says; none where it makes no sense.
    fn instruction(&mut self, bytes: &Bytes) -> Option<Instruction> {
        let known = self.event.as_ref().filter(|(known, _)| known == bytes);
        match known {
            Some((_, instruction)) => instruction.clone(),
            None => {
                let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
                let instruction = Event::read(&value).ok().map(|event| event.instruction);
                self.event = Some((bytes.clone(), instruction.clone()));
                instruction
            }
        }
    }

    /// A batch is worked on once, as the sample function does.
    fn batch(&mut self, messages: &[Delivery], reports: bool) -> Run {
        let (mut whole, mut failed) = (Instruction::default(), Vec::new());
        for Delivery { content, .. } in messages {
            let Some(one) = self.message(&content.message.body) else {
                return obey(None, BatchItems::Invalid);
            };
            if one.fail.is_some() {
                failed.push(content.id.to_string().into_boxed_str());
            }
            whole = whole.and(one);
        }
        let items = match failed.as_slice() {
            [_, ..] if reports => BatchItems::Failed(failed),
            _ => BatchItems::AllSucceeded,
        };
        obey(Some(Instruction { fail: None, ..whole.or_sleep() }), items)
    }

    fn message(&mut self, body: &str) -> Option<Instruction> {
        let known = self.message.as_ref().filter(|(known, _)| **known == *body);
        match known {
            Some((_, instruction)) => instruction.clone(),
            None => {
                let keys = serde_json::from_str::<Map<String, Value>>(body);
                let instruction =
                    keys.map_or(Some(Instruction::default()), |keys| Instruction::read(&keys).ok());
                self.message = Some((body.into(), instruction.clone()));
                instruction
            }
        }
    }
}

fn obey(instruction: Option<Instruction>, items: BatchItems) -> Run {
    let Some(instruction) = instruction else {
        return Run { takes: Duration::ZERO, end: RunEnd::Fails };
    };
    let millis =
        instruction.sleep_ms.unwrap_or_default().saturating_add(instruction.burn_ms.unwrap_or_default());
    let end = match (instruction.exit, instruction.failure()) {
        (Some(code), _) => RunEnd::Exits(i32::try_from(code).unwrap_or(1)),
        (None, Some(_)) => RunEnd::Fails,
        (None, None) => RunEnd::Returns(items),
    };
    Run { takes: Duration::from_millis(millis), end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(event: &str) -> Run {
        obey(
            StandIn::default().instruction(&Bytes::copy_from_slice(event.as_bytes())),
            BatchItems::AllSucceeded,
        )
    }

    #[test]
    fn the_sample_function_does_what_it_is_told() {
        let check = |event: &str, millis: u64, end: RunEnd| {
            assert_eq!(run(event), Run { takes: Duration::from_millis(millis), end }, "{event}");
        };
        let returns = || RunEnd::Returns(BatchItems::AllSucceeded);
        check("{}", 2_500, returns());
        check(r#"{"sleep_ms":20,"burn_ms":5}"#, 25, returns());
        check(r#"{"sleep_ms":20,"fail":true}"#, 20, RunEnd::Fails);
        check(r#"{"exit":3}"#, 0, RunEnd::Exits(3));
        check(r#"{"sleep_ms":"soon"}"#, 0, RunEnd::Fails);
    }
}
