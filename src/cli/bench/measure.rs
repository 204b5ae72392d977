//! Measures the rate of work done by several tasks.

use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// The two rates of one run: the measured operation and its limit.
pub struct BenchRates {
    pub measured_name: &'static str,
    pub measured_rate: f64,
    pub limit_name: &'static str,
    pub limit_rate: f64,
    /// The same share by CPU time, if measured and reported by the system.
    pub cpu_share: Option<CpuShare>,
}

impl fmt::Display for BenchRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            measured_name: what,
            measured_rate: whole,
            limit_name: limit,
            limit_rate: alone,
            cpu_share: by_processor,
        } = self;
        let percent = if *alone > 0.0 { 100.0 * whole / alone } else { 0.0 };
        write!(f, "{what}: {whole:.1}/s; {limit}: {alone:.1}/s; {percent:.0} %")?;
        match by_processor {
            Some(CpuShare { share, whole_ms, part_ms }) => {
                write!(f, " ({:.0} % by CPU time: {part_ms:.2} of {whole_ms:.2} ms)", 100.0 * share)
            }
            None => Ok(()),
        }
    }
}

/// Returns the CPU time of this process so far, in seconds. On a shared machine CPU time says more than a rate, because
/// more threads get a larger share. Linux only (proc(5): hundredths of a second, fields 14 and 15).
pub fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11).map_while(|field| field.parse::<f64>().ok());
    Some((fields.next()? + fields.next()?) / 100.0)
}

/// Returns the most memory that this process held so far. Linux only (proc(5): VmHWM).
pub fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

/// The rate of some work, and its CPU time, in rounds.
#[derive(Default)]
pub struct CostRounds {
    rates: Vec<f64>,
    cpu_seconds: Vec<f64>,
}

impl CostRounds {
    /// Measures one round as [`measure_rate`] does.
    pub async fn measure<F, W>(&mut self, tasks: usize, seconds: f64, work: F) -> anyhow::Result<()>
    where
        F: Fn(usize) -> W + Clone + Send + 'static,
        W: Future<Output = anyhow::Result<()>> + Send,
    {
        let (began, from) = (Instant::now(), cpu_seconds());
        let rate = measure_rate(tasks, seconds, work).await?;
        let used = from.and_then(|from| Some(cpu_seconds()? - from));
        self.cpu_seconds.extend(used.map(|used| used / (rate * began.elapsed().as_secs_f64())));
        self.rates.push(rate);
        Ok(())
    }

    pub fn rate(&self) -> f64 {
        mean(&self.rates)
    }

    /// Returns the share of this work in the CPU time of other work that contains it.
    pub fn share_of(&self, whole: &CostRounds) -> Option<CpuShare> {
        let (part, whole) = (mean(&self.cpu_seconds), mean(&whole.cpu_seconds));
        (whole > 0.0).then(|| CpuShare { share: part / whole, whole_ms: whole * 1_000.0, part_ms: part * 1_000.0 })
    }
}

/// CPU times of one operation.
#[derive(Clone, Copy)]
pub struct CpuShare {
    pub share: f64,
    pub whole_ms: f64,
    pub part_ms: f64,
}

/// Splits the run into rounds of about a second: other users of the machine then slow both measurements alike.
pub fn rounds(seconds: u64) -> impl Iterator<Item = f64> {
    (0..seconds).map(|_| 1.0)
}

/// Returns the mean.
pub fn mean(rates: &[f64]) -> f64 {
    rates.iter().sum::<f64>() / rates.len().max(1) as f64
}

/// Returns the number of times a second that `tasks` concurrent tasks complete `work`; each task gets its number.
pub async fn measure_rate<F, W>(tasks: usize, seconds: f64, work: F) -> anyhow::Result<f64>
where
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = anyhow::Result<()>> + Send,
{
    let began = Instant::now();
    let lasts = Duration::from_secs_f64(seconds);
    let mut all = JoinSet::new();
    for number in 0..tasks {
        let work = work.clone();
        all.spawn(async move {
            let mut done = 0u32;
            while began.elapsed() < lasts {
                work(number).await?;
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0.0;
    while let Some(task) = all.join_next().await {
        done += f64::from(task??);
    }
    Ok(done / began.elapsed().as_secs_f64())
}
