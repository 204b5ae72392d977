//! Counting what several tasks get done in a time.

use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// Two rates of one run.
pub struct Rates {
    pub what: &'static str,
    pub whole: f64,
    pub limit: &'static str,
    pub alone: f64,
    /// The same percentage by processor time, where it was measured and the system tells it.
    pub by_processor: Option<f64>,
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, whole, limit, alone, by_processor } = self;
        let percent = if *alone > 0.0 { 100.0 * whole / alone } else { 0.0 };
        write!(f, "{what}: {whole:.1}/s; {limit}: {alone:.1}/s; {percent:.0} %")?;
        match by_processor {
            Some(share) => write!(f, " ({:.0} % by processor time)", 100.0 * share),
            None => Ok(()),
        }
    }
}

/// The processor time of this process so far, in seconds; where others use the machine it says more than a rate does,
/// because more threads get a larger part of it. Linux only (proc(5): hundredths of a second, fields 14 and 15).
pub fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11).map_while(|field| field.parse::<f64>().ok());
    Some((fields.next()? + fields.next()?) / 100.0)
}

/// Whoever else uses the machine must take from both alike: they are measured in turns of about a second.
pub fn turns(seconds: u64) -> impl Iterator<Item = f64> {
    (0..seconds).map(|_| 1.0)
}

/// The mean.
pub fn mean(rates: &[f64]) -> f64 {
    rates.iter().sum::<f64>() / rates.len().max(1) as f64
}

/// How often a second `work` gets done by so many tasks at once; each is told its number.
pub async fn rate<F, W>(tasks: usize, seconds: f64, work: F) -> anyhow::Result<f64>
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
