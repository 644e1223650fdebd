//! How much memory an environment's processes use, and the end of those that
//! use more than their function has.
//!
//! One task looks at all environments that work, ten times a second and never
//! for more than a twentieth of a processor. What it reads is Linux's `/proc`;
//! elsewhere nothing is known and nothing is enforced.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use rustix::process::Pid;
use tokio::sync::Notify;

use super::environment::Environment;
use super::generation::Generation;
use crate::engine::EnvironmentId;

/// How often working environments are looked at.
const INTERVAL: Duration = Duration::from_millis(100);

/// The pause is at least so many times as long as the look.
const REST_PER_WORK: u32 = 20;

/// Reading `/proc` at the end of an invocation costs more than a warm one may;
/// once a second is enough for a high-water mark.
const PEAK_INTERVAL: Duration = Duration::from_secs(1);

/// What is known of an environment's memory.
#[derive(Debug, Default)]
pub(super) struct Meter {
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    peak_kb: u64,
    peak_asked: Option<Instant>,
    /// What the engine was told last, and since when it has worked.
    told_mb: Option<u32>,
}

impl Meter {
    /// The most that was used so far, in MB.
    pub(super) fn peak_mb(&self) -> Option<u32> {
        let kilobytes = self.lock().peak_kb;
        (kilobytes > 0).then(|| to_mb(kilobytes))
    }

    /// Reads the leaders' own high-water marks, if that was not done lately.
    pub(super) fn refresh(&self, leaders: &[Pid]) {
        let mut reading = self.lock();
        if reading.peak_asked.is_some_and(|at| at.elapsed() < PEAK_INTERVAL) {
            return;
        }
        reading.peak_asked = Some(Instant::now());
        let peak = leaders.iter().filter_map(|leader| status_kb(*leader, "status", "VmHWM:")).sum();
        reading.peak_kb = reading.peak_kb.max(peak);
    }

    /// Remembers what was seen; tells whether the peak in MB is news.
    fn see(&self, kilobytes: u64) -> Option<u32> {
        let mut reading = self.lock();
        reading.peak_kb = reading.peak_kb.max(kilobytes);
        let peak = to_mb(reading.peak_kb);
        (reading.told_mb.replace(peak) != Some(peak)).then_some(peak)
    }

    /// An invocation begins, of which the engine knows no memory.
    pub(super) fn begin(&self) {
        self.lock().told_mb = None;
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn to_mb(kilobytes: u64) -> u32 {
    u32::try_from(kilobytes.div_ceil(1_024)).unwrap_or(u32::MAX)
}

/// Looks at the environments that work, for as long as there are any; then
/// waits to be woken.
pub(super) async fn sample(environments: Arc<DashMap<EnvironmentId, Arc<Environment>>>, woken: Arc<Notify>) {
    loop {
        woken.notified().await;
        let mut pause = INTERVAL;
        loop {
            tokio::time::sleep(pause).await;
            let working = working(&environments);
            if working.is_empty() {
                break;
            }
            let looked = tokio::task::spawn_blocking(move || look_at(&working)).await;
            pause = match looked {
                Ok(Ok(took)) => INTERVAL.max(took * REST_PER_WORK),
                // Too many open files, say: that may pass.
                Ok(Err(_)) | Err(_) => PEAK_INTERVAL,
            };
        }
    }
}

fn working(environments: &DashMap<EnvironmentId, Arc<Environment>>) -> Vec<Arc<Generation>> {
    let generations = environments.iter().map(|environment| environment.generation());
    generations.filter(|generation| generation.is_busy()).collect()
}

fn look_at(generations: &[Arc<Generation>]) -> io::Result<Duration> {
    let began = Instant::now();
    let groups = resident_by_group()?;
    for generation in generations {
        let members: Vec<&Member> =
            generation.processes.leaders().iter().filter_map(|leader| groups.get(leader)).flatten().collect();
        judge(generation, &members);
    }
    Ok(began.elapsed())
}

fn judge(generation: &Generation, members: &[&Member]) {
    let limit_kb = u64::from(generation.sandbox.function.spec.memory_mb) * 1_024;
    let mut used_kb: u64 = members.iter().map(|member| member.resident_kb).sum();
    if used_kb > limit_kb {
        // Pages that several processes share were counted for each of them;
        // the exact count is dear, and only asked for in doubt.
        let exact = members.iter().filter_map(|member| status_kb(member.pid, "smaps_rollup", "Pss:")).sum();
        used_kb = if exact > 0 { exact } else { used_kb };
    }
    let exceeded = used_kb > limit_kb;
    if let Some(peak) = generation.memory.see(used_kb.min(limit_kb)) {
        generation.report_memory(peak);
    }
    if exceeded {
        generation.kill_runtime();
    }
}

struct Member {
    pid: Pid,
    resident_kb: u64,
}

/// All processes of this machine by their process group: one file to read for
/// each.
fn resident_by_group() -> io::Result<HashMap<Pid, Vec<Member>>> {
    let page_kb = rustix::param::page_size() as u64 / 1_024;
    let mut groups: HashMap<Pid, Vec<Member>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| Pid::from_raw(name.parse().ok()?)) else { continue };
        // It may have ended since.
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())) else { continue };
        if let Some((group, pages)) = group_and_pages(&stat) {
            groups.entry(group).or_default().push(Member { pid, resident_kb: pages * page_kb });
        }
    }
    Ok(groups)
}

/// The 5th and the 24th field; the 2nd, a name, may hold anything.
fn group_and_pages(stat: &str) -> Option<(Pid, u64)> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    // A process that is ending may show -1.
    let group = fields.nth(2)?.parse().ok().filter(|raw| *raw > 0).and_then(Pid::from_raw)?;
    Some((group, fields.nth(18)?.parse().ok()?))
}

/// A line of `/proc/PID/FILE`, in kB.
fn status_kb(pid: Pid, file: &str, line: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/{file}", pid.as_raw_nonzero())).ok()?;
    let line = text.lines().find_map(|text| text.strip_prefix(line))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_fields() {
        let rest = "S 1 77 77 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 100 8192000 250 18446744073709551615 1";
        let expected = Pid::from_raw(77).map(|group| (group, 250));
        assert_eq!(group_and_pages(&format!("42 (a) b) {rest}")), expected);
        assert_eq!(group_and_pages("42 (a) S 1"), None);
    }

    #[test]
    fn this_process_is_in_its_group() {
        let groups = resident_by_group().expect("Linux has /proc");
        let me = rustix::process::getpid();
        let group = rustix::process::getpgrp();
        let member = groups[&group].iter().find(|member| member.pid == me).expect("it lives");
        let peak = status_kb(me, "status", "VmHWM:").expect("it lives");
        assert!(member.resident_kb > 0 && peak > 0, "{} {peak}", member.resident_kb);
    }

    #[test]
    fn only_a_new_peak_is_news() {
        let meter = Meter::default();
        let seen: Vec<_> = [2_000, 1_000, 2_048, 2_049].map(|kilobytes| meter.see(kilobytes)).into();
        assert_eq!(seen, [Some(2), None, None, Some(3)]);
        meter.begin();
        assert_eq!((meter.see(1), meter.peak_mb()), (Some(3), Some(3)));
    }
}
