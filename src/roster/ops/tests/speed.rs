//! A large school is imported fast enough for a waiting operator.

use std::time::{Duration, Instant};

use super::*;

#[tokio::test]
async fn a_school_of_a_thousand_pupils_takes_seconds() {
    on_each(async |ground| {
        let mut roster = Roster::of(MONOD, 1000);
        // Two parents for each pupil.
        for n in 0..1000 {
            roster.persons.push((format!("{}", 600_000 + n), format!("06 39 98 {:02} {:02}", n / 100, n % 100)));
            roster.links.push((format!("{}", 900_000 + n), format!("{}", 600_000 + n), "1".to_owned()));
        }
        let begun = Instant::now();
        assert_eq!(ground.imported(&roster).await.changes.links_started, 2000);
        let first = begun.elapsed();
        let begun = Instant::now();
        assert_eq!(ground.imported(&roster).await.changes, Default::default());
        let again = begun.elapsed();
        let begun = Instant::now();
        ground.imported(&roster.on("09/09/2025", |_| {})).await;
        let next_day = begun.elapsed();
        let sqlite = ground.db.is_sqlite();
        let times = format!("sqlite {sqlite}: first {first:?}, the same {again:?}, the next day's {next_day:?}");
        assert!(first < Duration::from_secs(20) && again < Duration::from_secs(10), "{times}");
        // Shown by `--nocapture`.
        std::io::Write::write_all(&mut std::io::stderr(), format!("{times}\n").as_bytes()).unwrap();
    })
    .await;
}
