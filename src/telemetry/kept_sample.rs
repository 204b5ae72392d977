//! The figures of the database for `/metrics`, read once a minute: several scrapers, or one that asks each second, cost no
//! query more. Ages go on between two readings.

use tokio::sync::Mutex;

use super::StoredSample;
use crate::base::clock::{Span, Timestamp};

/// The time for which figures are not read again.
const STORED_SAMPLE_TTL: Span = Span::minutes(1);

/// The last figures with their time.
#[derive(Debug, Default)]
pub struct KeptStoredSample(Mutex<Option<(Timestamp, StoredSample)>>);

impl KeptStoredSample {
    /// Returns the figures; reads them again if they are old. Whoever comes meanwhile waits for the same reading. What
    /// could not be read is not kept.
    pub async fn get_or_read(
        &self,
        now: Timestamp,
        read: impl Future<Output = anyhow::Result<StoredSample>>,
    ) -> anyhow::Result<StoredSample> {
        let mut kept = self.0.lock().await;
        if let Some((at, sample)) = kept.as_ref()
            && (Span(0)..STORED_SAMPLE_TTL).contains(&now.since(*at))
        {
            return Ok(sample.clone().aged(now.since(*at).0 / 1000));
        }
        let sample = read.await?;
        *kept = Some((now, sample.clone()));
        Ok(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::OutboxQueueSample;

    #[tokio::test]
    async fn figures_are_read_once_a_minute_and_their_ages_go_on() {
        let kept = KeptStoredSample::default();
        let failed = kept.get_or_read(Timestamp::from_seconds(90), async { anyhow::bail!("away") }).await;
        assert!(failed.is_err());
        let queue = |waiting: i64, oldest| OutboxQueueSample { kind: "sms", waiting, oldest };
        let sample = |campaigns_open| StoredSample {
            outbox: vec![queue(2, 5), queue(0, 0)],
            signing_keys: vec![("RS256", 7)],
            backup_age: Some(9),
            campaigns_open,
            ..StoredSample::default()
        };
        for (now, read, found, elapsed) in [
            (100, 1, 1, 0),
            (159, 2, 1, 59),
            (160, 3, 3, 0),
            // A clock that was set back.
            (10, 4, 4, 0),
        ] {
            let got = kept.get_or_read(Timestamp::from_seconds(now), async { Ok(sample(read)) }).await.unwrap();
            assert_eq!(got.campaigns_open, found, "{now}");
            let ages: Vec<i64> = got.outbox.iter().map(|queue| queue.oldest).collect();
            assert_eq!(ages, [5 + elapsed, 0], "{now}");
            assert_eq!((got.signing_keys[0].1, got.backup_age), (7 + elapsed, Some(9 + elapsed)), "{now}");
        }
    }
}
