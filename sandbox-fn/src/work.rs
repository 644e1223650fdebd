//! Doing what an instruction says.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::instruction::Instruction;

const MIB: usize = 1024 * 1024;

/// Memory in use, for as long as it is held.
#[derive(Debug)]
#[expect(dead_code, reason = "held for its size, never read")]
pub(crate) struct Ballast(Vec<u8>);

/// Everything but failing, which the caller does. An `exit` does not return.
pub(crate) async fn perform(instruction: &Instruction) -> Ballast {
    for line in &instruction.log {
        println!("{line}");
    }
    let ballast = allocate(instruction.allocate_mb.unwrap_or(0));
    // Tokio's timer counts in milliseconds, so a sleep of none may take one.
    if let Some(sleep_ms) = instruction.sleep_ms.filter(|&ms| ms > 0) {
        tokio::time::sleep(Duration::from_millis(sleep_ms)).await;
    }
    burn(Duration::from_millis(instruction.burn_ms.unwrap_or(0)));
    if let Some(code) = instruction.exit {
        std::process::exit(i32::try_from(code).unwrap_or(i32::MAX));
    }
    ballast
}

/// Writes every byte: memory that is only reserved costs nothing.
fn allocate(mb: u64) -> Ballast {
    let bytes = usize::try_from(mb).unwrap_or(usize::MAX).saturating_mul(MIB);
    Ballast(black_box(vec![1; bytes]))
}

/// Keeps one CPU busy until the wall clock says so. A function with a small
/// share of a CPU gets less done in that time, but it ends when expected.
fn burn(span: Duration) {
    let start = Instant::now();
    let mut state = 1_u64;
    while start.elapsed() < span {
        for _ in 0..1000 {
            state = black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    }
}
