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

/// Measures the changes of a whole academy in one delta: `cargo test --lib -- --ignored --nocapture twenty_thousand`.
#[tokio::test]
#[ignore = "a measurement"]
async fn a_delta_of_twenty_thousand_pupils_is_sorted_in_seconds() {
    use super::academy::{Annuaire, document, modify, pupil_of};
    on_each(async |ground| {
        const SIZE: usize = 20_000;
        let mut annuaire = Annuaire::of(MONOD, SIZE);
        annuaire.schools.push(("7002".into(), LYCEE.into(), String::new()));
        for n in SIZE / 2..SIZE {
            annuaire.pupils[n] = pupil_of(n, "7002", &[&format!("{}$10$1$1$1$1", 3_500_000 + n)]);
        }
        assert!(ground.complet(&annuaire, "20250908").await.all);
        let mut changes = [String::new(), String::new()];
        for n in 0..SIZE {
            let (pupil, person) = (format!("{}", 2_900_000 + n), format!("{}", 3_500_000 + n));
            let link = format!("{person}$20$1$1$1$1");
            changes[0].push_str(&modify("Eleve", &pupil, &[("ENTElevePersRelEleve", &[&link])]));
            changes[1].push_str(&modify("PersRelEleve", &person, &[("mobile", &["0639981111"])]));
        }
        let name = |kind| format!("ENT_Delta_20250909_{kind}_0000.xml");
        let files = [
            ground.file(&name("Eleve"), document(&changes[0]).as_bytes()),
            ground.file(&name("PersRelEleve"), document(&changes[1]).as_bytes()),
        ];
        let begun = Instant::now();
        let dry = |request: &mut ImportRequest| (request.format, request.dry_run) = (RosterFormat::Aaf, true);
        let told = ground.import_as(&files, dry).await;
        let text = format!("dry run of a delta of {SIZE} pupils and parents: {:?}\n", begun.elapsed());
        std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes()).unwrap();
        assert!(told.all, "{}", told.text().lines().take(5).collect::<String>());
    })
    .await;
}
